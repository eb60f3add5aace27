"""What every importer returns, and how measured numbers become counts with a scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.signals.dataset import Unit


@dataclass(frozen=True)
class Recording:
    """A source file understood: the arguments of ``write_dataset``.

    ``units`` reads as it is iterated, except where the whole source had to be ``read_before``.
    """

    name: str
    rate_hz: float
    n: int
    axes: tuple[str, ...]
    units: Iterable[Unit]
    unit_count: int
    horizon_s: float | None = None
    fault_types: tuple[str, ...] = ()
    nominal_rpm: float | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    read_before: bool = False


def to_counts(values: NDArray[np.float64], scale_g: float) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """int16 counts [..., n] and the scale [...] in g per count, for finite ``values`` of ``scale_g`` g each.

    Whole numbers that fit are converter counts already and stay as they are, so a clipped converter still
    shows its rails. Anything else is scaled to the block's peak: error at most 1/65,534 of that peak.
    """
    limits = np.iinfo(np.int16)
    whole = (values == np.rint(values)) & (values >= limits.min) & (values <= limits.max)
    keep = whole.all(axis=-1, keepdims=True)
    peak = np.abs(values).max(axis=-1, keepdims=True)
    step = np.where(keep | (peak == 0), 1.0, peak / limits.max)
    counts = np.rint(values / step).astype(np.int16)
    return counts, (step[..., 0] * scale_g).astype(np.float32)


def times_and_spans(
    told_s: NDArray[np.float64], length_s: float, declared_s: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """(time_s, stands_for_s) [w] of one unit from the times that its source tells (nan = none).

    Without times windows follow one another. What a window stands for is as declared, else the usual step of
    the told times where that is longer than the window (snapshots), else the window's own length.
    """
    windows, span_s = told_s.size, declared_s or length_s
    if np.isnan(told_s).any():
        return np.arange(windows, dtype=np.float64) * span_s, np.full(windows, span_s, np.float32)
    if declared_s is None and windows > 1:
        span_s = max(length_s, float(np.median(np.diff(told_s))))
    return told_s, np.full(windows, span_s, np.float32)


def unknown(windows: int) -> NDArray[np.float32]:
    """[w] of nan: a column that the source does not have."""
    return np.full(windows, np.nan, np.float32)
