"""Drift: the board counts, the host judges. Statistics merge exactly; the baseline is the unit's own."""

from aurora.drift.accumulate import accumulate, drift_values
from aurora.drift.judge import Verdict, judge
from aurora.drift.matching import match_load
from aurora.drift.stats import ChannelStats, DriftReport, merge_reports
from aurora.drift.thresholds import DriftThresholds, HealthyUnit, fit_thresholds, release_thresholds

__all__ = [
    "ChannelStats", "DriftReport", "DriftThresholds", "HealthyUnit", "Verdict", "accumulate", "drift_values",
    "fit_thresholds", "judge", "match_load", "merge_reports", "release_thresholds",
]  # fmt: skip
