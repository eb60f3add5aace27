"""Small data sets and hand-made tables for the training tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from aurora.signals.dataset import DataSet, Unit, write_dataset
from aurora.signals.synth.fleet import Fleet, synthesise
from aurora.train.derive import derive_spec
from aurora.train.fit import TrainedModel, train_model
from aurora.train.split import split_units
from aurora.train.table import UnitTable

SMALL_FLEET = Fleet(seed=3, units=10, healthy=4, windows=60, healthy_windows=60, n=1024, axes=2)


def small_fleet(folder: Path) -> DataSet:
    """Ten turbines of 60 short windows, six of them failing."""
    return synthesise(folder, SMALL_FLEET)


def rewritten(dataset: DataSet, folder: Path, **changes: object) -> DataSet:
    """The data set with every unit's fields replaced (values, or functions of the unit) and new facts.

    ``horizon_s`` and ``fault_types`` are the data set's own, everything else a unit's.
    """
    facts = {key: changes.pop(key) for key in ("horizon_s", "fault_types") if key in changes}
    units = [
        replace(unit, **{key: value(unit) if callable(value) else value for key, value in changes.items()})
        for unit in dataset.units
    ]
    return write_dataset(
        folder, units, name=dataset.name, rate_hz=dataset.rate_hz, n=dataset.n, axes=dataset.axes,
        **{"horizon_s": dataset.horizon_s, "fault_types": dataset.fault_types, **facts},
        nominal_rpm=dataset.nominal_rpm, provenance=dataset.provenance,
    )  # fmt: skip


def unlabelled_fault(unit: Unit) -> np.ndarray:
    return np.full(unit.windows, -1, np.int16)


def unlabelled_failure(unit: Unit) -> np.ndarray:
    return np.full(unit.windows, np.nan, np.float32)


def table(
    unit_id: str,
    features: np.ndarray,
    fails: np.ndarray | None = None,
    fault: np.ndarray | None = None,
    *,
    weight: np.ndarray | None = None,
    scored: np.ndarray | None = None,
) -> UnitTable:
    """A unit's table without recordings: labels absent unless given, all windows scored and of 1 s.

    A failing window is half a horizon away from the failure, any other labelled one never fails.
    """
    windows = len(features)
    unknown = np.full(windows, np.nan, np.float32)
    fails = unknown if fails is None else np.asarray(fails, np.float32)
    return UnitTable(
        id=unit_id,
        features=features.astype(np.float32),
        flags=np.zeros(windows, np.uint32),
        calibration=np.zeros(features.shape[1], np.float32),
        fails=fails,
        ttf_horizons=np.where(np.isnan(fails), np.nan, np.where(fails == 1, 0.5, np.inf)).astype(np.float32),
        fault=np.full(windows, -1, np.int16) if fault is None else fault.astype(np.int16),
        weight=np.ones(windows, np.float32) if weight is None else weight.astype(np.float32),
        scored=np.ones(windows, bool) if scored is None else scored,
    )


def train_small(dataset: DataSet) -> TrainedModel:
    spec = derive_spec(dataset, "small")
    spec = replace(spec, training=replace(spec.training, form="dense", epochs=20))
    return train_model(dataset, spec, split_units(dataset, 1), seed=1)
