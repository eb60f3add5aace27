"""FEMTO, leave one bearing out, "fails within 10 min": float, int8 in TFLite Micro, and int8 on the board.

Every window weighs by the time it stands for; the first 20 of a bearing are its self-calibration and are not
scored. Form, regularisation, normalisation and threshold are chosen inside the five training bearings of each
fold (aurora.train.fit): the bearing left out is scored once. Bench bearings, not turbines.

    python tests/bench/femto.py [--no-board]      writes build/bench/femto.json
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from aurora.compress.int8 import Head
from aurora.compress.produce import produce_release
from aurora.compress.release import Release
from aurora.files import write_atomic
from aurora.signals.dataset import DataSet, Unit, load_dataset
from aurora.signals.importers.registry import import_recording
from aurora.train.arms import float_scores, logistic_scores
from aurora.train.derive import derive_spec
from aurora.train.fit import TrainedModel, train_model
from aurora.train.metrics import Scores, score_units
from aurora.train.split import Split
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "build" / "bench" / "femto.json"
FLOAT_AT_LEAST, INT8_WITHIN = 0.90, 0.01

#: (release, bearing left out) -> the board's int8 output blocks [w, bytes] for every window of the bearing
BoardOutputs = Callable[[Release, Unit], NDArray[np.int8]]


def main() -> int:
    """Exit status 1 where a required figure is missed, 0 otherwise or where the recordings are absent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-board", action="store_true", help="leave out the emulated board")
    options = parser.parse_args()
    source = shared_folder() / "data" / "femto_raw_full.npz"
    if not source.is_file():
        print(f"femto: skipped, {source} is not here")
        return 0
    board = None if options.no_board else board_outputs()
    with tempfile.TemporaryDirectory(prefix="aurora-femto-") as folder:
        import_recording(source, Path(folder) / "data")
        dataset = load_dataset(Path(folder) / "data")
        report = run(dataset, Path(folder) / "releases", board)
    write_atomic(RESULT, json.dumps(report, indent=1) + "\n")
    print_report(report)
    return 0 if report["passed"] else 1


def run(dataset: DataSet, folder: Path, board: BoardOutputs | None) -> dict[str, object]:
    """All folds; ``folder`` takes their releases."""
    began = time.monotonic()
    folds = {unit.id: _fold(dataset, unit.id, folder, board) for unit in dataset.units}

    def mean(arm: str) -> float | None:
        values = [fold["auroc"][arm] for fold in folds.values() if fold["auroc"].get(arm) is not None]
        return float(np.mean(values)) if values else None

    float_mean, int8_mean, board_mean = mean("float"), mean("int8_host"), mean("board")
    assert float_mean is not None and int8_mean is not None
    passed = float_mean >= FLOAT_AT_LEAST and abs(int8_mean - float_mean) <= INT8_WITHIN
    passed = passed and (board is None or board_mean == int8_mean)
    return {
        "auroc_mean": float_mean,
        "auroc_int8": int8_mean,
        "auroc_board": board_mean,
        "auroc_logistic_regression": mean("logistic_regression"),
        "bearings": folds,
        "windows": dataset.windows,
        "horizon_s": dataset.horizon_s,
        "passed": passed,
        "seconds": round(time.monotonic() - began, 1),
        "note": "leave one bearing out, time-weighted; bench bearings, no wind turbine among them",
    }


def _fold(dataset: DataSet, left_out: str, folder: Path, board: BoardOutputs | None) -> dict[str, object]:
    others = tuple(unit.id for unit in dataset.units if unit.id != left_out)
    spec = derive_spec(dataset, f"femto-{left_out}")
    trained = train_model(dataset, spec, Split(train=others, validation=(), test=(left_out,)))
    release = produce_release(trained, dataset, folder / left_out)
    arms: dict[str, Scores] = {
        "float": float_scores(trained),
        "logistic_regression": logistic_scores(trained),
    }
    auroc = {arm: scores.auroc_per_unit[left_out] for arm, scores in arms.items()}
    auroc["int8_host"] = release.document["metrics"]["auroc_per_unit"][left_out]["int8_host"]
    if board is not None:
        auroc["board"] = _board_auroc(trained, release, dataset.unit(left_out), board)
    print(f"  {left_out}: " + ", ".join(f"{arm} {value:.3f}" for arm, value in auroc.items()), flush=True)
    return {
        "auroc": auroc,
        "form": release.document["form"],
        "l2": release.spec.training.l2,
        "rotation": trained.rotation,
        "threshold": release.document["threshold"],
    }


def _board_auroc(trained: TrainedModel, release: Release, unit: Unit, board: BoardOutputs) -> float | None:
    outputs = board(release, unit)
    heads = [Head(**head) for head in release.document["heads"]]
    by_head = {head.name: head.of(outputs) for head in heads}
    return score_units([trained.tables[unit.id]], {unit.id: by_head}).auroc_per_unit[unit.id]


def shared_folder() -> Path:
    """Where recordings that are not ours to distribute lie."""
    import os

    return Path(os.environ.get("AURORA_SHARED", ROOT.parent / "shared"))


def board_outputs() -> BoardOutputs | None:
    """The emulated board as a function, None where this checkout cannot run it."""
    return None


def print_report(report: dict[str, object]) -> None:
    """The figures in one line each."""
    for key in ("auroc_mean", "auroc_int8", "auroc_board", "auroc_logistic_regression"):
        value = report[key]
        print(f"  {key}: " + ("not run" if value is None else f"{value:.4f}"))
    print(f"  wrote {RESULT.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
