"""The board's own statistics, computed by its C on the host: what a board must report, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aurora.drift.stats import ChannelStats, DriftReport
from aurora.errors import InputError
from aurora.spec.baseline import Baseline

__all__ = ["accumulate", "drift_values"]


def drift_values(calibrated: ArrayLike, outputs: NDArray[np.int8]) -> NDArray[np.float32]:
    """[w, F + O]: calibrated features, then the outputs as float, as the firmware pushes them."""
    features = np.asarray(calibrated, np.float32)
    return np.concatenate([features, outputs.astype(np.float32)], axis=1)


def accumulate(
    baseline: Baseline,
    values: ArrayLike,
    *,
    missing: NDArray[np.bool_] | None = None,
    pack_id: str = "",
) -> DriftReport:
    """One interval's report of ``values`` float32 [w, channels], by firmware/lib/drift.

    ``missing`` [w]: windows without usable data (a sensor fault); their values are not looked at. Raises
    InputError where shapes do not fit the baseline.
    """
    from aurora._device import ffi, lib

    rows = np.ascontiguousarray(values, np.float32)
    count = len(baseline.names)
    if rows.ndim != 2 or rows.shape[1] != count:
        raise InputError(f"drift values of shape {rows.shape}", hint=f"give [windows, {count}]")
    lost = np.zeros(len(rows), bool) if missing is None else np.asarray(missing, bool)
    if lost.shape != (len(rows),):
        raise InputError(f"{lost.size} marks of missing windows for {len(rows)} windows")
    part = baseline.to_bytes()
    held = ffi.from_buffer(part)  # the state points into it
    state, channels = ffi.new("drift_state *"), ffi.new("drift_channel[]", count)
    assert lib.drift_init(state, channels, count, held, len(part)) == 0, "to_bytes has checked the part"
    kept = np.ascontiguousarray(rows[~lost])
    lib.drift_push_many(state, ffi.cast("float *", ffi.from_buffer(kept)), len(kept))
    for _ in range(int(lost.sum())):  # the order of missing windows changes nothing
        lib.drift_push_missing(state)
    stats = tuple(_read(state, index, name) for index, name in enumerate(baseline.names))
    return DriftReport(stats, len(rows), pack_id)


def _read(state: Any, index: int, name: str) -> ChannelStats:
    from aurora._device import ffi, lib

    read = ffi.new("drift_stats *")
    lib.drift_read(state, index, read)
    bins = np.array(list(read.bins), np.int64)
    return ChannelStats(
        name, bins, read.n, read.mean, read.m2, read.m3, read.m4, read.missing, read.saturated
    )
