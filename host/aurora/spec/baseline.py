"""The drift baseline part: which channels a board counts, in which bins, and where a value is saturated.

Edges are quantiles of the training units' calibrated features and outputs, so that each bin is about equally
full on healthy machines. They say where to count, not what is normal: normal is the unit's own first
windows (aurora.drift).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aurora.errors import InputError
from aurora.spec.records import read_records

__all__ = ["BINS", "Baseline", "build_baseline", "check_baseline", "split_atoms"]

Floats = NDArray[np.float32]

BINS = 32
LARGEST_VALUE = 1e8  # beyond it a value counts as missing: firmware/lib/drift/drift.h
SMALLEST_NORMAL = np.float32(2.0**-126)  # a denormal edge would be lost where denormals are flushed


@dataclass(frozen=True)
class Baseline:
    """Channels are the first ``features`` calibrated features, then the int8 outputs.

    ``edges`` is float32 [channels, 31], never descending: value x falls in bin (count of edges <= x).
    ``low`` and ``high`` [channels]: a value at or beyond them counts as saturated; infinite where none.
    """

    names: tuple[str, ...]
    features: int
    low: Floats
    high: Floats
    edges: Floats

    def to_bytes(self) -> bytes:
        """The baseline part of a pack, checked by the C that will read it; raises InputError."""
        from aurora._device import lib

        records = read_records(lib.drift_fields, lib.drift_fields_count)
        count = len(self.names)
        if self.edges.shape != (count, BINS - 1) or self.low.shape != (count,) or self.high.shape != (count,):
            raise InputError(f"drift baseline: {count} names, edges {self.edges.shape}")
        try:
            part = records["PART"].encode(
                version=lib.DRIFT_VERSION, bins=BINS, channels=count, features=self.features
            )
        except ValueError as error:
            raise InputError(f"drift baseline: {error}") from error
        table = np.concatenate([self.low[:, None], self.high[:, None], self.edges], axis=1)
        part += table.astype("<f4").tobytes()
        check_baseline(part)
        return part

    def bin_indices(self, values: ArrayLike) -> NDArray[np.int8]:
        """The board's bin of each value of float [w, channels]; -1 where it is missing."""
        rows = np.asarray(values, np.float32)
        bins = [np.searchsorted(edges, rows[:, c], side="right") for c, edges in enumerate(self.edges)]
        usable = np.abs(np.nan_to_num(rows, nan=np.inf)) <= LARGEST_VALUE
        return np.where(usable, np.stack(bins, axis=1), -1).astype(np.int8)

    @classmethod
    def from_bytes(cls, part: bytes, names: tuple[str, ...] = ()) -> Baseline:
        """Read a part; channels are called "0", "1", ... without ``names``. Raises InputError."""
        from aurora._device import lib

        channels, features = check_baseline(part)
        start = read_records(lib.drift_fields, lib.drift_fields_count)["PART"].size
        table = np.frombuffer(part, "<f4", offset=start).reshape(channels, BINS + 1).astype(np.float32)
        names = names or tuple(map(str, range(channels)))
        if len(names) != channels:
            raise InputError(f"drift baseline: {len(names)} names for {channels} channels")
        return cls(names, features, table[:, 0], table[:, 1], table[:, 2:])


def check_baseline(part: bytes) -> tuple[int, int]:
    """(channels, features) of a part that the board would take; raises InputError."""
    from aurora._device import ffi, lib

    info = ffi.new("drift_info *")
    code = lib.drift_check(part, len(part), info)
    if code:
        names = [name for name in dir(lib) if name.startswith("DRIFT_E_")]
        reason = next(name for name in names if getattr(lib, name) == code)
        raise InputError(f"not a usable drift baseline ({reason})", hint="see firmware/lib/drift/drift.h")
    return info.channels, info.features


def build_baseline(
    calibrated: ArrayLike,
    outputs: NDArray[np.int8],
    names: tuple[str, ...],
    *,
    feature_limits: tuple[ArrayLike, ArrayLike] | None = None,
) -> Baseline:
    """Edges from training windows: ``calibrated`` float [w, F], ``outputs`` int8 [w, O], F + O ``names``.

    ``feature_limits`` (low [F], high [F]): where the network's int8 input clips; outputs clip at -128 and
    127. Raises InputError on values that are not finite or counts that do not fit.
    """
    features = np.asarray(calibrated, np.float32)
    values = np.concatenate([features, outputs.astype(np.float32)], axis=1)
    windows, count = values.shape
    if windows == 0 or count != len(names) or not np.isfinite(values).all():
        raise InputError(
            f"drift baseline: {values.shape} values for {len(names)} names must be finite and some"
        )
    low = np.full(count, -np.inf, np.float32)
    high = np.full(count, np.inf, np.float32)
    if feature_limits is not None:
        low[: features.shape[1]], high[: features.shape[1]] = feature_limits
    low[features.shape[1] :], high[features.shape[1] :] = -128, 127
    quantiles = np.arange(1, BINS) / BINS
    edges = np.quantile(values.astype(np.float64), quantiles, axis=0).T.astype(np.float32)
    return Baseline(tuple(names), features.shape[1], low, high, split_atoms(edges))


def split_atoms(edges: Floats) -> Floats:
    """Where edges repeat, the last of them moves to the next float: a frequent value gets a bin of its own.

    Without it a constant channel would put its value and all above it in one bin, and hide a rise.
    """
    result = edges.copy()
    repeated = np.zeros(edges.shape, bool)
    repeated[:, 1:] = edges[:, 1:] == edges[:, :-1]
    last = repeated.copy()
    last[:, :-1] &= edges[:, 1:] != edges[:, :-1]
    above = np.nextafter(edges, np.float32(np.inf))
    above = np.where(np.abs(above) < SMALLEST_NORMAL, SMALLEST_NORMAL, above)
    result[last] = above[last]
    ordered: Floats = np.maximum.accumulate(result, axis=1)
    return ordered
