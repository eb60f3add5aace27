"""Thresholds, scores and golden vectors of an int8 model, all from TFLite Micro's own interpreter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.compress.int8 import Int8Model
from aurora.compress.tflm import TflmInterpreter
from aurora.spec.decision import Decision, FailsWithin, FaultType
from aurora.train.alarm import Course, Threshold, choose_threshold
from aurora.train.fit import TrainedModel
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD, Scores, score_units

GOLDEN_WINDOWS = 8


@dataclass(frozen=True)
class Judged:
    """``outputs``: unit id -> int8 output blocks [w, bytes] of every validated and test unit's windows."""

    threshold: Threshold | None
    scores: Scores
    outputs: dict[str, NDArray[np.int8]]
    golden_inputs: NDArray[np.int8]
    golden_outputs: NDArray[np.int8]


def judge(trained: TrainedModel, model: Int8Model) -> Judged:
    """Run TFLM over validated and test units, choose the threshold on the former, score the latter."""
    interpreter = TflmInterpreter(model.tflite)
    ids = dict.fromkeys((*trained.validation, *trained.split.test))
    inputs = {unit_id: model.inputs(trained.tables[unit_id]) for unit_id in ids}
    outputs = {unit_id: interpreter.run(rows) for unit_id, rows in inputs.items()}
    tests = [trained.tables[unit_id] for unit_id in trained.split.test]
    golden = golden_inputs(np.concatenate([inputs[unit_id] for unit_id in trained.split.test]))
    return Judged(
        threshold=_threshold(trained, model, outputs),
        scores=score_units(tests, {table.id: by_head(model, outputs[table.id]) for table in tests}),
        outputs=outputs,
        golden_inputs=golden,
        golden_outputs=interpreter.run(golden),
    )


def by_head(model: Int8Model, outputs: NDArray[np.int8]) -> dict[str, NDArray[np.int8]]:
    """Output blocks [w, bytes] as head name -> [w, outputs]: the form that ``score_units`` takes."""
    return {head.name: head.of(outputs) for head in model.heads}


def _threshold(
    trained: TrainedModel, model: Int8Model, outputs: dict[str, NDArray[np.int8]]
) -> Threshold | None:
    head = model.head(FAILS_HEAD)
    if head is None:
        return None
    courses = []
    for unit_id, logits in trained.validation.items():
        table = trained.tables[unit_id]
        # a unit in the training set is judged by the float logits of the model that did not see it
        spared = unit_id in trained.split.validation
        if not spared and FAILS_HEAD not in logits:
            continue
        score = head.of(outputs[unit_id]) if spared else head.quantised(logits[FAILS_HEAD])
        use = table.scored
        courses.append(Course(score[use, 0], table.fails[use], table.weight[use]))
    return choose_threshold(courses, trained.spec.decision, head.scale)


def golden_inputs(real: NDArray[np.int8]) -> NDArray[np.int8]:
    """[g, F]: windows spread over the test units, then extremes: rails, zero, alternation, one spike."""
    chosen = real[np.linspace(0, len(real) - 1, min(len(real), GOLDEN_WINDOWS)).astype(int)]
    count = real.shape[1]
    alternating = np.where(np.arange(count) % 2, 127, -128)
    spike = np.zeros(count)
    spike[count // 2] = 127
    extremes = [
        np.full(count, -128),
        np.full(count, 127),
        np.zeros(count),
        alternating,
        -1 - alternating,
        spike,
    ]
    return np.concatenate([chosen, np.array(extremes)]).astype(np.int8)


def decision_of(trained: TrainedModel, model: Int8Model, threshold: Threshold | None) -> Decision:
    """What the board decides by (lib/nn/decision.c)."""
    fault, fails, votes = model.head(FAULT_HEAD), model.head(FAILS_HEAD), trained.spec.decision
    alarm = None
    if fails is not None:
        assert threshold is not None
        alarm = FailsWithin(
            fails.offset, threshold.on, threshold.off, votes.raise_votes, votes.clear_votes, votes.windows
        )
    return Decision(
        output_bytes=sum(head.count for head in model.heads),
        fault_type=FaultType(fault.offset, fault.count) if fault is not None else None,
        fails_within=alarm,
    )
