"""What drift needs of training: the board's histogram bins, and units to set thresholds on.

baseline.npz: C channels are the F calibrated features, then the output bytes as float32.
    names       [C] text          channel names
    features    [1] int64         F
    edges       [C, 31] float32   training quantiles, with low, high [C]: spec.baseline.Baseline
    bins        [v, C] int8       of scored windows known to be healthy (signals.dataset.is_healthy) of the
                                  validated units, in time order within a unit: Baseline.bin_indices
    unit        [v] int32         index into unit_ids
    load        [v] float32       nan = unknown
    unit_ids    [u] text
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compress.int8 import Int8Model
from aurora.compress.tflm import TflmInterpreter
from aurora.errors import InputError
from aurora.signals.dataset import DataSet, is_healthy
from aurora.signals.storage import npz_bytes
from aurora.spec.baseline import BINS, Baseline, build_baseline
from aurora.spec.chain import feature_names
from aurora.train.fit import TrainedModel

#: at most so many windows of a unit: a bootstrap of blocks needs no more, and releases stay small
MOST_WINDOWS_PER_UNIT = 600
MOST_TRAINING_ROWS = 6000


@dataclass(frozen=True)
class DriftData:
    """The contents of baseline.npz; see the module's table."""

    baseline: Baseline
    bins: NDArray[np.int8]
    unit: NDArray[np.int32]
    load: NDArray[np.float32]
    unit_ids: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """A .npz without time stamps: equal data give equal bytes."""
        base = self.baseline
        arrays = {
            "names": np.array(base.names), "features": np.array([base.features]), "edges": base.edges,
            "low": base.low, "high": base.high, "bins": self.bins, "unit": self.unit,
            "load": self.load, "unit_ids": np.array(self.unit_ids),
        }  # fmt: skip
        return npz_bytes({name: np.asarray(array) for name, array in arrays.items()})

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> DriftData:
        """The inverse of ``to_bytes`` once numpy has read it; raises InputError on other contents."""
        try:
            names = tuple(str(name) for name in arrays["names"])
            baseline = Baseline(
                names, int(arrays["features"][0]), arrays["low"], arrays["high"], arrays["edges"]
            )
            data = cls(
                baseline, arrays["bins"], arrays["unit"], arrays["load"],
                tuple(str(name) for name in arrays["unit_ids"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"drift baseline: {error}", hint="train again") from error
        rows = len(data.bins)
        if data.bins.shape != (rows, len(names)) or not len(data.unit) == len(data.load) == rows:
            raise InputError("drift baseline: its arrays do not fit each other", hint="train again")
        if data.bins.dtype != np.int8 or (rows and not -1 <= data.bins.min() <= data.bins.max() < BINS):
            raise InputError("drift baseline: a bin that does not exist", hint="train again")
        baseline.to_bytes()  # the C library's own check
        return data


def drift_data(
    trained: TrainedModel, model: Int8Model, dataset: DataSet, outputs: dict[str, NDArray[np.int8]]
) -> DriftData:
    """``outputs`` holds the int8 output blocks [w, bytes] of the validated units."""
    baseline = _training_baseline(trained, model)
    bins, unit, load = [], [], []
    ids = tuple(trained.validation)
    for place, unit_id in enumerate(ids):
        table, recorded = trained.tables[unit_id], dataset.unit(unit_id)
        rows = np.flatnonzero(table.scored & is_healthy(dataset, recorded))[:MOST_WINDOWS_PER_UNIT]
        blocks = outputs[unit_id][rows].astype(np.float32)
        bins.append(baseline.bin_indices(np.concatenate([table.calibrated[rows], blocks], axis=1)))
        unit.append(np.full(len(rows), place, np.int32))
        load.append(recorded.load[rows].astype(np.float32))
    return DriftData(
        baseline=baseline,
        bins=np.concatenate(bins),
        unit=np.concatenate(unit),
        load=np.concatenate(load),
        unit_ids=ids,
    )


def channel_names(trained: TrainedModel, model: Int8Model) -> tuple[str, ...]:
    """Feature names, then one name per output byte."""
    names = list(feature_names(trained.spec.chain, trained.spec.signal.axes))
    labels = trained.spec.labels.fault_types
    for head in model.heads:
        names += [head.name] if head.count == 1 else [f"{head.name}.{label}" for label in labels]
    return tuple(names)


def _training_baseline(trained: TrainedModel, model: Int8Model) -> Baseline:
    tables = [trained.tables[unit_id] for unit_id in trained.split.train]
    calibrated = np.concatenate([table.calibrated[table.scored] for table in tables])
    inputs = np.concatenate([model.inputs(table)[table.scored] for table in tables])
    even = np.unique(
        np.linspace(0, len(calibrated) - 1, min(len(calibrated), MOST_TRAINING_ROWS)).astype(int)
    )
    outputs = TflmInterpreter(model.tflite).run(inputs[even])
    center, reach = trained.norm.center, trained.norm.spread * np.float32(trained.norm.clamp_sigma)
    return build_baseline(
        calibrated[even],
        outputs,
        channel_names(trained, model),
        feature_limits=(center - reach, center + reach),
    )
