"""Which windows of the held-out units run on the board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aurora.signals.dataset import DataSet, Unit, apply_gain, fails_within

#: beyond its self-calibration, so that a unit's part still shows a course
FEWEST_SCORED_WINDOWS = 30


def select_windows(
    dataset: DataSet, unit_ids: Sequence[str], most_windows: int | None, calibration_windows: int
) -> list[Unit]:
    """The units with the windows that run; all of them where ``most_windows`` is None or large enough.

    Otherwise as many units as get their self-calibration and FEWEST_SCORED_WINDOWS more, failing ones first,
    each with its first ``calibration_windows`` and an even choice of the rest, in time order.
    """
    units = [dataset.unit(unit_id) for unit_id in unit_ids]
    if most_windows is None or most_windows >= sum(unit.windows for unit in units):
        return units
    if dataset.horizon_s is not None:
        horizon_s = dataset.horizon_s
        units.sort(key=lambda unit: not (fails_within(unit, horizon_s) == 1).any())
    count = min(len(units), max(1, most_windows // (calibration_windows + FEWEST_SCORED_WINDOWS)))
    shares = [most_windows // count + (i < most_windows % count) for i in range(count)]
    return [
        _thin(unit, share, calibration_windows) for unit, share in zip(units[:count], shares, strict=True)
    ]


def _thin(unit: Unit, windows: int, calibration_windows: int) -> Unit:
    first = min(calibration_windows, windows, unit.windows)
    rest = np.linspace(first, unit.windows - 1, max(0, min(windows, unit.windows) - first))
    return take(unit, np.unique(np.concatenate([np.arange(first), rest.astype(int)])))


def take(unit: Unit, rows: NDArray[np.int64]) -> Unit:
    """The unit with the windows of these indices alone, in this order."""
    return replace(
        unit,
        samples=np.asarray(unit.samples[rows]),
        scale_g=unit.scale_g[rows],
        rpm=unit.rpm[rows],
        load=unit.load[rows],
        time_s=unit.time_s[rows],
        stands_for_s=unit.stands_for_s[rows],
        fault=unit.fault[rows],
        ttf_s=unit.ttf_s[rows],
    )


def with_drifted_copy(unit: Unit, lead: int, later: NDArray[np.int64], gain: float) -> Unit:
    """First ``lead`` windows, then those at ``later``, then these again, recorded with ``gain``."""
    before = take(unit, np.concatenate([np.arange(lead), later]))
    after = apply_gain(take(unit, later), gain)
    return replace(
        before,
        samples=np.concatenate([before.samples, after.samples]),
        scale_g=np.concatenate([before.scale_g, after.scale_g]),
        rpm=np.concatenate([before.rpm, after.rpm]),
        load=np.concatenate([before.load, after.load]),
        time_s=np.concatenate([before.time_s, after.time_s]),
        stands_for_s=np.concatenate([before.stands_for_s, after.stands_for_s]),
        fault=np.concatenate([before.fault, after.fault]),
        ttf_s=np.concatenate([before.ttf_s, after.ttf_s]),
    )
