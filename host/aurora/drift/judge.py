"""The verdict on one interval of one unit: its channels against the unit's own baseline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from aurora.drift.distance import w1
from aurora.drift.matching import SMALLEST
from aurora.drift.stats import ChannelStats, DriftReport
from aurora.drift.thresholds import BASELINE_WINDOWS, DriftThresholds, channel_distances
from aurora.errors import InputError

__all__ = ["State", "Verdict", "judge"]

State = Literal["monitoring", "not_monitoring", "sensor_fault"]

MISSING_SHARE = (
    0.1  # of an interval's windows: more lost than this is a fault of the sensor, not of the machine
)


@dataclass(frozen=True)
class Verdict:
    """``features``: the channels beyond their threshold, farthest first. ``reason``: why, in one line.

    ``distances``: per channel, the larger of both distances over its threshold; above 1 it alarms. ``w1``:
    how far the distribution moved, in ranks of the training distribution. Both empty unless monitoring.
    """

    alarm: bool
    features: list[str]
    state: State
    reason: str
    distances: dict[str, float] = field(default_factory=dict)
    w1: dict[str, float] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """True only for a unit that is watched and quiet: no data is not health."""
        return self.state == "monitoring" and not self.alarm


def judge(
    baseline: DriftReport,
    interval: DriftReport,
    thresholds: DriftThresholds,
    *,
    needs_windows: int = BASELINE_WINDOWS,
) -> Verdict:
    """Compare an ``interval`` (at loads matched by the caller) with the unit's frozen ``baseline``.

    Raises InputError where channels or packs differ: then nothing can be compared.
    """
    if not baseline.names == interval.names == thresholds.names or baseline.pack_id != interval.pack_id:
        raise InputError("baseline, interval and thresholds are not of the same pack and channels")
    fault = _sensor_fault(baseline, interval)
    if fault:
        return Verdict(False, [], "sensor_fault", fault)
    known = min(channel.n for channel in baseline.channels)
    seen = min(channel.n for channel in interval.channels)
    if known < needs_windows or seen < SMALLEST:
        reason = f"{known} baseline windows of {needs_windows}, {seen} in the interval of {SMALLEST}"
        return Verdict(False, [], "not_monitoring", reason)
    before, after = (np.stack([c.bins for c in report.channels]) for report in (baseline, interval))
    limits = np.array([thresholds.ks, thresholds.psi]) * _widening(known, seen, thresholds)
    ratios = (channel_distances(before, after) / limits).max(axis=0)
    distances = dict(zip(baseline.names, np.maximum(ratios, 0.0).tolist(), strict=True))
    features = sorted((name for name in distances if distances[name] > 1), key=lambda name: -distances[name])
    farthest = max(distances, key=lambda name: distances[name])
    return Verdict(
        alarm=bool(features),
        features=features,
        state="monitoring",
        reason=f"{farthest} is at {distances[farthest]:.2f} of its threshold",
        distances=distances,
        w1=dict(zip(baseline.names, w1(before, after).tolist(), strict=True)),
    )


def _widening(known: int, seen: int, thresholds: DriftThresholds) -> float:
    """How much larger chance is than where the thresholds were set; never below 1."""
    here = 1 / known + 1 / seen
    there = 1 / thresholds.baseline_windows + 1 / thresholds.interval_windows
    return max(1.0, float(np.sqrt(here / there)))


def _sensor_fault(baseline: DriftReport, interval: DriftReport) -> str:
    """Why the interval's data cannot come from a working sensor; empty where they can."""
    for channel in interval.channels:
        lost = channel.missing / max(interval.windows, 1)
        if lost > MISSING_SHARE:
            return f"{lost:.0%} of the windows of {channel.name} are missing"
    if _is_frozen(interval.channels) and not _is_frozen(baseline.channels):
        return "every channel stands still"
    return ""


def _is_frozen(channels: tuple[ChannelStats, ...]) -> bool:
    return all(channel.n > 1 and channel.m2 == 0 for channel in channels)
