"""From a trained model to its release folder: int8, thresholds, scores, golden vectors, provenance."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from aurora import __version__
from aurora.compress.baseline import drift_data
from aurora.compress.c_array import c_header, c_source
from aurora.compress.int8 import Int8Model, quantise_model
from aurora.compress.judge import Judged, decision_of, judge
from aurora.compress.release import Release, write_release
from aurora.files import sha256_hex
from aurora.signals.dataset import DataSet
from aurora.signals.storage import npz_bytes
from aurora.spec.model import model_toml_text
from aurora.train.arms import float_scores, leaky_scores, logistic_scores
from aurora.train.fit import TrainedModel
from aurora.train.metrics import Scores

#: packages whose version decides the bytes of a release
PACKAGES = ("keras", "numpy", "scipy", "tensorflow-cpu", "tflite_micro")

#: importers of public recordings; none of them is of a wind turbine
BENCH_FORMATS = ("cwru12k", "femto")

Progress = Callable[[float, str], None]


def produce_release(
    trained: TrainedModel,
    dataset: DataSet,
    path: Path,
    *,
    replace: bool = False,
    progress: Progress | None = None,
    model: Int8Model | None = None,
    additions: Mapping[str, Any] | None = None,
) -> Release:
    """Quantise, judge and write ``trained`` as the release folder ``path``.

    ``model`` is the int8 model of ``trained.network`` where it was made by other means than
    ``quantise_model`` (compress.quantise); ``additions`` are further entries of release.json. Raises
    InputError where ``path`` exists and not ``replace``, WriteFailed on a full disk; BuildFailed where the
    conversion fails. Nothing half-written stays.
    """
    tell = progress or (lambda share, what: None)
    tell(0.0, "convert to int8")
    model = quantise_model(trained) if model is None else model
    tell(0.5, "judge on TFLite Micro")
    judged = judge(trained, model)
    tell(0.75, "score beside it")
    document = {**_document(trained, model, judged, dataset), **(additions or {})}
    tell(0.9, "write the release")
    release = write_release(path, _files(trained, model, judged, dataset), document, replace=replace)
    tell(1.0, "released")
    return release


def _files(trained: TrainedModel, model: Int8Model, judged: Judged, dataset: DataSet) -> dict[str, bytes]:
    spec, labels = trained.spec, trained.spec.labels.fault_types
    decision = decision_of(trained, model, judged.threshold)
    title = f"{spec.name} {spec.version}"
    return {
        "model.toml": model_toml_text(spec).encode(),
        "model.tflite": model.tflite,
        "chain.bin": model.chain,
        "decision.json": (json.dumps(decision.to_dict(), indent=1) + "\n").encode(),
        "baseline.npz": drift_data(trained, model, dataset, judged.outputs).to_bytes(),
        "golden.npz": npz_bytes({"inputs": judged.golden_inputs, "outputs": judged.golden_outputs}),
        "model_data.h": c_header(title, model.tflite, model.heads, decision, labels).encode(),
        "model_data.c": c_source(model.tflite, model.features_id, labels).encode(),
    }


def _document(trained: TrainedModel, model: Int8Model, judged: Judged, dataset: DataSet) -> dict[str, Any]:
    spec, split = trained.spec, trained.split
    return {
        "name": spec.name,
        "release": spec.version,
        "features_id": model.features_id.hex(),
        "input": {"scale": model.input_scale, "zero_point": model.input_zero_point,
                  "count": trained.network.inputs},
        "heads": [asdict(head) for head in model.heads],
        "labels": {"fault_types": list(spec.labels.fault_types), "horizon_s": spec.labels.horizon_s},
        "form": spec.training.form,
        "parameters": trained.network.parameters,
        "metrics": _metrics(trained, judged),
        "threshold": _threshold(trained, judged),
        "split": {key: list(getattr(split, key)) for key in ("train", "validation", "test")},
        "seed": trained.seed,
        "versions": {"aurora": __version__, "python": platform.python_version(),
                     **{name: metadata.version(name) for name in PACKAGES}},
        "data": {"name": dataset.name, "manifest_sha256": sha256_hex(dataset.path / "manifest.json"),
                 "windows": dataset.windows, "units": len(dataset.units), "provenance": dataset.provenance},
        "limits": limits(trained, judged, dataset),
    }  # fmt: skip


def _metrics(trained: TrainedModel, judged: Judged) -> dict[str, Any]:
    arms = {"float": float_scores(trained), "int8_host": judged.scores}
    leaky = leaky_scores(trained)
    return {
        **compare(arms),
        "auroc_leaky": leaky.auroc_mean,
        "accuracy_leaky": leaky.accuracy,
        "logistic_regression": asdict(logistic_scores(trained)),
        "rotation_of_training_units": trained.rotation,
    }


def compare(arms: dict[str, Scores]) -> dict[str, Any]:
    """Arms side by side, in the form of report.json: every figure holds one value per arm."""
    first = next(iter(arms.values()))
    return {
        "auroc_mean": _beside({arm: scores.auroc_mean for arm, scores in arms.items()}),
        "auroc_per_unit": {
            unit: _beside({arm: scores.auroc_per_unit[unit] for arm, scores in arms.items()})
            for unit in first.auroc_per_unit
        },
        "accuracy": _beside({arm: scores.accuracy for arm, scores in arms.items()}),
        "accuracy_per_unit": {
            unit: _beside({arm: scores.accuracy_per_unit[unit] for arm, scores in arms.items()})
            for unit in first.accuracy_per_unit
        },
    }


def _beside(values: dict[str, float | None]) -> dict[str, float | None] | None:
    return None if all(value is None for value in values.values()) else values


def _threshold(trained: TrainedModel, judged: Judged) -> dict[str, Any] | None:
    if judged.threshold is None:
        return None
    by = "spared units" if trained.split.validation else "training units, each by a model that left it out"
    asked = {"asked_false_alarm_fraction": trained.spec.decision.false_alarm_fraction}
    if trained.spec.decision.false_alarms_per_turbine_year is not None:
        asked["asked_false_alarms_per_turbine_year"] = trained.spec.decision.false_alarms_per_turbine_year
    return {**asked, "judged_on": by, **asdict(judged.threshold)}


def limits(trained: TrainedModel, judged: Judged, dataset: DataSet) -> list[str]:
    """What the figures do not say, in plain sentences."""
    provenance, tests = dataset.provenance, [trained.tables[unit_id] for unit_id in trained.split.test]
    if provenance.get("synthetic"):
        found = ["Trained and judged on simulated machines: no figure here was measured on a turbine."]
    elif provenance.get("format") in BENCH_FORMATS:
        found = ["Bench bearings, no wind turbine among them."]
    elif all(table.id in {unit.id for unit in dataset.units} for table in tests):
        found = ["Judged on the machines of this data set only; another type of machine was not seen."]
    else:
        found = ["Judged on the machines of the test data set only; other types of machine were not seen."]
    if isinstance(provenance.get("warning"), str):
        found.append(f"The data: {provenance['warning']}.")
    tested = {int(fault) for table in tests for fault in set(table.fault[table.scored].tolist())}
    missing = [name for i, name in enumerate(trained.spec.labels.fault_types) if i not in tested]
    if missing:
        found.append(f"No test unit shows {', '.join(missing)}: how well it is told is not known.")
    if trained.spec.labels.horizon_s is not None and judged.scores.auroc_mean is None:
        found.append("No test unit shows both failing and not: how well failure is told is not known.")
    windows = trained.spec.chain.calibration_windows
    if windows:
        found.append(f"The first {windows} windows of a unit are its self-calibration and are not scored.")
    found.append(f"{len(tests)} test units: an interval around these figures is wide.")
    if judged.threshold is not None and not judged.threshold.kept:
        found.append("No threshold keeps to the false-alarm rate on the validated units; it is the highest.")
    found.append("The same seed gives the same bytes on the same kind of CPU and the same versions.")
    return found
