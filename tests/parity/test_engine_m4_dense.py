"""Dense layers of the m4 variant whose input is expanded in pieces, byte for byte TFLite Micro's, here and on
the emulated board; and that pieces keep the arena small."""

from collections.abc import Callable
from pathlib import Path

import engine_board
import numpy as np
import pytest
from aurora.compile import Program, compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_host import HostEngine, extremes, random_inputs
from tflite_file import NONE, RELU, RELU6, TfliteFile

CASES = {
    # name: inputs, outputs, activation, largest bias, scale of the outputs
    "one_block": (256, 12, RELU, 9000, 0.35),
    "blocks": (512, 75, RELU, 9000, 0.35),
    "any": (388, 41, NONE, 9000, 0.35),
    "relu6": (388, 41, RELU6, 9000, 0.02),
    "wide": (516, 37, NONE, 7_000_000, 90.0),
    "wide_relu": (516, 64, RELU, 7_000_000, 90.0),
}


def network(case: str) -> bytes:
    """Two layers, so that the first one's outputs lie in the arena."""
    inputs, outputs, activation, bias, scale = CASES[case]
    rng = np.random.default_rng(11)
    file = TfliteFile()
    x, y = file.tensor((1, inputs), 0.03, -7), file.tensor((1, outputs), scale, -128 if activation else 12)
    scales = rng.uniform(0.002, 0.01, outputs).astype(np.float32)
    w = file.tensor(
        (outputs, inputs), scales, data=rng.integers(-127, 128, (outputs, inputs)).astype(np.int8)
    )
    b = file.tensor((outputs,), np.float32(0.03) * scales,
                    data=rng.integers(-bias, bias, outputs).astype(np.int32))  # fmt: skip
    file.op("FULLY_CONNECTED", [x, w, b], [y], fusedActivationFunction=activation)
    last = file.tensor((1, 6), scale, 3)
    file.dense(rng, y, outputs, last)
    return file.bytes([x], [last])


def oracle(tflite: bytes, program: Program, rows: int) -> tuple[np.ndarray, np.ndarray]:
    size = sum(port.bytes for port in program.inputs)
    inputs = np.concatenate([extremes(size), random_inputs(size, rows)])
    return inputs, TflmInterpreter(tflite, arena_bytes=1 << 18).run(inputs)


@pytest.mark.parametrize("case", CASES)
def test_pieces(case: str, build: Callable[[Program], HostEngine]) -> None:
    program = compile_model(network(case), "cortex-m4f")
    step = program.layout["steps"][0]
    assert step["function"] == "nn_m4_dense_pieces" and case.startswith("wide") == (
        "wide" in step["fields"]["tile"]
    )
    inputs, expected = oracle(network(case), program, 100)
    assert np.array_equal(build(program).run(inputs), expected)


def test_the_arena_needs_no_room_for_all_inputs() -> None:
    program = compile_model(network("blocks"), "cortex-m4f")
    assert program.arena_bytes < 512


@pytest.mark.emulated
@pytest.mark.parametrize("case", ["blocks", "any", "wide"])
def test_pieces_on_the_board(case: str, tmp_path: Path) -> None:
    program = compile_model(network(case), "cortex-m4f")
    inputs, expected = oracle(network(case), program, 10)
    assert np.array_equal(engine_board.run(program, program.constants, inputs, tmp_path), expected)
