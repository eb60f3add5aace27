"""The model.toml that a data set suggests, for a user who has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aurora._device import lib
from aurora.errors import InputError
from aurora.signals.dataset import DataSet, Unit, fails_within
from aurora.spec.chain import default_chain, feature_names
from aurora.spec.model import LabelSpec, ModelSpec
from aurora.spec.signal import RPM_KNOWN, RPM_UNKNOWN, SignalSpec

#: windows of a healthy start that self-calibration takes; fewer where the data set marks fewer
CALIBRATION_WINDOWS = 20


def derive_spec(
    dataset: DataSet, name: str, version: str = "1.0.0", *, test_units: Sequence[Unit] = ()
) -> ModelSpec:
    """Signal, labels and chain from the manifest; heads only where their labels exist.

    Self-calibration is off where any unit, ``test_units`` among them, has no marked healthy start:
    subtracting the mean of windows that may be faulty would hide the fault. Likewise the speed is known only
    where all have it. Characters of ``name`` that no folder may have become "-". Raises InputError where
    there is nothing to learn.
    """
    _refuse_signal(dataset)
    units = (*dataset.units, *test_units)
    rpm_known = all(np.isfinite(unit.rpm).all() for unit in units)
    signal = SignalSpec(
        n=dataset.n, axes=dataset.axes, rate_hz=dataset.rate_hz, rpm=RPM_KNOWN if rpm_known else RPM_UNKNOWN
    )
    calibration = min(CALIBRATION_WINDOWS, *(unit.healthy_start_windows for unit in units))
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name).strip(".-")
    labels = derive_labels(dataset)
    most = lib.DRIFT_MAX_CHANNELS - _outputs(labels)
    return ModelSpec(
        name=plain or "model",
        version=version,
        signal=signal,
        chain=default_chain(signal, dataset.nominal_rpm, calibration_windows=calibration, most=most),
        labels=labels,
    )


def _refuse_signal(dataset: DataSet) -> None:
    """A data set may hold more than the board computes: said here, with the key that changes it."""
    n, axes = dataset.n, len(dataset.axes)
    if not lib.FEATURES_MIN_N <= n <= lib.FEATURES_MAX_N:
        raise InputError(
            f"its windows have {n} samples, the board takes {lib.FEATURES_MIN_N} to {lib.FEATURES_MAX_N}",
            where=dataset.path,
            hint="import the recording again with such an n in the mapping file",
        )
    if axes > lib.FEATURES_MAX_AXES:
        raise InputError(
            f"it has {axes} axes, the board takes at most {lib.FEATURES_MAX_AXES}",
            where=dataset.path,
            hint="import the recording again with fewer axes in the mapping file",
        )


def _outputs(labels: LabelSpec) -> int:
    """Logits of both heads."""
    return len(labels.fault_types) + (labels.horizon_s is not None)


def derive_labels(dataset: DataSet) -> LabelSpec:
    """The labels that this data set can teach: at least two fault types, or failures and their absence."""
    seen = {int(fault) for unit in dataset.units for fault in np.unique(unit.fault) if fault >= 0}
    horizon_s = dataset.horizon_s
    if horizon_s is not None:
        told = {float(v) for unit in dataset.units for v in np.unique(fails_within(unit, horizon_s))}
        if not {0.0, 1.0} <= told:
            horizon_s = None
    fault_types = dataset.fault_types if len(seen) >= 2 else ()
    if not fault_types and horizon_s is None:
        raise InputError(
            "nothing to learn: neither two fault types nor failures within a horizon are labelled",
            where=dataset.path,
            hint="give fault types or times to failure when importing",
        )
    return LabelSpec(fault_types=fault_types, horizon_s=horizon_s)


def signal_differences(
    one: SignalSpec | DataSet, other: SignalSpec | DataSet
) -> Iterator[tuple[str, object, object]]:
    """(what differs, its value in ``one``, in ``other``), unit in the words."""
    yield from (
        (what, here, there)
        for what, here, there in (
            ("samples per window", one.n, other.n),
            ("axes", list(one.axes), list(other.axes)),
            ("rate in Hz", one.rate_hz, other.rate_hz),
        )
        if here != there
    )


def refuse_mismatch(dataset: DataSet, spec: ModelSpec) -> None:
    """Raise InputError where ``spec`` is for another signal or other labels than ``dataset``."""
    for what, model, data in signal_differences(spec.signal, dataset):
        raise InputError(
            f"model {spec.name} expects {what} {model}, the data set has {data}",
            where=dataset.path,
            hint="train without --model to derive one",
        )
    if spec.labels.fault_types and spec.labels.fault_types != dataset.fault_types:
        raise InputError(
            f"model {spec.name} tells {list(spec.labels.fault_types)}, the data set labels "
            f"{list(dataset.fault_types)}",
            where=dataset.path,
            hint="use the same fault types in the same order",
        )
    if spec.labels.horizon_s is not None and spec.labels.horizon_s != dataset.horizon_s:
        raise InputError(
            f"model {spec.name} looks {spec.labels.horizon_s} s ahead, the data set {dataset.horizon_s} s",
            where=dataset.path,
            hint="import the data with the model's horizon",
        )
    features, outputs = len(feature_names(spec.chain, spec.signal.axes)), _outputs(spec.labels)
    if features + outputs > lib.DRIFT_MAX_CHANNELS:  # else found out by the pack, after the training
        raise InputError(
            f"model {spec.name} has {features} features and {outputs} outputs, the board watches the drift "
            f"of {lib.DRIFT_MAX_CHANNELS} in all",
            where=dataset.path,
            hint="name fewer bands or orders in model.toml, or import fewer axes",
        )
    marked = min(unit.healthy_start_windows for unit in dataset.units)
    if spec.chain.calibration_windows > marked:
        raise InputError(
            f"model {spec.name} calibrates on {spec.chain.calibration_windows} healthy windows, a unit has "
            f"{marked} marked",
            where=dataset.path,
            hint="set chain.calibration_windows lower, 0 switches it off",
        )
