"""Case Western Reserve University bearing records as stored in cwru12k.npz.

Records ``x`` int16 [records, channels, samples] with ``scale``; ``bearing`` names the physical bearing (fault
x size, for outer races x position), which is the unit: its records differ in load (0 to 3 hp) only. Each
record is cut into windows of 4,096 samples (0.34 s, 10 turns of the shaft: enough to tell 0.1 orders apart
in an envelope spectrum); what is left over at the end is dropped, and so is everything beyond ``valid``.

There is a single Normal bearing, recorded at another rate and decimated: it is kept and labelled, but a
figure of "healthy against fault" made with it means nothing. No time to failure, no healthy start.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.signals.dataset import Unit
from aurora.signals.importers.recording import Recording, unknown
from aurora.signals.storage import NpzReader

N = 4096
FAULT_TYPES = {"N": "normal", "IR": "inner_race", "OR": "outer_race", "B": "ball"}
KEYS = ("x", "scale", "cls", "bearing", "load", "rpm", "valid")


def recognises(source: NpzReader) -> bool:
    """True for a file with these keys."""
    return set(source.names) >= {*KEYS, "fs", "channels"}


def read(source: NpzReader) -> Recording:
    """All bearings; raises InputError naming the key that does not fit."""
    data = {key: source.read(key) for key in KEYS}
    axes = tuple(str(name) for name in source.read("channels"))
    records = data["bearing"].size
    x = data["x"]
    if x.dtype != np.int16 or x.ndim != 3 or x.shape[:2] != (records, len(axes)) or x.shape[2] < N:
        raise InputError(
            f"key 'x' is {x.dtype} {x.shape}, not int16 [records, channels, samples]", where=source.path
        )
    for key in KEYS[1:]:
        if data[key].shape != ((records, len(axes)) if key == "scale" else (records,)):
            raise InputError(
                f"key {key!r} has shape {data[key].shape} for {records} records", where=source.path
            )
    strange = sorted(set(map(str, data["cls"])) - set(FAULT_TYPES))
    if strange:
        raise InputError(f"key 'cls' holds the unknown class {strange[0]!r}", where=source.path)
    rate_hz = float(source.scalar("fs"))
    bearings = list(dict.fromkeys(map(str, data["bearing"])))
    return Recording(
        name="cwru12k",
        rate_hz=rate_hz,
        n=N,
        axes=axes,
        units=_bearings(data, bearings, rate_hz),
        unit_count=len(bearings),
        fault_types=tuple(FAULT_TYPES.values()),
        provenance={
            "format": "cwru12k",
            "load_unit": "hp",
            "warning": "one Normal bearing only: never judge healthy against fault",
        },
    )


def _bearings(data: dict[str, NDArray[Any]], bearings: list[str], rate_hz: float) -> Iterator[Unit]:
    classes = list(FAULT_TYPES)
    for bearing in bearings:
        rows = np.flatnonzero(data["bearing"] == bearing)
        rows = rows[np.argsort(data["load"][rows], kind="stable")]
        counts = np.array([min(int(data["valid"][row]), data["x"].shape[2]) // N for row in rows])
        samples = np.concatenate(
            [_windows(data["x"][row], count) for row, count in zip(rows, counts, strict=True)]
        )
        record = np.repeat(rows, counts)
        windows = record.size
        yield Unit(
            id=bearing.replace("@", "-"),
            samples=samples,
            scale_g=data["scale"][record].astype(np.float32),
            rpm=data["rpm"][record].astype(np.float32),
            load=data["load"][record].astype(np.float32),
            time_s=np.arange(windows, dtype=np.float64) * (N / rate_hz),
            stands_for_s=np.full(windows, N / rate_hz, np.float32),
            fault=np.array([classes.index(str(name)) for name in data["cls"][record]], np.int16),
            ttf_s=unknown(windows),
            healthy_start_windows=0,
        )


def _windows(record: NDArray[np.int16], count: int) -> NDArray[np.int16]:
    """[count, axes, N] from [axes, samples]."""
    return record[:, : count * N].reshape(record.shape[0], count, N).transpose(1, 0, 2)
