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


def unknown(windows: int) -> NDArray[np.float32]:
    """[w] of nan: a column that the source does not have."""
    return np.full(windows, np.nan, np.float32)
