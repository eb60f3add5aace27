"""Drift as the board sees it: one healthy unit as it is, and with the gain of its sensor raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aurora.compress.release import Release
from aurora.demo.board_run import BoardRun
from aurora.demo.picture import DriftBars
from aurora.demo.selection import with_drifted_copy
from aurora.drift import DriftThresholds, Verdict, judge, match_load, release_thresholds
from aurora.drift.thresholds import BASELINE_WINDOWS
from aurora.errors import InputError
from aurora.signals.dataset import DataSet, Unit, is_healthy

GAIN = 1.2


@dataclass(frozen=True)
class DriftTrial:
    """``unit``: the windows to run, self-calibration and baseline, the interval as it is, the same raised.

    ``ends`` are the windows before which a new drift interval begins.
    """

    unit: Unit
    ends: tuple[int, int]
    thresholds: DriftThresholds


def plan_trial(release: Release, dataset: DataSet, unit_ids: Sequence[str]) -> DriftTrial | None:
    """The trial on the first of ``unit_ids`` with 200 healthy windows beyond its self-calibration, and later
    ones at matching load. None where there is no such unit, or none to set thresholds on."""
    lead = release.spec.chain.calibration_windows + BASELINE_WINDOWS
    try:
        thresholds = release_thresholds(release)
    except InputError:
        return None  # too few healthy windows in the validated units: said as "not judged" in the report
    for unit_id in unit_ids:
        unit = dataset.unit(unit_id)
        if not is_healthy(dataset, unit).all() or unit.windows <= lead:
            continue
        later = lead + match_load(unit.load[lead - BASELINE_WINDOWS : lead], unit.load[lead:])
        if len(later):
            raised = with_drifted_copy(unit, lead, later, GAIN)
            return DriftTrial(raised, (lead, lead + len(later)), thresholds)
    return None


def judge_trial(trial: DriftTrial, run: BoardRun) -> tuple[dict[str, Any], DriftBars]:
    """The report's ``drift`` and the picture's bars, from the three intervals that the board reported."""
    baseline, before, after = run.drift
    verdicts = {
        "before": judge(baseline, before, trial.thresholds),
        "after": judge(baseline, after, trial.thresholds),
    }
    record = {"unit": trial.unit.id, **{when: _record(verdict) for when, verdict in verdicts.items()}}
    bars = DriftBars(
        unit=trial.unit.id,
        names=trial.thresholds.names,
        before=_distances(verdicts["before"], trial.thresholds),
        after=_distances(verdicts["after"], trial.thresholds),
    )
    return record, bars


def _record(verdict: Verdict) -> dict[str, Any]:
    return {
        "alarm": verdict.alarm,
        "features": verdict.features,
        "state": verdict.state,
        "reason": verdict.reason,
    }


def _distances(verdict: Verdict, thresholds: DriftThresholds) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([verdict.distances.get(name, 0.0) for name in thresholds.names])
