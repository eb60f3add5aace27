"""Which windows of an interval to compare with a baseline, so that load is not taken for drift."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["match_load"]

SMALLEST = 50  # fewer matched windows say nothing
SERVED = 0.9  # of the baseline's loads, the rest may stay without a partner
HALVINGS = 8


def match_load(
    baseline_load: ArrayLike, load: ArrayLike, *, tolerance: float = 0.02, smallest: int = SMALLEST
) -> NDArray[np.int64]:
    """Indices into ``load``, ascending, of windows that are distributed over load as the baseline is.

    As many as possible, at most as many as the baseline has: evenly spaced quantiles of ``baseline_load`` are
    each given a window of their own within ``tolerance`` (in the unit of load); one in ten may go without.
    Empty where not even ``smallest`` can be had. Where no load is known (nan), all windows are returned:
    nothing can be matched.
    """
    base, candidates = np.asarray(baseline_load, np.float64), np.asarray(load, np.float64)
    if np.isnan(base).all() or np.isnan(candidates).all():
        return np.arange(len(candidates))
    order = np.argsort(candidates, kind="stable")
    order = order[~np.isnan(candidates[order])]
    base = np.sort(base[~np.isnan(base)])
    loads = candidates[order].tolist()
    high = min(len(base), len(order))
    low = high if _within(_targets(base, high), loads, tolerance) else 0
    while low < high:  # fewer targets are not harder to serve, but for the rounding of quantiles
        count = (low + high + 1) // 2
        if _within(_targets(base, count), loads, tolerance):
            low = count
        else:
            high = count - 1
    found = _closest(_targets(base, low), loads, tolerance) if low else []
    return np.sort(order[np.array(found if len(found) >= smallest else [], int)])


def _targets(base: NDArray[np.float64], count: int) -> list[float]:
    spread: list[float] = np.quantile(base, (np.arange(count) + 0.5) / max(count, 1)).tolist()
    return spread


def _closest(targets: list[float], loads: list[float], tolerance: float) -> list[int]:
    """The choice within the smallest tolerance that serves enough, as ``tolerance`` does.

    The smallest one, because the earliest fit leans to low loads by as much as it may.
    """
    low, high, best = 0.0, tolerance, _within(targets, loads, tolerance)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        trial = _within(targets, loads, middle)
        if trial:
            best, high = trial, middle
        else:
            low = middle
    return best


def _within(targets: list[float], loads: list[float], tolerance: float) -> list[int]:
    """Places in ``loads`` (both ascending): each target takes the lowest that it may, if there is one.

    No other choice serves more of them. Empty where too few are served.
    """
    chosen, at = [], 0
    for target in targets:
        while at < len(loads) and loads[at] < target - tolerance:
            at += 1
        if at < len(loads) and loads[at] <= target + tolerance:
            chosen.append(at)
            at += 1
    return chosen if len(chosen) >= SERVED * len(targets) else []
