"""Statistics of drift intervals: what a board reports per channel, and how intervals and boards merge.

Counts merge exactly. Moments merge with the formulas of Chan, Golub & LeVeque (1979) and Pebay (Sandia report
SAND2008-6212) in double precision, the same that firmware/lib/drift/moments.c uses between blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.spec.baseline import BINS

__all__ = ["ChannelStats", "DriftReport", "merge_reports"]


@dataclass(frozen=True, eq=False)
class ChannelStats:
    """One channel of one interval. ``m2``..``m4``: sums of powers of (x - mean); all 0 where ``n`` is 0.

    ``bins`` int64 [32] adds up to ``n``; ``missing`` windows had no usable value; ``saturated`` of the ``n``
    lay at or beyond the channel's limits.
    """

    name: str
    bins: NDArray[np.int64]
    n: int
    mean: float
    m2: float
    m3: float
    m4: float
    missing: int = 0
    saturated: int = 0

    def __post_init__(self) -> None:
        if self.bins.shape != (BINS,) or int(self.bins.sum()) != self.n or self.bins.min() < 0:
            raise InputError(
                f"channel {self.name}: bins add up to {int(self.bins.sum())}, not to n = {self.n}"
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ChannelStats):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    @property
    def variance(self) -> float:
        """Population variance; 0 where nothing was counted."""
        return self.m2 / self.n if self.n else 0.0

    def merge(self, other: ChannelStats) -> ChannelStats:
        """Statistics of both sets of windows together; InputError where the names differ."""
        if self.name != other.name:
            raise InputError(f"cannot merge drift channel {self.name} with {other.name}")
        mean, m2, m3, m4 = _merge_moments(self, other)
        return ChannelStats(
            self.name, self.bins + other.bins, self.n + other.n, mean, m2, m3, m4,
            self.missing + other.missing, self.saturated + other.saturated,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        return {**vars(self), "bins": self.bins.tolist()}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> ChannelStats:
        """The inverse of ``to_dict``."""
        return cls(**{**record, "bins": np.asarray(record["bins"], np.int64)})


def _merge_moments(a: ChannelStats, b: ChannelStats) -> tuple[float, float, float, float]:
    if not a.n or not b.n:
        kept = a if a.n else b
        return kept.mean, kept.m2, kept.m3, kept.m4
    na, nb = float(a.n), float(b.n)
    n, delta, pairs = na + nb, b.mean - a.mean, na * nb
    step = delta / n
    square = step * step
    m4 = a.m4 + b.m4 + delta * step * square * pairs * (na * na - pairs + nb * nb)
    m4 += 6 * square * (na * na * b.m2 + nb * nb * a.m2) + 4 * step * (na * b.m3 - nb * a.m3)
    m3 = a.m3 + b.m3 + delta * square * pairs * (na - nb) + 3 * step * (na * b.m2 - nb * a.m2)
    return a.mean + step * nb, a.m2 + b.m2 + delta * step * pairs, m3, m4


@dataclass(frozen=True)
class DriftReport:
    """All channels of one or several intervals; ``pack_id`` names the baseline part that set the bins.

    ``windows`` were offered, missing ones included.
    """

    channels: tuple[ChannelStats, ...]
    windows: int
    pack_id: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels, in the board's order."""
        return tuple(channel.name for channel in self.channels)

    def merge(self, other: DriftReport) -> DriftReport:
        """Both reports together; InputError where channels or packs differ: their bins are not the same."""
        if self.pack_id != other.pack_id or self.names != other.names:
            raise InputError(
                f"cannot merge drift reports of pack {self.pack_id or '?'} and {other.pack_id or '?'}",
                hint="bins are those of one pack; keep reports of different packs apart",
            )
        merged = tuple(a.merge(b) for a, b in zip(self.channels, other.channels, strict=True))
        return DriftReport(merged, self.windows + other.windows, self.pack_id)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        channels = [channel.to_dict() for channel in self.channels]
        return {"channels": channels, "windows": self.windows, "pack_id": self.pack_id}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> DriftReport:
        """The inverse of ``to_dict``."""
        channels = tuple(ChannelStats.from_dict(channel) for channel in record["channels"])
        return cls(channels, record["windows"], record["pack_id"])


def merge_reports(reports: Iterable[DriftReport]) -> DriftReport:
    """Intervals, boards and days as one report; InputError where there is none or they do not fit."""
    listed = list(reports)
    if not listed:
        raise InputError("no drift report to merge")
    return reduce(DriftReport.merge, listed)
