"""Thresholds of drift from healthy validation units: block bootstrap, one false-alarm rate for all channels.

The null is what really happens between a unit's first windows and later ones while it stays healthy: season,
temperature, benign wear, correlated load, and the error of a baseline of a few hundred windows. So, for each
unit, both its baseline and its later windows are redrawn in moving blocks (Künsch 1989, Ann. Statist. 17),
which keep correlation shorter than a block; load is matched anew each time, and every channel's distances are
taken. A channel's scale is a quantile of its own distances; the common factor is the quantile of the largest
distance over all channels, in those scales: the false-alarm rate holds for the family of all channels.
(As the redrawn distances contain chance twice, once real and once drawn, thresholds err on the high side.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compress.release import Release
from aurora.drift.distance import ks, psi, psi_bias
from aurora.drift.matching import SMALLEST, match_load
from aurora.errors import InputError
from aurora.spec.baseline import BINS, Baseline

__all__ = ["DriftThresholds", "HealthyUnit", "channel_distances", "fit_thresholds", "release_thresholds"]

Floats = NDArray[np.float64]

BASELINE_WINDOWS = 200
BLOCK_WINDOWS = 12
RESAMPLES = 100
FALSE_ALARM = 0.01
CHANNEL_QUANTILE = 0.95
FLOOR = 0.05  # of each distance's scale: a channel that never moved must not alarm at one odd window


@dataclass(frozen=True)
class HealthyUnit:
    """Healthy windows of one unit in time order: ``bins`` [w, channels] as Baseline.bin_indices gives them,
    ``load`` [w], nan unknown."""

    bins: NDArray[np.int8]
    load: NDArray[np.float32]


@dataclass(frozen=True)
class DriftThresholds:
    """Per channel: the Kolmogorov-Smirnov distance, and the stability index less its bias, that alarm.

    They hold for ``baseline_windows`` against ``interval_windows``; ``judge`` widens them for fewer.
    ``false_alarm``: per interval, over all channels together; ``units`` were used to set them.
    """

    names: tuple[str, ...]
    ks: tuple[float, ...]
    psi: tuple[float, ...]
    baseline_windows: int
    interval_windows: int
    false_alarm: float
    units: int

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> DriftThresholds:
        """The inverse of ``to_dict``; InputError where it is not one."""
        try:
            lists = {key: tuple(record[key]) for key in ("names", "ks", "psi")}
            thresholds = cls(**{**record, **lists})
        except (KeyError, TypeError) as error:
            raise InputError(f"not a record of drift thresholds: {error}") from error
        if not len(thresholds.names) == len(thresholds.ks) == len(thresholds.psi):
            raise InputError("not a record of drift thresholds: lists of different lengths")
        return thresholds


def channel_distances(baseline: NDArray[np.int64], interval: NDArray[np.int64]) -> Floats:
    """[2, channels]: Kolmogorov-Smirnov distance, and stability index less its bias, of [channels, 32]."""
    return np.stack([ks(baseline, interval), psi(baseline, interval) - psi_bias(baseline, interval)])


def fit_thresholds(
    baseline: Baseline,
    units: Sequence[HealthyUnit],
    *,
    baseline_windows: int = BASELINE_WINDOWS,
    false_alarm: float = FALSE_ALARM,
    resamples: int = RESAMPLES,
    block_windows: int = BLOCK_WINDOWS,
    seed: int = 0,
) -> DriftThresholds:
    """Thresholds from ``units`` that were used neither for training nor for the judgement to come.

    Units with fewer than ``baseline_windows`` + 50 windows cannot serve. Raises InputError where none can.
    """
    rng = np.random.default_rng(seed)
    drawn: list[Floats] = []
    sizes: list[int] = []
    used = 0
    for unit in units:
        if len(unit.bins) < baseline_windows + SMALLEST:
            continue
        bins = unit.bins
        before = len(drawn)
        for _ in range(resamples):
            first = _blocks(rng, 0, baseline_windows, block_windows)
            later = _blocks(rng, baseline_windows, len(bins), block_windows)
            matched = later[match_load(unit.load[first], unit.load[later])]
            if len(matched):
                drawn.append(channel_distances(_count(bins[first]), _count(bins[matched])))
                sizes.append(len(matched))
        used += len(drawn) > before
    if not used:
        raise InputError(
            f"no healthy validation unit has {baseline_windows + SMALLEST} windows at matching load",
            hint="drift thresholds need longer healthy records",
        )
    distances = np.stack(drawn)  # [draws, 2, channels]
    scale = np.maximum(np.quantile(distances, CHANNEL_QUANTILE, axis=0), FLOOR)
    factor = max(1.0, float(np.quantile((distances / scale).max(axis=(1, 2)), 1 - false_alarm)))
    limits = (scale * factor).tolist()
    return DriftThresholds(
        baseline.names, tuple(limits[0]), tuple(limits[1]), baseline_windows, int(np.median(sizes)),
        false_alarm, used,
    )  # fmt: skip


def release_thresholds(release: Release, *, without: Sequence[str] = ()) -> DriftThresholds:
    """Thresholds from the validation units of a release, those named in ``without`` left out."""
    data = release.drift
    units = []
    for index, unit_id in enumerate(data.unit_ids):
        rows = data.unit == index
        if unit_id not in without:
            units.append(HealthyUnit(data.bins[rows], data.load[rows]))
    return fit_thresholds(data.baseline, units)


def _blocks(rng: np.random.Generator, start: int, stop: int, block_windows: int) -> NDArray[np.int64]:
    """As many indices as start..stop holds, in blocks of neighbours drawn from it."""
    size = stop - start
    length = min(block_windows, size)
    starts = rng.integers(start, stop - length + 1, -(-size // length))
    return np.asarray((starts[:, None] + np.arange(length)).ravel()[:size])


def _count(bins: NDArray[np.int8]) -> NDArray[np.int64]:
    """Counts [channels, 32] of bin indices [w, channels]; missing values (-1) do not count."""
    channels = bins.shape[1]
    flat = bins.astype(np.int64) + BINS * np.arange(channels)
    counts = np.bincount(flat[bins >= 0], minlength=BINS * channels)
    return counts.reshape(channels, BINS)
