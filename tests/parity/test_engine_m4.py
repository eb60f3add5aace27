"""The kernels for the DSP extension: TFLite Micro's bytes over the grid of operations, the forms that they
specialise on, and networks; here through their C equivalents, and on the emulated board form by form.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import engine_board
import numpy as np
import pytest
import test_engine_models
import test_engine_ops as grid
from aurora.compile import Program, compile_model
from aurora.compress.tflm import TflmInterpreter
from aurora.spec.board import load_board
from aurora.verify.image import build_image
from aurora.verify.inputs import seeded_inputs
from aurora.verify.machine import INFERENCE, run_image
from engine_host import HostEngine, extremes, random_inputs
from test_engine_ops import out_size
from tflite_file import NONE, RELU, RELU6, SAME, VALID, TfliteFile

CORE = "cortex-m4f"
Build = Callable[[Program], HostEngine]


def check(tflite: bytes, build: Build, rows: int = 60, fuse: bool = True) -> Program:
    program = compile_model(tflite, CORE, fuse=fuse)
    inputs, expected = oracle(tflite, program, rows)
    differing = np.argwhere(build(program).run(inputs) != expected)
    assert not len(differing), f"{len(differing)} bytes differ, first at row, byte {differing[0]}"
    return program


def oracle(tflite: bytes, program: Program, rows: int) -> tuple[np.ndarray, np.ndarray]:
    size = sum(port.bytes for port in program.inputs)
    inputs = np.concatenate([extremes(size), random_inputs(size, rows)])
    return inputs, TflmInterpreter(tflite, arena_bytes=1 << 20).run(inputs)


@pytest.fixture(autouse=True)
def with_m4_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_pool(case: str, kind: str, build: Build) -> None:
    grid.test_pool(case, kind, build)


def convolution(
    shape: tuple[int, int, int],
    taps: tuple[int, int],
    channels: int,
    stride: int = 1,
    padding: int = SAME,
    zero: int = -128,
    activation: int = RELU,
    pool: int = 1,
    bias: int = 9000,
    weights: int = 127,
    out_zero: int | None = None,
    out_scale: float = 0.35,
    dead: tuple[int, ...] = (),
) -> bytes:
    """A convolution with strides along both axes that are longer than 1, and a max pool along its row.
    ``bias`` is the largest of every other channel's, ``weights`` the largest; ``dead`` channels are the same
    for every input."""
    rng = np.random.default_rng(7)
    file = TfliteFile()
    x = file.tensor((1, *shape), 0.03, zero)
    strides = (stride if shape[0] > 1 else 1, stride if shape[1] > 1 else 1)
    size = [out_size(shape[i], taps[i], strides[i], 1, padding) for i in range(2)]
    out_zero = out_zero if out_zero is not None else -128 if activation else 12
    out = file.tensor((1, *size, channels), out_scale, out_zero)
    scales = rng.uniform(0.002, 0.02, channels).astype(np.float32)
    values = rng.integers(-weights, weights + (weights < 128), (channels, *taps, shape[2])).astype(np.int8)
    biases = rng.integers(-9000, 9000, channels)
    biases[::2] = rng.choice([-bias, bias], len(biases[::2]))
    biases[list(dead)] = 500_000_000 * rng.choice([-1, 1], len(dead))
    w = file.tensor(values.shape, scales, data=values)
    b = file.tensor((channels,), np.float32(0.03) * scales, data=biases.astype(np.int32))
    options = {"dilationHFactor": 1, "dilationWFactor": 1, "padding": padding}
    options |= {"strideH": strides[0], "strideW": strides[1], "fusedActivationFunction": activation}
    last = file.op("CONV_2D", [x, w, b], [out], **options)
    if pool > 1:
        along = [1, pool] if size[0] == 1 else [pool, 1]
        pooled = file.tensor((1, size[0] // along[0], size[1] // along[1], channels), 0.35, out_zero)
        last = file.op("MAX_POOL_2D", [last], [pooled], filterHeight=along[0], filterWidth=along[1],
                       strideH=along[0], strideW=along[1], padding=VALID)  # fmt: skip
    return file.bytes([x], [last])


BIG = 7_000_000  # a bias that packed sums cannot hold
ROWS, BLOCKS, STRIPS = "nn_m4_conv_rows", "nn_m4_conv_blocks", "nn_m4_conv_strips"
#: name -> (arguments, kernel, part of the name of its inner loop)
FORMS: dict[str, tuple[dict[str, Any], str, str]] = {
    "row": ({"shape": (1, 40, 8), "taps": (1, 5), "channels": 6}, ROWS, "rows_packed_10x1"),
    "row_wide": ({"shape": (1, 41, 3), "taps": (1, 8), "channels": 4, "stride": 4}, ROWS, "rows_wide"),
    "row_looped": ({"shape": (1, 30, 16), "taps": (1, 9), "channels": 6}, ROWS, "x3_32_6_1"),
    "row_column": ({"shape": (37, 1, 4), "taps": (5, 1), "channels": 4}, ROWS, "rows_packed"),
    "row_valid": (
        {"shape": (1, 33, 4), "taps": (1, 7), "channels": 5, "padding": VALID}, ROWS, "rows_packed"),
    "row_any": ({"shape": (1, 40, 8), "taps": (1, 5), "channels": 6, "activation": NONE}, ROWS, "_0"),
    "row_relu6": ({"shape": (1, 40, 8), "taps": (1, 5), "channels": 6, "activation": RELU6}, ROWS, "_1"),
    "row_any_wide": (
        {"shape": (1, 24, 4), "taps": (1, 5), "channels": 3, "activation": NONE, "bias": BIG,
         "out_scale": 90.0},
        ROWS,
        "rows_wide",
    ),
    "row_extreme_weights": (
        {"shape": (1, 40, 4), "taps": (1, 5), "channels": 6, "weights": 128}, ROWS, "rows_wide"),
    "row_relu_other_zero": (
        {"shape": (1, 40, 4), "taps": (1, 5), "channels": 6, "out_zero": -20}, ROWS, "_0"),
    "max_2": ({"shape": (1, 64, 3), "taps": (1, 9), "channels": 4, "stride": 4, "pool": 2}, ROWS, "max2_7x1"),
    "max_2_odd": ({"shape": (1, 40, 4), "taps": (1, 3), "channels": 5, "pool": 2}, ROWS, "max2"),
    "max_2_any": ({"shape": (1, 40, 4), "taps": (1, 3), "channels": 4, "pool": 2, "activation": NONE},
                  ROWS, "max2"),
    "max_2_looped": ({"shape": (1, 24, 16), "taps": (1, 9), "channels": 4, "pool": 2}, ROWS, "max2_12x3"),
    "max_4": ({"shape": (1, 64, 4), "taps": (1, 6), "channels": 6, "pool": 4}, ROWS, "max4"),
    "max_4_apart": ({"shape": (1, 64, 3), "taps": (1, 8), "channels": 4, "stride": 2, "pool": 4},
                    ROWS, "max4_6x1"),
    "max_4_looped": ({"shape": (1, 32, 16), "taps": (1, 9), "channels": 2, "pool": 4}, ROWS, "max4_12x3"),
    "max_4_column": ({"shape": (64, 1, 4), "taps": (6, 1), "channels": 6, "pool": 4}, ROWS, "max4"),
    "pointwise": ({"shape": (1, 17, 16), "taps": (1, 1), "channels": 8}, BLOCKS, "packed_relu"),
    "pointwise_short": ({"shape": (4, 7, 4), "taps": (1, 1), "channels": 4}, BLOCKS, "packed_relu"),
    "pointwise_any": (
        {"shape": (4, 7, 68), "taps": (1, 1), "channels": 5, "activation": NONE}, BLOCKS, "packed"),
    "pointwise_wide": (
        {"shape": (3, 8, 36), "taps": (1, 1), "channels": 4, "bias": BIG, "out_scale": 90.0},
        BLOCKS,
        "wide_relu",
    ),
    "pointwise_dead": (
        {"shape": (3, 7, 8), "taps": (1, 1), "channels": 15, "dead": (0, 1, 4, 5, 6, 7, 9, 12, 13)},
        BLOCKS,
        "packed_relu",
    ),
    "pointwise_dead_any": (
        {"shape": (3, 7, 8), "taps": (1, 1), "channels": 10, "dead": (4, 5, 6, 8, 9), "activation": NONE},
        BLOCKS,
        "packed",
    ),
    "pointwise_all_dead": (
        {"shape": (3, 7, 8), "taps": (1, 1), "channels": 5, "dead": (0, 1, 2, 3, 4)}, BLOCKS, "packed_relu"),
    "pointwise_long": ({"shape": (2, 3, 132), "taps": (1, 1), "channels": 3}, BLOCKS, "packed_relu"),
    "pointwise_strided": ({"shape": (5, 6, 8), "taps": (1, 1), "channels": 4, "stride": 2}, BLOCKS, "packed"),
    "pointwise_3": ({"shape": (3, 5, 3), "taps": (1, 1), "channels": 4}, BLOCKS, "packed_relu"),
    "strip": ({"shape": (8, 7, 8), "taps": (3, 3), "channels": 6}, STRIPS, "packed_relu"),
    "strip_strided": (
        {"shape": (9, 10, 4), "taps": (3, 3), "channels": 7, "stride": 2}, STRIPS, "packed_relu"),
    "strip_valid": ({"shape": (9, 8, 4), "taps": (3, 2), "channels": 2, "padding": VALID}, STRIPS, "packed"),
    "strip_any": ({"shape": (6, 7, 8), "taps": (3, 3), "channels": 6, "activation": NONE}, STRIPS, "packed"),
    "strip_wide": (
        {"shape": (6, 7, 4), "taps": (3, 3), "channels": 5, "bias": BIG, "out_scale": 90.0},
        STRIPS,
        "wide_relu",
    ),
    "strip_wide_any": (
        {"shape": (6, 7, 4), "taps": (3, 3), "channels": 5, "bias": BIG, "out_scale": 90.0,
         "activation": NONE},
        STRIPS,
        "wide",
    ),
    "strip_long": ({"shape": (45, 8, 16), "taps": (3, 3), "channels": 4}, STRIPS, "packed_relu"),
    "strip_tall": ({"shape": (30, 5, 8), "taps": (9, 3), "channels": 3, "stride": 2}, STRIPS, "packed_relu"),
    "strip_beyond": ({"shape": (6, 3, 4), "taps": (5, 9), "channels": 4}, STRIPS, "packed_relu"),
    "block": ({"shape": (3, 7, 8), "taps": (3, 3), "channels": 6}, BLOCKS, "packed_relu"),
    "block_any": ({"shape": (3, 6, 4), "taps": (3, 3), "channels": 5, "activation": NONE}, BLOCKS, "packed"),
    "block_wide": (
        {"shape": (3, 7, 4), "taps": (3, 3), "channels": 5, "bias": BIG, "out_scale": 90.0},
        BLOCKS,
        "wide_relu",
    ),
    "block_3": ({"shape": (10, 9, 3), "taps": (3, 3), "channels": 4, "zero": 33}, BLOCKS, "packed_relu"),
    "block_1": ({"shape": (12, 9, 1), "taps": (10, 4), "channels": 4, "stride": 2}, STRIPS, "packed_relu"),
    "block_small": ({"shape": (1, 3, 1), "taps": (3, 3), "channels": 2}, BLOCKS, "packed_relu"),
    "one_position": (
        {"shape": (1, 1, 12), "taps": (1, 1), "channels": 6, "padding": VALID}, "nn_m4_dense", "packed_relu"),
    "two_positions": ({"shape": (1, 2, 12), "taps": (1, 1), "channels": 6}, "nn_conv_2d", ""),
    "one_channel": ({"shape": (1, 9, 12), "taps": (1, 3), "channels": 1}, "nn_conv_2d", ""),
    "dead_channels": (
        {"shape": (1, 40, 4), "taps": (1, 5), "channels": 6, "bias": 500_000_000}, ROWS, "rows_packed"),
    "dead_channels_max": (
        {"shape": (1, 40, 4), "taps": (1, 5), "channels": 6, "bias": 500_000_000, "pool": 2}, ROWS, "max2"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_form(form: str, build: Build) -> None:
    arguments, function, loop = FORMS[form]
    step = check(convolution(**arguments), build).layout["steps"][0]
    assert step["function"] == function
    assert loop in step["fields"].get("tile", step["fields"].get("block", ""))


@pytest.mark.parametrize("out_scale", [0.2, 0.003, 2.0, 90.0, 2000.0])
@pytest.mark.parametrize("activation", [NONE, RELU], ids=["any", "relu"])
@pytest.mark.parametrize("form", ["row", "max_2", "block", "strip"])
def test_scales(form: str, activation: int, out_scale: float, build: Build) -> None:
    """Right shifts from none to beyond what the merged form holds."""
    arguments = FORMS[form][0] | {"activation": activation, "out_scale": out_scale, "pool": 1}
    check(convolution(**arguments), build)


@pytest.mark.parametrize("activation", [NONE, RELU6], ids=["none", "relu6"])
@pytest.mark.parametrize("shape", [(1, 2, 4), (1, 300, 8), (5, 7, 12), (26, 20, 4)], ids=str)
def test_mean_over_all_positions(shape: tuple[int, int, int], activation: int, build: Build) -> None:
    file = TfliteFile()
    x, out = file.tensor((1, *shape), 0.07, -9), file.tensor((1, 1, 1, shape[2]), 0.07, -9)
    file.op("AVERAGE_POOL_2D", [x], [out], filterHeight=shape[0], filterWidth=shape[1], strideH=1, strideW=1,
            padding=VALID, fusedActivationFunction=activation)  # fmt: skip
    program = check(file.bytes([x], [out]), build)
    assert program.layout["steps"][0]["function"] == "nn_m4_mean_pool"


ON_BOARD = ["row", "row_wide", "row_looped", "row_any", "max_2", "max_2_any", "max_4_apart", "max_4_looped",
            "pointwise", "pointwise_short", "pointwise_any", "pointwise_wide", "pointwise_dead", "block_3",
            "block_any", "block_wide", "strip_any", "strip_wide_any", "strip_long", "strip_tall",
            "one_position"]  # fmt: skip


@pytest.mark.emulated
@pytest.mark.parametrize("form", ON_BOARD)
def test_form_on_the_board(form: str, tmp_path: Path) -> None:
    tflite = convolution(**FORMS[form][0])
    program = compile_model(tflite, CORE)
    inputs, expected = oracle(tflite, program, 20)
    assert np.array_equal(engine_board.run(program, program.constants, inputs, tmp_path), expected)


@pytest.mark.emulated
def test_dead_channels_cost_little_and_are_no_part_of_the_layout(tmp_path: Path) -> None:
    board, spent, layouts = load_board("mps2_an386"), [], set()
    for dead in (range(0), range(4, 16)):
        tflite = convolution((3, 8, 64), (1, 1), 16, dead=tuple(dead))
        program = compile_model(tflite, CORE)
        image = build_image(program, board, tmp_path / str(len(spent)))
        run = run_image(image, seeded_inputs(program.inputs, 1), count=INFERENCE)
        spent += run.instructions()
        layouts.add(program.layout_id)
    assert len(layouts) == 1
    assert spent[1] < spent[0] / 2


@pytest.mark.parametrize("seed", range(15))
def test_random_network(seed: int, build: Build) -> None:
    tflite = test_engine_models.Chain(seed).bytes()
    check(tflite, build, rows=30)
    check(tflite, build, rows=10, fuse=False)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 600))
def test_many_random_networks(seed: int, build: Build) -> None:
    test_random_network(seed, build)
