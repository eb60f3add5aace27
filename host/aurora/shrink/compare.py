"""Outputs of any arm to its figures: float logits, int8 of TFLite Micro, int8 of the board, all judged alike.

An alarm's threshold is an int8 number on the board. A float arm gets the same treatment: its logits are put
on 255 steps over the range that they take on the validation units, so that no arm alarms by finer rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compress.int8 import Head
from aurora.shrink.comparison import SeedResult
from aurora.spec.model import DecisionSpec
from aurora.train.alarm import Course, choose_threshold
from aurora.train.calibration import Calibration, binary_calibration, class_calibration
from aurora.train.events import UnitCourse, f_beta, judge_events
from aurora.train.fit import unit_scores
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD, HeadOutputs, score_units
from aurora.train.table import UnitTable

MIN_LOGIT_SPAN = 1e-3


@dataclass(frozen=True)
class ArmOutputs:
    """What one arm trained with one seed puts out, unit id -> head -> [w, outputs].

    float arrays are logits; int8 arrays are output bytes of ``heads``, which an int8 arm has to give.
    ``validation`` must come from models that did not train on those units: its arrays may be float beside
    int8 ``test`` ones (then they are rounded as the head would); empty means that none was spared.
    """

    test: Mapping[str, HeadOutputs]
    validation: Mapping[str, HeadOutputs] = field(default_factory=dict)
    heads: tuple[Head, ...] = ()


@dataclass(frozen=True)
class Bench:
    """What all arms are judged on: ``tables`` of the test and validation units, ``ttf_s`` [w] by test unit
    as in signals.dataset.Unit, the decision, and the horizon (None without that head)."""

    tables: Mapping[str, UnitTable]
    ttf_s: Mapping[str, NDArray[np.float32]]
    decision: DecisionSpec
    horizon_s: float | None


def judge_seed(seed: int, outputs: ArmOutputs, bench: Bench) -> SeedResult:
    """All figures of one arm and seed; deterministic."""
    tables = [bench.tables[unit] for unit in outputs.test]
    scores = score_units(tables, outputs.test)
    logits = {unit: _logits(heads, outputs.heads) for unit, heads in outputs.test.items()}
    result = SeedResult(
        seed=seed,
        validation_score=_validation_score(outputs, bench),
        auroc_per_unit=scores.auroc_per_unit,
        accuracy_per_unit=scores.accuracy_per_unit,
        fault_f1_per_unit={t.id: _macro_f1(t, logits[t.id]) for t in tables if FAULT_HEAD in logits[t.id]},
        accuracy=scores.accuracy,
        calibration=_calibrations(tables, logits),
    )
    if bench.horizon_s is None or not tables or FAILS_HEAD not in outputs.test[tables[0].id]:
        return result
    return _with_alarm(result, tables, outputs, bench)


def judge_seeds(arms: Mapping[int, ArmOutputs], bench: Bench) -> tuple[SeedResult, ...]:
    """One arm's results for each seed, in the order of the seeds."""
    return tuple(judge_seed(seed, arms[seed], bench) for seed in sorted(arms))


def _with_alarm(
    result: SeedResult, tables: Sequence[UnitTable], outputs: ArmOutputs, bench: Bench
) -> SeedResult:
    steps = _Steps.of(outputs)
    if steps is None or bench.horizon_s is None:
        return result
    validation = [
        Course(steps(heads[FAILS_HEAD])[use], table.fails[use], table.weight[use])
        for unit, heads in outputs.validation.items()
        for table in [bench.tables[unit]]
        for use in [table.scored]
        if FAILS_HEAD in heads
    ]
    threshold = choose_threshold(validation, bench.decision, steps.scale)
    units, alarm_f1 = [], {}
    for table in tables:
        score, use = steps(outputs.test[table.id][FAILS_HEAD]), table.scored
        course = Course(score[use], table.fails[use], table.weight[use])
        units.append(UnitCourse(table.id, course, np.asarray(bench.ttf_s[table.id])[use]))
        alarm_f1[table.id] = _forecast_f1(course, threshold.on)
    return replace(
        result,
        alarm_f1_per_unit=alarm_f1,
        threshold=threshold,
        threshold_scale=steps.scale,
        events=judge_events(units, threshold.on, threshold.off, bench.decision, bench.horizon_s),
    )


@dataclass(frozen=True)
class _Steps:
    """Logits or bytes of the "fails" head to int8 scores [w]."""

    scale: float
    zero_point: float

    @classmethod
    def of(cls, outputs: ArmOutputs) -> _Steps | None:
        head = next((head for head in outputs.heads if head.name == FAILS_HEAD), None)
        if head is not None:
            return cls(head.scale, head.zero_point)
        seen = [np.ravel(heads[FAILS_HEAD]) for heads in outputs.validation.values() if FAILS_HEAD in heads]
        if not seen:
            return None
        low, high = float(min(map(np.min, seen))), float(max(map(np.max, seen)))
        scale = max(high - low, MIN_LOGIT_SPAN) / 255
        return cls(scale, -128 - low / scale)

    def __call__(self, values: NDArray[Any]) -> NDArray[np.int8]:
        score = np.asarray(values)[:, 0]
        if score.dtype == np.int8:
            return np.asarray(score)
        steps = np.clip(np.round(score.astype(np.float64) / self.scale + self.zero_point), -128, 127)
        return np.asarray(steps, np.int8)


def _logits(heads: HeadOutputs, quantised: Sequence[Head]) -> dict[str, NDArray[np.float32]]:
    scales = {head.name: (head.scale, head.zero_point) for head in quantised}
    found = {}
    for name, values in heads.items():
        real = np.asarray(values, np.float64)
        if np.asarray(values).dtype == np.int8:
            scale, zero_point = scales[name]
            real = (real - zero_point) * scale
        found[name] = real.astype(np.float32)
    return found


def _validation_score(outputs: ArmOutputs, bench: Bench) -> float | None:
    logits = {unit: _logits(heads, outputs.heads) for unit, heads in outputs.validation.items()}
    if not logits:
        return None
    known = unit_scores([bench.tables[unit] for unit in logits], logits)
    return float(np.mean(list(known.values()))) if known else None


def _calibrations(
    tables: Sequence[UnitTable], logits: Mapping[str, dict[str, NDArray[np.float32]]]
) -> dict[str, Calibration]:
    """By head, over all test units' scored and labelled windows together."""
    found: dict[str, Calibration | None] = {}
    for head in sorted({name for heads in logits.values() for name in heads}):
        parts = []
        for table in tables:
            label = np.where(np.isnan(table.fails), -1, table.fails).astype(np.int64)
            label = table.fault.astype(np.int64) if head == FAULT_HEAD else label
            use = table.scored & (label >= 0)
            parts.append((logits[table.id][head][use], label[use], table.weight[use]))
        values, labels, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
        if head == FAULT_HEAD:
            found[head] = class_calibration(values, labels, weight)
        else:
            found[head] = binary_calibration(values[:, 0], labels == 1, weight)
    return {head: one for head, one in found.items() if one is not None}


def _macro_f1(table: UnitTable, logits: Mapping[str, NDArray[np.float32]]) -> float | None:
    """Mean F1 by time of the classes that the unit truly shows: a class that it never shows has no recall,
    and one stray window of it would halve the mean."""
    use = table.scored & (table.fault >= 0)
    told, label, weight = logits[FAULT_HEAD][use].argmax(axis=1), table.fault[use], table.weight[use]
    each = [_f1(told == value, label == value, weight) for value in np.unique(label)]
    return float(np.mean(each)) if each else None


def _forecast_f1(course: Course, on: int) -> float | None:
    use = ~np.isnan(course.fails)
    positive = course.fails[use] == 1
    if not positive.any() or positive.all():
        return None
    return _f1(course.score[use] >= on, positive, course.weight[use])


def _f1(told: NDArray[np.bool_], true: NDArray[np.bool_], weight: NDArray[Any]) -> float:
    right, false = float(weight[told & true].sum()), float(weight[told & ~true].sum())
    return f_beta(right, false, float(weight[~told & true].sum()), beta=1.0)
