"""ADD and AVERAGE_POOL_2D of the m4 variant, byte for byte TFLite Micro's, here and on the emulated board."""

from collections.abc import Callable
from pathlib import Path

import engine_board
import numpy as np
import pytest
from aurora.compile import Program, compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_host import HostEngine, extremes, random_inputs
from tflite_file import NONE, RELU, RELU6, SAME, VALID, TfliteFile

ADDS = {
    # name: scales of a, b and the sum, elements, activation, whether one affine form holds
    "equal": ((0.1, 0.1, 0.1), 40, NONE, True),
    "tail": ((0.02, 0.7, 0.5), 43, NONE, True),
    "relu": ((0.05, 0.03, 0.04), 21, RELU, True),
    "narrow_clamp": ((0.05, 0.03, 0.04), 21, RELU6, False),
    "beyond_32_bits": ((3.0, 2.0, 0.003), 22, NONE, False),
}
POOLS = {
    # name: input (h, w, c), taps, stride, padding, activation
    "whole": ((5, 7, 8), (5, 7), (5, 7), VALID, NONE),
    "255_taps": ((15, 17, 4), (15, 17), (15, 17), VALID, NONE),
    "256_taps": ((16, 16, 4), (16, 16), (16, 16), VALID, NONE),
    "overlapping": ((6, 7, 12), (3, 3), (1, 1), SAME, RELU),
    "row": ((1, 32, 4), (1, 4), (1, 4), VALID, RELU6),
}


def add(case: str) -> bytes:
    scales, count, activation, _ = ADDS[case]
    file = TfliteFile()
    a, b = file.tensor((1, count), scales[0], -20), file.tensor((1, count), scales[1], 90)
    out = file.tensor((1, count), scales[2], -128 if activation == RELU else 5)
    file.op("ADD", [a, b], [out], fusedActivationFunction=activation)
    return file.bytes([a, b], [out])


def pool(case: str) -> bytes:
    shape, taps, stride, padding, activation = POOLS[case]
    file = TfliteFile()
    size = [-(-n // s) if padding == SAME else (n - t) // s + 1
            for n, t, s in zip(shape, taps, stride, strict=False)]  # fmt: skip
    x, out = file.tensor((1, *shape), 0.05, -7), file.tensor((1, *size, shape[2]), 0.05, -7)
    file.op("AVERAGE_POOL_2D", [x], [out], filterHeight=taps[0], filterWidth=taps[1], strideH=stride[0],
            strideW=stride[1], padding=padding, fusedActivationFunction=activation)  # fmt: skip
    return file.bytes([x], [out])


NETWORKS = {f"add_{case}": add(case) for case in ADDS} | {f"pool_{case}": pool(case) for case in POOLS}


def oracle(tflite: bytes, program: Program, rows: int) -> tuple[np.ndarray, np.ndarray]:
    size = sum(port.bytes for port in program.inputs)
    inputs = np.concatenate([extremes(size), random_inputs(size, rows)])
    return inputs, TflmInterpreter(tflite, arena_bytes=1 << 18).run(inputs)


@pytest.mark.parametrize("name", NETWORKS)
def test_sums(name: str, build: Callable[[Program], HostEngine]) -> None:
    program = compile_model(NETWORKS[name], "cortex-m4f")
    (step,) = program.layout["steps"]
    assert step["function"].startswith("nn_m4_") or name == "pool_256_taps"
    inputs, expected = oracle(NETWORKS[name], program, 200)
    assert np.array_equal(build(program).run(inputs), expected)


@pytest.mark.parametrize("case", ADDS)
def test_the_form_of_an_add_is_no_part_of_the_layout(case: str) -> None:
    program = compile_model(add(case), "cortex-m4f")
    (step,) = program.layout["steps"]
    at = step["constants"]["values"]["offset"]
    proved = np.frombuffer(program.constants[at : at + 16], "<i4")[3]
    assert proved == ADDS[case][3] and not step["facts"]


@pytest.mark.emulated
@pytest.mark.parametrize("name", ["add_tail", "add_narrow_clamp", "pool_255_taps", "pool_overlapping"])
def test_sums_on_the_board(name: str, tmp_path: Path) -> None:
    program = compile_model(NETWORKS[name], "cortex-m4f")
    inputs, expected = oracle(NETWORKS[name], program, 20)
    assert np.array_equal(engine_board.run(program, program.constants, inputs, tmp_path), expected)
