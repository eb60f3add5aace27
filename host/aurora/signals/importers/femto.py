"""FEMTO / PRONOSTIA run-to-failure bearings as stored in femto_raw_full.npz and femto_raw_subset.npz.

Nectoux et al. 2012, "PRONOSTIA: An experimental platform for bearings accelerated degradation tests", PHM'12.
Per bearing: ``<bearing>_x`` int16 [snapshots, channels, n], ``<bearing>_scale`` [snapshots, channels] and
``<bearing>_idx``, the 1-based number of the snapshot, one each ``period_s``; ``info`` holds ``last_idx``, the
last snapshot before failure. Speed and load of the three conditions are the paper's (table 1).

The first 20 snapshots of a run to failure are taken as healthy. No fault type is known. A bench, no turbine.
"""

from __future__ import annotations

import json

import numpy as np

from aurora.errors import InputError
from aurora.signals.dataset import Unit
from aurora.signals.importers.recording import Recording
from aurora.signals.storage import NpzReader

CONDITIONS = {"1": (1800.0, 4000.0), "2": (1650.0, 4200.0), "3": (1500.0, 5000.0)}  # rpm, radial load in N
HORIZON_S = 600.0
HEALTHY_START_WINDOWS = 20
SHARED_KEYS = {"fs", "period_s", "channels", "info"}


def recognises(source: NpzReader) -> bool:
    """True for a file with FEMTO's keys."""
    return set(source.names) >= SHARED_KEYS and bool(_bearings(source))


def read(source: NpzReader) -> Recording:
    """The six bearings; raises InputError naming the key that does not fit."""
    bearings = _bearings(source)
    rate_hz, period_s = float(source.scalar("fs")), float(source.scalar("period_s"))
    axes = tuple(str(name) for name in source.read("channels"))
    n = source.describe(f"{bearings[0]}_x")[1][-1]
    last = _last_snapshots(source, bearings)
    return Recording(
        name="femto",
        rate_hz=rate_hz,
        n=n,
        axes=axes,
        units=(_bearing(source, name, period_s, last[name], (len(axes), n)) for name in bearings),
        unit_count=len(bearings),
        horizon_s=HORIZON_S,
        provenance={
            "format": "femto",
            "healthy_start": "first 20 snapshots taken as healthy",
            "load_unit": "N",
        },
    )


def _bearings(source: NpzReader) -> list[str]:
    names = [name.removesuffix("_x") for name in source.names if name.endswith("_x")]
    return [name for name in names if {f"{name}_scale", f"{name}_idx"} <= set(source.names)]


def _last_snapshots(source: NpzReader, bearings: list[str]) -> dict[str, int]:
    try:
        info = json.loads(str(source.read("info")[()]))
        return {name: int(info[name]["last_idx"]) for name in bearings}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("key 'info' has no last_idx for every bearing", where=source.path) from error


def _bearing(source: NpzReader, name: str, period_s: float, last: int, block: tuple[int, int]) -> Unit:
    x, scale, idx = (source.read(f"{name}_{part}") for part in ("x", "scale", "idx"))
    if (
        idx.ndim != 1
        or not np.issubdtype(idx.dtype, np.integer)
        or idx.size == 0
        or np.any(np.diff(idx) <= 0)
    ):
        raise InputError(f"key '{name}_idx' is not a rising list of snapshot numbers", where=source.path)
    windows = idx.size
    if x.dtype != np.int16 or x.shape != (windows, *block) or scale.shape != (windows, block[0]):
        raise InputError(f"keys '{name}_x', '_scale' and '_idx' do not fit together", where=source.path)
    if idx[-1] > last:
        raise InputError(f"key '{name}_idx' goes beyond last_idx {last} of 'info'", where=source.path)
    condition = name.removeprefix("Bearing")[:1]
    if condition not in CONDITIONS:
        raise InputError(f"key '{name}_x': the operating condition of {name!r} is unknown", where=source.path)
    rpm, load_n = CONDITIONS[condition]
    spacing = np.gradient(idx.astype(np.float64)) if windows > 1 else np.ones(1)
    return Unit(
        id=name,
        samples=x,
        scale_g=scale.astype(np.float32),
        rpm=np.full(windows, rpm, np.float32),
        load=np.full(windows, load_n, np.float32),
        time_s=(idx - 1) * period_s,
        stands_for_s=(spacing * period_s).astype(np.float32),
        fault=np.full(windows, -1, np.int16),
        ttf_s=((last - idx) * period_s).astype(np.float32),
        healthy_start_windows=min(HEALTHY_START_WINDOWS, windows),
    )
