"""The predictor against the emulated boards: within 5 % of the median of 20 seeded inputs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from aurora.compile import compile_model
from aurora.spec.board import load_board
from aurora.verify.image import build_image
from aurora.verify.inputs import seeded_inputs
from aurora.verify.machine import INFERENCE, run_image

ROOT = Path(__file__).resolve().parents[2]
MODELS = Path(os.environ.get("AURORA_SHARED", ROOT.parent / "shared")) / "tflite"
pytestmark = pytest.mark.emulated


@pytest.mark.parametrize("board_id", ["mps2_an386", "mps3_an547"])
@pytest.mark.parametrize("name", ["vib_a", "vib_b", "vib_ae", "mlperf_ad01_int8"])
def test_prediction_is_within_five_percent(name: str, board_id: str, tmp_path: Path) -> None:
    path, board = MODELS / f"{name}.tflite", load_board(board_id)
    if not path.is_file():
        pytest.skip(f"no {path}: set AURORA_SHARED")
    program = compile_model(path.read_bytes(), board.core)
    run = run_image(build_image(program, board, tmp_path), seeded_inputs(program.inputs, 20), count=INFERENCE)
    measured, predicted = float(np.median(run.instructions())), program.report["predicted_instructions"]
    assert predicted is not None, "a kernel has no coefficients: tests/bench/predictor.py --fit"
    assert abs(predicted / measured - 1) <= 0.05, "a kernel has changed: tests/bench/predictor.py --fit"
