"""How sure a mean is: Student's t over seeds, and a bootstrap over physical units.

Seeds tell how much a figure moves when the same recipe is trained again; units tell how much it would move
with other machines, which is nearly always more. A report prints both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """A mean of ``n`` values with the two ends of its interval; the ends are None where n does not allow any.

    ``excludes_zero`` is the test that a paired difference has to pass before one arm may be called better.
    """

    mean: float
    low: float | None
    high: float | None
    n: int

    @property
    def excludes_zero(self) -> bool:
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def t_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval | None:
    """Mean of ``values`` with Student's t interval (n - 1 degrees of freedom); None without any value.

    One value has no interval; equal values have one of no width, which says that nothing random was left, not
    that the figure is certain.
    """
    if not values:
        return None
    mean = float(np.mean(values))
    if len(values) == 1:
        return Interval(mean, None, None, 1)
    from scipy.stats import t

    spread = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = float(t.ppf((1 + confidence) / 2, len(values) - 1)) * spread
    return Interval(mean, mean - reach, mean + reach, len(values))


def paired_interval(
    ours: Mapping[int, float], theirs: Mapping[int, float], confidence: float = CONFIDENCE
) -> Interval | None:
    """t interval of ours - theirs over the seeds that both have; None without a common seed."""
    common = sorted(set(ours) & set(theirs))
    return t_interval([ours[seed] - theirs[seed] for seed in common], confidence)


def bootstrap_interval(
    per_unit: Mapping[str, float],
    seed: int = 0,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """Percentile bootstrap of the mean over units (Efron 1979): units are drawn with replacement.

    None without a unit; fewer than three allow no interval. The same seed gives the same ends.
    """
    values = np.array([per_unit[unit] for unit in sorted(per_unit)], np.float64)
    if len(values) == 0:
        return None
    if len(values) < 3:
        return Interval(float(values.mean()), None, None, len(values))
    drawn = np.random.default_rng(seed).integers(0, len(values), (resamples, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(values.mean()), float(low), float(high), len(values))


def poisson_upper(events: int, exposure: float, confidence: float = CONFIDENCE) -> float | None:
    """One-sided upper limit of the rate of ``events`` seen in ``exposure``; None without exposure.

    Exact (Garwood 1936): half the chi-squared quantile of 2 (events + 1) degrees of freedom. No event at all
    still leaves 3 / exposure possible.
    """
    if exposure <= 0:
        return None
    from scipy.stats import chi2

    return float(chi2.ppf(confidence, 2 * (events + 1))) / 2 / exposure
