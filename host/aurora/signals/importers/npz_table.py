"""NPZ files of any layout, read through a mapping file (mapping.py): one array of samples plus columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError, NotFiniteError
from aurora.signals.dataset import Unit
from aurora.signals.importers.labels import fault_index, fault_names, unit_name
from aurora.signals.importers.mapping import Mapping
from aurora.signals.importers.recording import Recording, times_and_spans, to_counts
from aurora.signals.storage import NpzReader


def read(source: NpzReader, mapping: Mapping) -> Recording:
    """All records of the file; raises InputError or NotFiniteError naming key and record."""
    records = _Records.read(source, mapping)
    rate = mapping.rate_hz
    rate_hz = _rate(source, rate) if isinstance(rate, str) else rate
    units = list(dict.fromkeys(records.unit))
    faults = fault_names(records.fault, mapping.fault_types, source.path)
    return Recording(
        name=mapping.name or "npz",
        rate_hz=rate_hz,
        n=mapping.n,
        axes=mapping.axes,
        units=_units(records, units, faults, rate_hz, mapping),
        unit_count=len(units),
        horizon_s=mapping.horizon_s,
        fault_types=faults,
        nominal_rpm=mapping.nominal_rpm,
        provenance={"format": "npz", "records": len(records.unit), "windows_per_record": records.cuts},
    )


def _rate(source: NpzReader, key: str) -> float:
    """The one rate of all records; a rate of its own for each is refused, a data set has one."""
    rates = source.read(key)
    if (
        rates.dtype.kind not in "iuf"
        or rates.size == 0
        or not (np.isfinite(rates).all() and (rates > 0).all())
    ):
        raise InputError(f"key {key!r} holds no rate above 0", where=source.path)
    if (rates != rates.flat[0]).any():
        bad = int(np.argmax(rates.reshape(-1) != rates.flat[0]))
        first, other = rates.flat[0], rates.flat[bad]
        what = f"key {key!r}: record {bad} was recorded at {other:g} Hz, record 0 at {first:g} Hz"
        raise InputError(what, where=source.path, hint="import each rate into a data set of its own")
    return float(rates.flat[0])


@dataclass(frozen=True)
class _Records:
    """The file's arrays with one row per record; ``cuts`` windows of n come out of each record."""

    path: Path
    samples: NDArray[Any]  # [records, axes, samples]
    scale_g: NDArray[np.float32]  # [records, axes]
    unit: list[str]
    fault: list[str]
    numbers: dict[str, NDArray[np.float64]]  # time, rpm, load, ttf: [records], nan where the file has none
    cuts: int

    @staticmethod
    def read(source: NpzReader, mapping: Mapping) -> _Records:
        samples = _samples(source, mapping)
        count = samples.shape[0]
        unit = [mapping.unit] * count
        if "unit" in mapping.fields:
            unit = _texts(source, mapping.fields["unit"], count)
        ids = {text: unit_name(text, source.path) for text in set(unit)}
        fault = [""] * count
        if "fault" in mapping.fields:
            fault = _fault_texts(source, mapping, count)
        numbers = {
            key: _numbers(source, mapping.fields[key], (count,))
            if key in mapping.fields
            else np.full(count, np.nan)
            for key in ("time", "rpm", "load", "ttf")
        }
        return _Records(
            path=source.path,
            samples=samples,
            scale_g=_scale(source, mapping, (count, len(mapping.axes))),
            unit=[ids[text] for text in unit],
            fault=fault,
            numbers=numbers,
            cuts=samples.shape[2] // mapping.n,
        )


def _samples(source: NpzReader, mapping: Mapping) -> NDArray[Any]:
    key = mapping.samples[0]
    dtype, shape = source.describe(key)
    axes = len(mapping.axes)
    if dtype.kind not in "iuf":
        raise InputError(f"key {key!r} holds {dtype}, not numbers", where=source.path)
    full = (1,) * (3 - len(shape)) + shape if len(shape) < 3 else shape
    if len(full) != 3 or full[1] != axes or full[2] < mapping.n or full[0] == 0:
        raise InputError(
            f"key {key!r} has shape {shape}, expected [records, {axes} axes, at least {mapping.n} samples]",
            where=source.path,
            hint="check axes and n in the mapping file",
        )
    return source.read(key).reshape(full)


def _scale(source: NpzReader, mapping: Mapping, shape: tuple[int, int]) -> NDArray[np.float32]:
    if isinstance(mapping.scale_g, str):
        value = source.read(mapping.scale_g)
        if value.ndim == 1 and value.size == shape[0] != shape[1]:
            value = value[:, None]
        if value.dtype.kind not in "iuf":
            raise InputError(f"key {mapping.scale_g!r} holds {value.dtype}, not numbers", where=source.path)
        try:
            return np.broadcast_to(value, shape).astype(np.float32)
        except ValueError as error:
            what = f"key {mapping.scale_g!r} has shape {value.shape}, expected {list(shape)}"
            raise InputError(what, where=source.path) from error
    return np.full(shape, mapping.scale_g, np.float32)


def _numbers(source: NpzReader, key: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    value = source.read(key)
    if value.dtype.kind not in "iuf" or (value.shape != shape and value.size != 1):
        what = f"key {key!r} holds {value.dtype} {value.shape}, not {shape[0]} numbers or one"
        raise InputError(what, where=source.path)
    return np.broadcast_to(value.reshape(-1) if value.size == 1 else value, shape).astype(np.float64)


def _texts(source: NpzReader, key: str, count: int) -> list[str]:
    value = source.read(key)
    if value.dtype.kind not in "iuU" or (value.shape != (count,) and value.size != 1):
        what = f"key {key!r} holds {value.dtype} {value.shape}, not {count} names or numbers"
        raise InputError(what, where=source.path)
    texts = [str(item) for item in value.reshape(-1)]
    return texts * count if len(texts) == 1 else texts


def _fault_texts(source: NpzReader, mapping: Mapping, count: int) -> list[str]:
    """Fault names; whole numbers are indices into the mapping's fault_types where it has some."""
    key = mapping.fields["fault"]
    texts = _texts(source, key, count)
    names = mapping.fault_types
    if names is None or source.describe(key)[0].kind not in "iu":
        return texts
    numbers = [int(text) for text in texts]
    bad = next((number for number in numbers if number >= len(names)), None)
    if bad is not None:
        raise InputError(f"key {key!r}: {bad} is no index of the {len(names)} fault_types", where=source.path)
    return [names[number] if number >= 0 else "" for number in numbers]


def _units(
    records: _Records, units: list[str], faults: tuple[str, ...], rate_hz: float, mapping: Mapping
) -> Iterator[Unit]:
    membership = np.array(records.unit)
    all_faults = fault_index(records.fault, faults)
    length_s = mapping.n / rate_hz
    for unit in units:
        rows = np.flatnonzero(membership == unit)
        counts, scale_g = _cut(records, rows, mapping)
        windows = counts.shape[0]
        number = {key: np.repeat(column[rows], records.cuts) for key, column in records.numbers.items()}
        into_record = np.tile(np.arange(records.cuts) * length_s, rows.size)
        time_s, stands_for_s = times_and_spans(number["time"] + into_record, length_s, mapping.stands_for_s)
        yield Unit(
            id=unit,
            samples=counts,
            scale_g=scale_g,
            rpm=number["rpm"].astype(np.float32),
            load=number["load"].astype(np.float32),
            time_s=time_s,
            stands_for_s=stands_for_s,
            fault=np.repeat(all_faults[rows], records.cuts),
            ttf_s=np.maximum(number["ttf"] - into_record, 0).astype(np.float32),
            healthy_start_windows=min(mapping.healthy_start_windows, windows),
        )


def _cut(
    records: _Records, rows: NDArray[np.intp], mapping: Mapping
) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Counts [w, axes, n] and scale [w, axes] of the chosen records."""
    axes, n = len(mapping.axes), mapping.n
    block: NDArray[Any] = records.samples[rows][:, :, : records.cuts * n].reshape(
        rows.size, axes, records.cuts, n
    )
    block = block.transpose(0, 2, 1, 3).reshape(-1, axes, n)
    scale_g = np.repeat(records.scale_g[rows], records.cuts, axis=0)
    if block.dtype == np.int16:
        return np.ascontiguousarray(block), scale_g
    values = block.astype(np.float64)
    if not np.isfinite(values).all():
        bad = int(np.argmin(np.isfinite(values).all(axis=(1, 2))))
        raise NotFiniteError(
            f"record {rows[bad // records.cuts]} holds NaN or infinity in its samples",
            where=f"{records.path}: key {mapping.samples[0]!r}",
            hint="remove or repair the record",
        )
    counts, step = to_counts(values, 1.0)
    return counts, scale_g * step
