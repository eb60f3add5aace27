"""FEMTO, leave one bearing out, "fails within 10 min": float, int8 in TFLite Micro, and int8 on the board.

Every window weighs by the time it stands for; the first 20 of a bearing are its self-calibration and are not
scored. Form, regularisation, normalisation and threshold are chosen inside the five training bearings of each
fold (aurora.train.fit): the bearing left out is scored once. Bench bearings, not turbines.

    python tests/bench/femto.py [--no-board]      writes build/bench/femto.json
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from aurora.build.firmware import BuildResult, build_firmware
from aurora.compile import compile_model
from aurora.compress.produce import produce_release
from aurora.compress.release import Release
from aurora.demo.board_run import run_board
from aurora.files import write_atomic
from aurora.pack.release import pack_release
from aurora.signals.dataset import DataSet, Unit, load_dataset
from aurora.signals.importers.registry import import_recording
from aurora.spec.board import load_board
from aurora.train.arms import float_scores, logistic_scores
from aurora.train.derive import derive_spec
from aurora.train.fit import TrainedModel, train_model
from aurora.train.metrics import Scores, score_units
from aurora.train.split import Split
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "build" / "bench" / "femto.json"
FLOAT_AT_LEAST, INT8_WITHIN = 0.90, 0.01

BOARD = "mps2_an386"


class Boards:
    """The emulated board: one firmware serves every fold whose network has the same layout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.firmwares: dict[bytes, BuildResult] = {}
        self.bytes_differing = self.windows = 0

    def outputs(self, release: Release, unit: Unit, rate_hz: float) -> NDArray[np.int8]:
        """int8 output blocks [w, bytes] for every window of the bearing left out."""
        board = load_board(BOARD)
        program = compile_model(release.tflite, board.core)
        if program.layout_id not in self.firmwares:
            self.firmwares[program.layout_id] = build_firmware(BOARD, release.path)
        pack = self.folder / f"{unit.id}.pack"
        write_atomic(pack, pack_release(release, board, program))
        run = run_board(self.firmwares[program.layout_id], pack, release.tflite, unit, rate_hz)
        self.bytes_differing += run.differing
        self.windows += run.windows
        return run.board.outputs


def main() -> int:
    """Exit status 1 where a required figure is missed, 0 otherwise or where the recordings are absent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-board", action="store_true", help="leave out the emulated board")
    options = parser.parse_args()
    source = shared_folder() / "data" / "femto_raw_full.npz"
    if not source.is_file():
        print(f"femto: skipped, {source} is not here")
        return 0
    with tempfile.TemporaryDirectory(prefix="aurora-femto-") as folder:
        board = None if options.no_board else Boards(Path(folder))
        import_recording(source, Path(folder) / "data")
        dataset = load_dataset(Path(folder) / "data")
        report = run(dataset, Path(folder) / "releases", board)
    write_atomic(RESULT, json.dumps(report, indent=1) + "\n")
    print_report(report)
    return 0 if report["passed"] else 1


def run(dataset: DataSet, folder: Path, board: Boards | None) -> dict[str, object]:
    """All folds; ``folder`` takes their releases."""
    began = time.monotonic()
    folds = {unit.id: _fold(dataset, unit.id, folder, board) for unit in dataset.units}

    def mean(arm: str) -> float | None:
        values = [fold["auroc"][arm] for fold in folds.values() if fold["auroc"].get(arm) is not None]
        return float(np.mean(values)) if values else None

    float_mean, int8_mean, board_mean = mean("float"), mean("int8_host"), mean("board")
    assert float_mean is not None and int8_mean is not None
    passed = float_mean >= FLOAT_AT_LEAST and abs(int8_mean - float_mean) <= INT8_WITHIN
    passed = passed and (board is None or (board_mean == int8_mean and board.bytes_differing == 0))
    return {
        "auroc_mean": float_mean,
        "auroc_int8": int8_mean,
        "auroc_board": board_mean,
        "auroc_logistic_regression": mean("logistic_regression"),
        "bearings": folds,
        "board": None if board is None else BOARD,
        "board_windows": None if board is None else board.windows,
        "bytes_differing": None if board is None else board.bytes_differing,
        "firmwares_built": None if board is None else len(board.firmwares),
        "windows": dataset.windows,
        "horizon_s": dataset.horizon_s,
        "passed": passed,
        "seconds": round(time.monotonic() - began, 1),
        "note": "leave one bearing out, time-weighted; bench bearings, no wind turbine among them",
    }


def _fold(dataset: DataSet, left_out: str, folder: Path, board: Boards | None) -> dict[str, object]:
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
        auroc["board"] = _board_auroc(trained, release, dataset, left_out, board)
    print(f"  {left_out}: " + ", ".join(f"{arm} {value:.3f}" for arm, value in auroc.items()), flush=True)
    return {
        "auroc": auroc,
        "form": release.document["form"],
        "l2": release.spec.training.l2,
        "rotation": trained.rotation,
        "threshold": release.document["threshold"],
    }


def _board_auroc(
    trained: TrainedModel, release: Release, dataset: DataSet, left_out: str, board: Boards
) -> float | None:
    outputs = board.outputs(release, dataset.unit(left_out), dataset.rate_hz)
    by_head = {head.name: head.of(outputs) for head in release.heads}
    return score_units([trained.tables[left_out]], {left_out: by_head}).auroc_per_unit[left_out]


def shared_folder() -> Path:
    """Where recordings that are not ours to distribute lie."""
    return Path(os.environ.get("AURORA_SHARED", ROOT.parent / "shared"))


def print_report(report: dict[str, object]) -> None:
    """The figures in one line each."""
    if report["board"]:
        differing = report["bytes_differing"]
        print(f"  {report['board_windows']} windows on {report['board']}: {differing} bytes differ")
    for key in ("auroc_mean", "auroc_int8", "auroc_board", "auroc_logistic_regression"):
        value = report[key]
        print(f"  {key}: " + ("not run" if value is None else f"{value:.4f}"))
    print(f"  wrote {RESULT.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
