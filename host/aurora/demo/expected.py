"""What a board must answer: a unit's windows through the host's copy of all that the firmware runs.

Features, calibration, decision and drift are the firmware's own C, compiled into ``aurora._device``; the
network is TFLite Micro's interpreter, which shares no line with our engine. The order of things is that of
firmware/app/walk.c.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aurora.compress.tflm import TflmInterpreter
from aurora.demo.answers import STATES, Answers
from aurora.drift.accumulate import accumulate, drift_values
from aurora.drift.stats import DriftReport, merge_reports
from aurora.errors import InputError
from aurora.features import calibrate, chain_info, extract, has_no_signal, is_faulty, normalise, ready
from aurora.pack.read import Pack
from aurora.spec.baseline import Baseline
from aurora.spec.decision import decide
from aurora.spec.link import code_number


class Recorded(Protocol):
    """Windows as a sensor gives them; signals.dataset.Unit is one (w windows)."""

    @property
    def samples(self) -> NDArray[np.int16]: ...  # [w, axes, n]

    @property
    def scale_g(self) -> NDArray[np.float32]: ...  # [w, axes]

    @property
    def rpm(self) -> NDArray[np.float32]: ...  # [w], nan unknown


@dataclass(frozen=True)
class Expectation:
    """The board's ``answers``, and its drift report for each interval that was asked for."""

    answers: Answers
    drift: tuple[DriftReport, ...]


class Reference:
    """The host's end of one model: its pack and its .tflite. Raises InputError where they do not fit."""

    def __init__(self, pack: Pack, tflite: bytes) -> None:
        self.pack, self.chain = pack, pack.parts["chain"]
        self.info = chain_info(self.chain)
        self._interpreter = TflmInterpreter(tflite)
        names = pack.manifest.get("channels", ())
        self.baseline = Baseline.from_bytes(pack.parts["drift"], tuple(names))
        self.output_bytes = len(self.baseline.names) - self.info.feature_count

    def expect(
        self, recorded: Recorded, rate_hz: float, starts: Sequence[int] = (), ends: Sequence[int] = ()
    ) -> Expectation:
        """What a board says of the unit's windows, in their order, beginning without calibration.

        ``starts``: windows before which the board was started anew, its calibration carried over: votes and
        alarm begin again there. ``ends``: windows before which drift was read and a new interval begun.
        """
        answers = self._answers(recorded, rate_hz)
        calibrated = ready(self.chain, answers.flags)
        cuts = [0, *starts, len(calibrated)]
        for first, last in itertools.pairwise(cuts):
            self._decide(answers, calibrated, first, last)
        return Expectation(answers, self._drift(answers, calibrated, cuts, [*ends, len(calibrated)]))

    def _answers(self, recorded: Recorded, rate_hz: float) -> Answers:
        windows = len(recorded.rpm)
        answers = Answers.empty(windows, self.info.feature_count, self.output_bytes)
        features, flags = extract(self.chain, recorded.samples, recorded.scale_g, rate_hz, recorded.rpm)
        answers.features[:], answers.flags[:] = features, flags
        faulty, watching = is_faulty(flags), ready(self.chain, flags)
        answers.state[:] = np.where(
            watching, code_number(STATES, "MONITORING"), code_number(STATES, "CALIBRATING")
        )
        answers.state[faulty] = code_number(STATES, "SENSOR_FAULT")
        runs = watching & ~has_no_signal(flags)
        if runs.any():
            mean = calibrate(self.chain, features[~faulty])
            calibrated, inputs = normalise(self.chain, features[runs], mean)
            outputs = self._interpreter.run(inputs)
            if outputs.shape[1] != self.output_bytes:
                raise InputError(
                    f"the model gives {outputs.shape[1]} output bytes, the pack has {self.output_bytes}"
                )
            answers.calibrated[runs], answers.inputs[runs], answers.outputs[runs] = (
                calibrated,
                inputs,
                outputs,
            )
        return answers

    def _decide(self, answers: Answers, calibrated: NDArray[np.bool_], first: int, last: int) -> None:
        """Fill in the decisions of one start of the board; an alarm outlives windows that say nothing."""
        rows = np.arange(first, last)
        ran = calibrated[rows] & ~has_no_signal(answers.flags[rows])
        results = decide(self.pack.parts["decision"], answers.outputs[rows[ran]])
        for field in ("fault_class", "votes", "alarm"):
            getattr(answers, field)[rows[ran]] = results[field]
        latest = np.maximum.accumulate(np.where(ran, np.arange(len(rows)), -1)) if len(rows) else rows
        held = np.flatnonzero(~ran & (latest >= 0))
        answers.alarm[rows[held]] = answers.alarm[rows[latest[held]]]

    def _drift(
        self, answers: Answers, calibrated: NDArray[np.bool_], starts: Sequence[int], ends: Sequence[int]
    ) -> tuple[DriftReport, ...]:
        """One report per interval, merged over the starts of the board that it spans."""
        reports, begin = [], 0
        for end in ends:
            edges = sorted({begin, end, *(start for start in starts if begin < start < end)})
            spans = list(itertools.pairwise(edges)) or [(begin, end)]
            reports.append(merge_reports(self._span(answers, calibrated, *span) for span in spans))
            begin = end
        return tuple(reports)

    def _span(self, answers: Answers, calibrated: NDArray[np.bool_], first: int, last: int) -> DriftReport:
        rows = first + np.flatnonzero(calibrated[first:last])
        values = drift_values(answers.calibrated[rows], answers.outputs[rows])
        return accumulate(
            self.baseline, values, missing=is_faulty(answers.flags[rows]), pack_id=self.pack.pack_id.hex()
        )
