"""Depthwise convolutions of the m4 variant on this machine, byte for byte TFLite Micro's: strides, paddings,
blocks that overlap, strips, rows of taps in parts, shifts common to all channels and of each channel's."""

from collections.abc import Callable
from pathlib import Path

import engine_board
import numpy as np
import pytest
from aurora.compile import Program, compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_host import HostEngine, extremes, random_inputs
from tflite_file import NONE, RELU, RELU6, SAME, VALID, TfliteFile

CASES = {
    # name: input (h, w, c), taps, stride, padding, input zero, activation, weight scales
    "1x5_stride_2": ((1, 32, 8), (1, 5), (1, 2), SAME, -128, RELU, (0.002, 0.02)),
    "1x3": ((1, 11, 4), (1, 3), (1, 1), SAME, 5, RELU, (0.002, 0.02)),
    "1x2": ((1, 11, 4), (1, 2), (1, 1), SAME, 5, NONE, (0.002, 0.02)),
    "1x4": ((1, 14, 4), (1, 4), (1, 1), VALID, 5, NONE, (0.002, 0.02)),
    "1x6_stride_2": ((1, 41, 4), (1, 6), (1, 2), VALID, 90, RELU, (0.002, 0.02)),
    "1x1_stride_2": ((3, 9, 4), (1, 1), (1, 2), SAME, 90, RELU, (0.002, 0.02)),
    "column": ((30, 1, 8), (5, 1), (2, 1), SAME, -128, RELU, (0.002, 0.02)),
    "3x3": ((7, 6, 8), (3, 3), (1, 1), SAME, -128, RELU, (0.002, 0.02)),
    "3x3_odd": ((9, 13, 4), (3, 3), (1, 1), SAME, 77, RELU, (0.002, 0.02)),
    "3x3_strips": ((30, 50, 4), (3, 3), (1, 1), SAME, 77, RELU, (0.002, 0.02)),
    "3x3_stride_2": ((8, 12, 4), (3, 3), (2, 2), SAME, 3, RELU6, (0.002, 0.02)),
    "3x3_stride_2_odd": ((51, 47, 4), (3, 3), (2, 2), SAME, 3, NONE, (0.002, 0.02)),
    "3x3_stride_3x1": ((14, 10, 4), (3, 3), (3, 1), VALID, 3, NONE, (0.002, 0.02)),
    "2x3_stride_4x2": ((40, 90, 4), (2, 3), (4, 2), VALID, 3, NONE, (0.002, 0.02)),
    "valid_cut": ((7, 8, 4), (3, 3), (2, 2), VALID, -128, RELU, (0.002, 0.02)),
    "5x4": ((9, 12, 4), (5, 4), (1, 1), SAME, -9, RELU, (0.002, 0.02)),
    "1x5": ((1, 33, 8), (1, 5), (1, 1), SAME, -128, RELU, (0.002, 0.02)),
    "1x9": ((1, 40, 4), (1, 9), (1, 1), SAME, 77, NONE, (0.002, 0.02)),
    "1x20": ((1, 40, 4), (1, 20), (1, 1), VALID, 77, RELU, (0.002, 0.01)),
    "1x7_stride_2": ((1, 41, 4), (1, 7), (1, 2), SAME, 5, RELU, (0.002, 0.02)),
    "1x12_stride_2": ((1, 64, 4), (1, 12), (1, 2), SAME, 5, NONE, (0.002, 0.02)),
    "5x5": ((9, 12, 4), (5, 5), (1, 1), SAME, -9, RELU, (0.002, 0.02)),
    "5x5_strips": ((40, 44, 4), (5, 5), (1, 1), SAME, -9, NONE, (0.002, 0.02)),
    "7x7_stride_2": ((15, 20, 4), (7, 7), (2, 2), SAME, -9, RELU6, (0.002, 0.02)),
    "column_7": ((30, 1, 8), (7, 1), (1, 1), SAME, -128, RELU, (0.002, 0.02)),
    "wide_range": ((6, 6, 8), (3, 3), (1, 1), SAME, -128, RELU, (0.00002, 0.3)),
    "wide_range_any": ((6, 6, 8), (3, 3), (1, 1), SAME, 0, NONE, (0.00002, 0.1)),
    "large_factors": ((6, 6, 4), (3, 3), (1, 1), SAME, 0, RELU, (20.0, 30.0)),
    "two_columns": ((5, 2, 4), (3, 3), (1, 1), SAME, 12, RELU, (0.002, 0.02)),
    "one_column": ((5, 1, 4), (3, 3), (1, 1), SAME, 12, RELU, (0.002, 0.02)),
    "7x9": ((9, 12, 4), (7, 9), (1, 1), SAME, -9, RELU, (0.002, 0.02)),
    "three_channels": ((5, 6, 3), (3, 3), (1, 1), SAME, 12, RELU, (0.002, 0.02)),
}
PORTABLE = ("one_column", "7x9", "three_channels", "large_factors")


def network(case: str, chained: bool, scales: tuple[float, float] | None = None) -> bytes:
    shape, taps, stride, padding, zero, activation, (low, high) = CASES[case]
    low, high = scales or (low, high)
    rng = np.random.default_rng(7)
    file = TfliteFile()
    x = file.tensor((1, *shape), 0.03, zero)
    start = x
    if chained:  # so that the planner may put the result over the input
        start = file.tensor((1, *shape), 0.04, zero)
        file.conv(rng, x, (1, 1), start, rng.uniform(0.002, 0.02, shape[2]))
    size = [-(-n // s) if padding == SAME else (n - t) // s + 1
            for n, t, s in zip(shape, taps, stride, strict=False)]  # fmt: skip
    out = file.tensor((1, *size, shape[2]), 0.35, -128 if activation else 12)
    file.conv(rng, start, taps, out, np.geomspace(low, high, shape[2]), depthwise=True, bias=True,
              strideH=stride[0], strideW=stride[1], padding=padding,
              fusedActivationFunction=activation)  # fmt: skip
    end = out
    if chained:
        end = file.tensor((1, *size, shape[2]), 0.4, 3)
        file.conv(rng, out, (1, 1), end, rng.uniform(0.002, 0.02, shape[2]))
    return file.bytes([x], [end])


@pytest.mark.parametrize("chained", [False, True], ids=["alone", "chained"])
@pytest.mark.parametrize("case", CASES)
def test_depthwise(case: str, chained: bool, build: Callable[[Program], HostEngine]) -> None:
    tflite = network(case, chained)
    program = compile_model(tflite, "cortex-m4f", fuse=False)
    functions = {step["function"] for step in program.layout["steps"]}
    assert ("nn_depthwise_conv_2d" if case in PORTABLE else "nn_m4_depthwise") in functions
    inputs, expected = oracle(tflite, program, 60)
    differing = np.argwhere(build(program).run(inputs) != expected)
    assert not len(differing), f"{len(differing)} bytes differ, first at row, byte {differing[0]}"


@pytest.mark.emulated
@pytest.mark.parametrize("case", [case for case in CASES if case not in PORTABLE])
def test_depthwise_on_the_board(case: str, tmp_path: Path) -> None:
    tflite = network(case, chained=True)
    program = compile_model(tflite, "cortex-m4f", fuse=False)
    inputs, expected = oracle(tflite, program, 6)
    assert np.array_equal(engine_board.run(program, program.constants, inputs, tmp_path), expected)


@pytest.mark.parametrize("chained", [False, True], ids=["alone", "fused"])
def test_a_deployed_shift_is_kept_where_another_would_do(
    chained: bool, build: Callable[[Program], HostEngine]
) -> None:
    deployed = compile_model(network("1x5_stride_2", chained, (0.06, 3.5)), "cortex-m4f")
    tflite = network("1x5_stride_2", chained, (0.06, 0.8))
    own = compile_model(tflite, "cortex-m4f")
    assert own.layout_id != deployed.layout_id
    program = compile_model(tflite, "cortex-m4f", for_layout=deployed.layout)
    assert program.layout_id == deployed.layout_id
    inputs, expected = oracle(tflite, program, 20)
    assert np.array_equal(build(program).run(inputs), expected)


def oracle(tflite: bytes, program: Program, rows: int) -> tuple[np.ndarray, np.ndarray]:
    size = sum(port.bytes for port in program.inputs)
    inputs = np.concatenate([extremes(size), random_inputs(size, rows)])
    return inputs, TflmInterpreter(tflite, arena_bytes=1 << 19).run(inputs)
