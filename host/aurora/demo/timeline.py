"""The course of one failing unit through the board, for the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aurora.compress.release import Release
from aurora.demo.board_run import BoardRun
from aurora.demo.picture import Timeline
from aurora.signals.dataset import Unit, fails_within


def timeline_of(
    units: Sequence[Unit], runs: Sequence[BoardRun], release: Release, horizon_s: float | None
) -> Timeline | None:
    """The first failing unit's; None where no unit fails or the model has no such head."""
    head = release.decision.fails_within
    if head is None or horizon_s is None:
        return None
    for unit, run in zip(units, runs, strict=True):
        if not (fails_within(unit, horizon_s) == 1).any():
            continue
        watched = run.board.monitored
        last = np.flatnonzero(np.isfinite(unit.ttf_s))[-1]
        return Timeline(
            unit=unit.id,
            time_s=unit.time_s[watched],
            score=run.board.outputs[watched, head.offset],
            alarm=run.board.alarm[watched],
            threshold=head.threshold_on,
            failure_s=float(unit.time_s[last] + unit.ttf_s[last]),
            horizon_s=horizon_s,
        )
    return None
