"""How far two histograms on the same bins lie apart. All take counts [..., 32] and return [...].

Kolmogorov-Smirnov and W1 read the cumulated shares; on quantile bins they follow the raw values closely.
The population stability index (Siddiqi 2006, Credit Risk Scorecards) sums (p - q) ln(p / q): twice the
symmetric relative entropy, and so, without any shift, about (B - 1)(1/n + 1/m) for B occupied bins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ks", "psi", "psi_bias", "w1"]

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

PRIOR = 0.5  # added to each bin: an empty one would make the index infinite (Jeffreys' prior)


def ks(a: Counts, b: Counts) -> Floats:
    """Largest difference of the cumulated shares, 0 to 1; 0 where either is empty."""
    return np.asarray(np.abs(_cumulated(a) - _cumulated(b)).max(axis=-1))


def w1(a: Counts, b: Counts) -> Floats:
    """Mean difference of the cumulated shares: Wasserstein-1 in units of the training distribution's rank."""
    return np.asarray(np.abs(_cumulated(a) - _cumulated(b)).mean(axis=-1))


def psi(a: Counts, b: Counts) -> Floats:
    """Population stability index, bias included; 0 where both are empty."""
    p, q = ((x + PRIOR) / (x + PRIOR).sum(axis=-1, keepdims=True) for x in (a, b))
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=-1))


def psi_bias(a: Counts, b: Counts) -> Floats:
    """What ``psi`` is expected to be without any shift: (B - 1)(1/n + 1/m), B bins occupied in either."""
    n, m = a.sum(axis=-1), b.sum(axis=-1)
    occupied = ((a + b) > 0).sum(axis=-1)
    return np.asarray(np.maximum(occupied - 1, 0) * (1 / np.maximum(n, 1) + 1 / np.maximum(m, 1)))


def _cumulated(counts: Counts) -> Floats:
    total = counts.sum(axis=-1, keepdims=True)
    return np.asarray(np.cumsum(counts, axis=-1) / np.maximum(total, 1))
