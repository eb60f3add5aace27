"""A second data set as the test: its signal has to fit, and nothing of it may stand in the first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError, SplitError
from aurora.signals.dataset import DataSet, Unit
from aurora.spec.model import ModelSpec
from aurora.train.derive import signal_differences
from aurora.train.split import Split

#: windows hashed at a time: bounds the copy of a memory-mapped unit
BATCH = 64


def with_test_units(dataset: DataSet, other: DataSet, spec: ModelSpec) -> tuple[DataSet, Split]:
    """Both data sets as one, whose test units are those of ``other`` and whose training units ``dataset``'s.

    The facts (rate, axes, labels, provenance) are those of ``dataset``; fault types of ``other`` are found by
    name. Raises InputError where the signal or the labels do not fit, or nothing that ``spec`` tells is
    labelled; SplitError where a unit's name or one of its windows stands in both.
    """
    _refuse_signal(dataset, other)
    units = tuple(replace(unit, fault=fault) for unit, fault in _renumbered(dataset, other))
    _refuse_horizon(dataset, other)
    _refuse_unjudged(units, other, spec)
    _refuse_shared(dataset, other)
    split = Split(
        train=tuple(unit.id for unit in dataset.units), validation=(), test=tuple(unit.id for unit in units)
    )
    return replace(dataset, units=dataset.units + units), split


def _refuse_signal(dataset: DataSet, other: DataSet) -> None:
    for what, trained, tested in signal_differences(dataset, other):
        raise InputError(
            f"its {what} are {tested}, those of {dataset.path} are {trained}",
            where=other.path,
            hint="import both recordings with one mapping",
        )


def _renumbered(dataset: DataSet, other: DataSet) -> Iterator[tuple[Unit, NDArray[np.int16]]]:
    """Units of ``other`` with their fault labels as indices into ``dataset.fault_types``."""
    place = {name: i for i, name in enumerate(dataset.fault_types)}
    for unit in other.units:
        fault = unit.fault.copy()
        for old in np.unique(unit.fault[unit.fault >= 0]):
            name = other.fault_types[old]
            if dataset.fault_types and name not in place:
                raise InputError(
                    f"unit {unit.id} is labelled {name}, {dataset.path} knows {', '.join(place)}",
                    where=other.path,
                    hint="name the fault types of both alike",
                )
            fault[unit.fault == old] = place.get(name, -1)
        yield unit, fault


def _refuse_horizon(dataset: DataSet, other: DataSet) -> None:
    timed = any(np.isfinite(unit.ttf_s).any() for unit in other.units)
    if timed and None not in (dataset.horizon_s, other.horizon_s) and dataset.horizon_s != other.horizon_s:
        raise InputError(
            f"its horizon is {other.horizon_s} s, that of {dataset.path} is {dataset.horizon_s} s",
            where=other.path,
            hint="import both with the same horizon",
        )


def _refuse_unjudged(units: Sequence[Unit], other: DataSet, spec: ModelSpec) -> None:
    first = spec.chain.calibration_windows  # those before it calibrate and are not scored
    timed = spec.labels.horizon_s is not None and not all(
        np.isnan(unit.ttf_s[first:]).all() for unit in units
    )
    typed = bool(spec.labels.fault_types) and any((unit.fault[first:] >= 0).any() for unit in units)
    if not timed and not typed:
        beyond = f" beyond the {first} windows of self-calibration" if first else ""
        raise InputError(
            f"nothing that model {spec.name} tells is labelled in it{beyond}",
            where=other.path,
            hint="give fault types or times to failure when importing",
        )
    marked = min(unit.healthy_start_windows for unit in units)
    if spec.chain.calibration_windows > marked:
        raise InputError(
            f"model {spec.name} calibrates on {spec.chain.calibration_windows} healthy windows, a unit has "
            f"{marked} marked",
            where=other.path,
            hint="mark the healthy start when importing, or set chain.calibration_windows lower",
        )


def _refuse_shared(dataset: DataSet, other: DataSet) -> None:
    ids = {unit.id for unit in dataset.units}
    known = {key: unit.id for unit in dataset.units for key in _windows(unit)}
    for unit in other.units:
        if unit.id in ids:
            raise SplitError(
                f"unit {unit.id} is in {dataset.path} too",
                where=other.path,
                hint="test on units that do not train; rename it where it is another machine",
            )
        for key in _windows(unit):
            if key in known:
                raise SplitError(
                    f"a window of unit {unit.id} is in {dataset.path} too, as unit {known[key]}",
                    where=other.path,
                    hint="test on recordings that do not train",
                )


def _windows(unit: Unit) -> Iterator[bytes]:
    """A hash of each window's samples, whatever their scale; none of a window that holds no signal."""
    for start in range(0, unit.windows, BATCH):
        block = np.ascontiguousarray(unit.samples[start : start + BATCH])
        moving = (block != block[:, :, :1]).any(axis=(1, 2))
        for samples in block[moving]:
            yield hashlib.blake2b(samples.tobytes(), digest_size=16).digest()
