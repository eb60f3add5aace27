"""The kernels for ARMv7-M without the DSP extension: TFLite Micro's bytes over the grid of operations, the
forms that they specialise on, and networks; here through their C equivalents, and on the emulated board.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import test_engine_m4 as m4_grid
import test_engine_m4_depthwise as planes
import test_engine_models
import test_engine_ops as grid
from aurora.compile import Program, compile_model
from aurora.compress.tflm import TflmInterpreter
from aurora.spec.board import load_board
from aurora.verify.image import build_image
from aurora.verify.inputs import make_inputs
from aurora.verify.machine import INFERENCE, Run, run_image
from engine_exact import assert_exact, input_blocks
from engine_host import ROOT, HostEngine
from m3_network import m3_forms
from tflite_file import NONE, RELU6

CORE, BOARD = "cortex-m3", "mps2_an385"
MODELS = Path(os.environ.get("AURORA_SHARED", ROOT.parent / "shared")) / "tflite"
ARENA_BYTES = 1 << 20
Build = Callable[[Program], HostEngine]


def check(tflite: bytes, build: Build, rows: int = 60) -> list[dict]:
    """Exact on this machine; the program's steps."""
    assert_exact(tflite, build, rows, core=CORE)
    return compile_model(tflite, CORE).layout["steps"]


@pytest.fixture(autouse=True)
def with_m3_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The grid's own tests, compiled for this variant."""
    monkeypatch.setattr(grid, "assert_exact", check)


@pytest.mark.parametrize("case", grid.DENSE)
def test_fully_connected(case: str, build: Build) -> None:
    grid.test_fully_connected(case, build)


@pytest.mark.parametrize("depthwise", [False, True], ids=["conv", "depthwise"])
@pytest.mark.parametrize("case", grid.CONVOLUTIONS)
def test_convolution(case: str, depthwise: bool, build: Build) -> None:
    grid.test_convolution(case, depthwise, build)


@pytest.mark.parametrize("depthwise", [False, True], ids=["conv", "depthwise"])
@pytest.mark.parametrize("scale", ["tensor", "above_1", "mixed"])
def test_convolution_scales(scale: str, depthwise: bool, build: Build) -> None:
    grid.test_convolution_scales(scale, depthwise, build)


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("case", grid.POOLS)
@pytest.mark.parametrize("channels", [None, 8], ids=["odd", "fours"])
def test_pool(case: str, kind: str, channels: int | None, build: Build, monkeypatch: Any) -> None:
    (h, w, c), *rest = grid.POOLS[case]
    monkeypatch.setitem(grid.POOLS, case, ((h, w, channels or c), *rest))
    grid.test_pool(case, kind, build)


@pytest.mark.parametrize("scales", [(0.1, 0.1, 0.1), (0.02, 0.7, 0.5), (0.9, 0.001, 0.01), (3.0, 2.0, 0.003)])
@pytest.mark.parametrize("activation", [NONE, RELU6], ids=["none", "relu6"])
def test_add(scales: tuple[float, float, float], activation: int, build: Build) -> None:
    grid.test_add(scales, activation, build)


#: name of a form in test_engine_m4.FORMS -> tile, or the kernel where it has none
FORMS = {
    "row": "nn_m3_row_relu",
    "row_wide": "nn_m3_row_relu",
    "row_column": "nn_m3_row_relu",
    "row_valid": "nn_m3_row_relu",
    "row_any": "nn_m3_row",
    "row_relu6": "nn_m3_row_relu",
    "row_any_wide": "nn_conv_2d",  # of 3 channels
    "row_extreme_weights": "nn_m3_row_relu",
    "row_relu_other_zero": "nn_m3_row",
    "max_2": "nn_m3_row_max2_relu",
    "max_2_odd": "nn_m3_row_max2_relu",
    "max_2_any": "nn_m3_row_max2",
    "max_4": "nn_m3_row_max4_relu",
    "max_4_apart": "nn_m3_row_max4_relu",
    "max_4_column": "nn_m3_row_max4_relu",
    "pointwise": "nn_m3_row_relu",
    "pointwise_strided": "nn_m3_row_relu",
    "pointwise_3": "nn_m3_row_relu",
    "strip": "nn_m3_rows_relu",
    "strip_strided": "nn_m3_rows_relu",
    "strip_any": "nn_m3_rows",
    "strip_wide": "nn_m3_rows_relu",
    "strip_long": "nn_m3_rows_relu",
    "strip_beyond": "nn_m3_rows_relu",
    "block": "nn_m3_rows_relu",
    "block_1": "nn_m3_rows_relu",
    "block_3": "nn_m3_rows_relu",
    "one_position": "nn_conv_2d",  # of 6 channels
    "two_positions": "nn_m3_row_relu",
    "one_channel": "nn_conv_2d",
    "dead_channels": "nn_m3_row_relu",
    "dead_channels_max": "nn_m3_row_max2_relu",
}


@pytest.mark.parametrize("form", FORMS)
def test_form(form: str, build: Build) -> None:
    (step,) = check(m4_grid.convolution(**m4_grid.FORMS[form][0]), build)
    assert step["fields"].get("windows", {}).get("tile", step["function"]) == FORMS[form]


@pytest.mark.parametrize("out_scale", [0.2, 0.003, 2.0, 90.0, 2000.0])
@pytest.mark.parametrize("form", ["row_any", "row", "strip"])
def test_scales(form: str, out_scale: float, build: Build) -> None:
    """Right shifts from none to beyond what the short form holds."""
    check(m4_grid.convolution(**m4_grid.FORMS[form][0] | {"out_scale": out_scale}), build)


PORTABLE = {"three_channels", "large_factors", "1x20"}


@pytest.mark.parametrize("chained", [False, True], ids=["alone", "chained"])
@pytest.mark.parametrize("case", planes.CASES)
def test_depthwise(case: str, chained: bool, build: Build) -> None:
    functions = {step["function"] for step in check(planes.network(case, chained), build)}
    assert bool(functions & {"nn_m3_depthwise", "nn_m3_conv_depthwise"}) == (case not in PORTABLE)


OVERLAPPING = 191  # its channels are no multiple of 4, and its output lies close behind its input


@pytest.mark.parametrize("seed", [*range(15), OVERLAPPING])
def test_random_network(seed: int, build: Build) -> None:
    check(test_engine_models.Chain(seed).bytes(), build, rows=30)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(200, 700))
def test_many_random_networks(seed: int, build: Build) -> None:
    test_random_network(seed, build)


def test_forms_of_a_network(build: Build) -> None:
    """The network reaches each kernel, as a step of its own and fused."""
    steps = check(m3_forms(), build)
    functions = {step["function"] for step in steps}
    assert functions == {f"nn_m3_{name}" for name in ("add", "conv", "conv_depthwise", "dense", "depthwise")}
    assert not any("MAX_POOL" in step["summary"] for step in steps)
    unfused = compile_model(m3_forms(), CORE, fuse=False).layout["steps"]
    assert sum(step["function"].endswith("max_pool_2d") for step in unfused) == 2


def test_retrained_models_run_on_the_first_ones_program(build: Build) -> None:
    """20 trainings with other weights, scales and zero points."""
    first = compile_model(m3_forms(1), CORE)
    engine = build(first)
    for seed in range(2, 22):
        program = compile_model(m3_forms(seed), CORE, for_layout=first.layout)
        assert program.layout_id == first.layout_id
        inputs = input_blocks(program, 5)
        expected = TflmInterpreter(m3_forms(seed), arena_bytes=ARENA_BYTES).run(inputs)
        assert np.array_equal(engine.run(inputs, program.constants), expected)


def on_board(tflite: bytes, folder: Path, count: int) -> tuple[Run, int]:
    """A run of ``count`` inputs on the emulated board, and how many rows are exact."""
    program, board = compile_model(tflite, CORE), load_board(BOARD)
    inputs = make_inputs(program.inputs, count)
    run = run_image(build_image(program, board, folder), inputs, count=INFERENCE)
    expected = TflmInterpreter(tflite, arena_bytes=ARENA_BYTES).run(inputs.view(np.int8))
    return run, int((run.outputs.view(np.int8) == expected).all(axis=1).sum())


@pytest.mark.emulated
def test_forms_on_the_board(tmp_path: Path) -> None:
    assert on_board(m3_forms(), tmp_path, 60)[1] == 60


@pytest.mark.soak
@pytest.mark.emulated
@pytest.mark.parametrize("form", FORMS)
def test_form_on_the_board(form: str, tmp_path: Path) -> None:
    assert on_board(m4_grid.convolution(**m4_grid.FORMS[form][0]), tmp_path, 24)[1] == 24


@pytest.mark.soak
@pytest.mark.emulated
@pytest.mark.parametrize("seed", range(800, 860))
def test_random_network_on_the_board(seed: int, tmp_path: Path) -> None:
    assert on_board(test_engine_models.Chain(seed).bytes(), tmp_path, 24)[1] == 24


@pytest.mark.emulated
@pytest.mark.parametrize("case", ["1x3", "1x6_stride_2", "3x3_odd", "3x3_stride_2_odd", "5x4", "one_column"])
def test_depthwise_on_the_board(case: str, tmp_path: Path) -> None:
    assert on_board(planes.network(case, chained=True), tmp_path, 6)[1] == 6


@pytest.mark.emulated
@pytest.mark.parametrize("name", ["vib_a", "vib_b", "vib_ae", "mlperf_ad01_int8"])
def test_model_is_exact_and_within_four_fifths_of_the_peer(name: str, tmp_path: Path) -> None:
    measure_model(name, tmp_path)


@pytest.mark.soak
@pytest.mark.emulated
@pytest.mark.parametrize("name", ["vib_c", "mlperf_kws_dscnn_int8", "mlperf_ic_resnet8_int8"])
def test_large_model_is_exact_and_within_four_fifths_of_the_peer(name: str, tmp_path: Path) -> None:
    measure_model(name, tmp_path)


def measure_model(name: str, folder: Path, inputs: int = 40) -> None:
    """Exact, and at most 0.8 of the instructions of TFLite Micro with CMSIS-NN."""
    path = MODELS / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"no {path}: set AURORA_SHARED")
    peers = json.loads((MODELS / "peers.json").read_text())["models"][name]["m3"]
    run, exact = on_board(path.read_bytes(), folder, inputs)
    assert exact == inputs
    assert max(run.instructions()) <= 0.8 * peers["tflm_cmsisnn"]["instructions"]
