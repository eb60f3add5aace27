"""A convolution along a row with the depthwise after it as one step of the m4 variant, byte for byte TFLite
Micro's, here and on the emulated board: chunks, rests, paddings, strides, clamps between the two."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import engine_board
import numpy as np
import pytest
from aurora.compile import Program, compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_host import HostEngine, extremes, random_inputs
from tflite_file import NONE, RELU, RELU6, SAME, VALID, TfliteFile

FUSED = "nn_m4_conv_depthwise"
BIG = 7_000_000  # a bias that packed sums cannot hold


@dataclass(frozen=True)
class Case:
    """``channels`` of input and convolution; (taps, stride, padding, activation) of both operations; the
    depthwise's weight scales reach from ``scales[0]`` to ``scales[1]``; its output is given out ``flat``."""

    width: int = 96
    channels: tuple[int, int] = (4, 8)
    conv: tuple[int, int, int, int] = (5, 1, SAME, RELU)
    depthwise: tuple[int, int, int, int] = (5, 2, SAME, RELU)
    zero: int = -128
    bias: int = 9000
    scales: tuple[float, float] = (0.002, 0.02)
    chained: bool = True
    flat: bool = False
    column: bool = False


CASES = {
    "vib": Case(width=256, channels=(3, 16), conv=(8, 4, SAME, RELU)),
    "pointwise": Case(width=128, channels=(16, 24), conv=(1, 1, SAME, RELU)),
    "first": Case(chained=False),
    "no_whole_chunk": Case(width=41, chained=False),
    "no_whole_chunk_flat": Case(width=468, channels=(4, 16), chained=False, flat=True),
    "rest": Case(width=74),
    "odd_channels": Case(channels=(4, 7)),
    "two_channels": Case(channels=(8, 2)),
    "stride_1": Case(depthwise=(3, 1, SAME, RELU)),
    "stride_1_even": Case(width=31, depthwise=(4, 1, SAME, RELU)),
    "two_taps": Case(depthwise=(2, 1, VALID, RELU)),
    "two_taps_stride_2": Case(width=37, depthwise=(2, 2, SAME, RELU)),
    "six_taps": Case(depthwise=(6, 2, VALID, RELU)),
    "valid": Case(conv=(7, 2, VALID, RELU), depthwise=(5, 2, VALID, RELU)),
    "clamped_between": Case(conv=(5, 1, SAME, RELU6), depthwise=(5, 2, SAME, RELU6), zero=5),
    "any": Case(conv=(5, 1, SAME, NONE), depthwise=(5, 2, SAME, NONE), zero=17),
    "wide": Case(bias=BIG),
    "looped": Case(channels=(16, 6), conv=(9, 1, SAME, RELU)),
    "own_shifts": Case(scales=(0.00002, 0.3)),
    "own_shifts_any": Case(scales=(0.00002, 0.1), depthwise=(3, 1, SAME, NONE)),
    "few_columns": Case(width=5, depthwise=(4, 1, SAME, RELU)),
    "two_columns": Case(width=4, conv=(1, 1, SAME, RELU), depthwise=(3, 1, SAME, RELU)),
    "column": Case(column=True),
}
ALONE = {
    "step_of_3": Case(channels=(3, 8), conv=(5, 1, SAME, RELU)),
    "long_depthwise": Case(depthwise=(9, 2, SAME, RELU)),
    "stride_3": Case(depthwise=(5, 3, SAME, RELU)),
    "too_much_scratch": Case(
        width=64, channels=(32, 16), conv=(8, 4, SAME, RELU), depthwise=(4, 1, SAME, RELU)
    ),
}


def network(case: Case) -> bytes:
    rng = np.random.default_rng(5)
    file = TfliteFile()
    inputs, made = case.channels

    def shape(width: int, channels: int) -> tuple[int, ...]:
        return (1, width, 1, channels) if case.column else (1, 1, width, channels)

    def size(width: int, taps: int, stride: int, padding: int) -> int:
        return -(-width // stride) if padding == SAME else (width - taps) // stride + 1

    def tensor(width: int, channels: int, scale: float, activation: int) -> int:
        return file.tensor(shape(width, channels), scale, -128 if activation == RELU else case.zero)

    def add(x: int, channels: int, y: int, form: tuple[int, int, int, int], depthwise: bool) -> None:
        taps, stride, padding, activation = form
        window = (taps, 1) if case.column else (1, taps)
        scales = np.geomspace(*case.scales, channels) if depthwise else rng.uniform(0.002, 0.02, channels)
        strides = {"strideH": stride, "strideW": 1} if case.column else {"strideH": 1, "strideW": stride}
        file.conv(rng, x, window, y, scales, depthwise=depthwise, bias=True, padding=padding,
                  fusedActivationFunction=activation, **strides)  # fmt: skip

    x = start = file.tensor(shape(case.width, inputs), 0.03, case.zero)
    if case.chained:  # so that the planner may put the result over the input
        start = file.tensor(shape(case.width, inputs), 0.04, case.zero)
        add(x, inputs, start, (1, 1, SAME, NONE), False)
    width = size(case.width, *case.conv[:3])
    between = tensor(width, made, 0.3, case.conv[3])
    add(start, made, between, case.conv, False)
    width = size(width, *case.depthwise[:3])
    out = tensor(width, made, 0.35, case.depthwise[3])
    add(between, made, out, case.depthwise, True)
    end = out
    if case.chained:
        end = file.tensor(shape(width, made), 0.4, 3)
        add(out, made, end, (1, 1, SAME, NONE), False)
    if case.flat:
        end = file.tensor((1, width * made), 0.35, -128 if case.depthwise[3] == RELU else case.zero)
        file.op("RESHAPE", [out], [end])
    return file.bytes([x], [end])


def oracle(tflite: bytes, program: Program, rows: int) -> tuple[np.ndarray, np.ndarray]:
    inputs_bytes = sum(port.bytes for port in program.inputs)
    inputs = np.concatenate([extremes(inputs_bytes), random_inputs(inputs_bytes, rows)])
    return inputs, TflmInterpreter(tflite, arena_bytes=1 << 19).run(inputs)


def check(case: Case, build: Callable[[Program], HostEngine]) -> Program:
    tflite = network(case)
    program = compile_model(tflite, "cortex-m4f")
    inputs, expected = oracle(tflite, program, 60)
    differing = np.argwhere(build(program).run(inputs) != expected)
    assert not len(differing), f"{len(differing)} bytes differ, first at row, byte {differing[0]}"
    return program


def functions(program: Program) -> list[str]:
    return [step["function"] for step in program.layout["steps"]]


@pytest.mark.parametrize("name", CASES)
def test_fused(name: str, build: Callable[[Program], HostEngine]) -> None:
    assert FUSED in functions(check(CASES[name], build))


@pytest.mark.parametrize("name", ALONE)
def test_what_has_no_fused_form(name: str, build: Callable[[Program], HostEngine]) -> None:
    assert FUSED not in functions(check(ALONE[name], build))


def test_another_reader_keeps_the_two_apart(build: Callable[[Program], HostEngine]) -> None:
    file, rng = TfliteFile(), np.random.default_rng(5)
    x, between = file.tensor((1, 1, 32, 4), 0.03, 3), file.tensor((1, 1, 32, 4), 0.3, -128)
    out = file.tensor((1, 1, 16, 4), 0.35, -128)
    options = {"bias": True, "padding": SAME, "fusedActivationFunction": RELU}
    file.conv(rng, x, (1, 3), between, rng.uniform(0.002, 0.02, 4), **options)
    file.conv(rng, between, (1, 5), out, rng.uniform(0.002, 0.02, 4), depthwise=True, strideW=2, **options)
    tflite = file.bytes([x], [between, out])
    program = compile_model(tflite, "cortex-m4f")
    assert FUSED not in functions(program)
    inputs, expected = oracle(tflite, program, 20)
    assert np.array_equal(build(program).run(inputs), expected)


def test_the_tensor_between_is_saved() -> None:
    tflite = network(CASES["vib"])
    fused, apart = (compile_model(tflite, "cortex-m4f", fuse=fuse) for fuse in (True, False))
    assert fused.arena_bytes < 0.75 * apart.arena_bytes


def random_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    pick = rng.integers
    conv = (int(pick(1, 10)), int(pick(1, 4)), int(pick(2)), int(rng.choice([NONE, RELU, RELU6])))
    taps = int(pick(2, 7))  # at stride 1 up to 4
    depthwise = (taps, 2 if taps > 4 else int(pick(1, 3)), int(pick(2)), int(rng.choice([NONE, RELU, RELU6])))
    width = int(pick(conv[0] + conv[1] * taps, 200))
    channels = int(rng.choice([4, 8, 12])), int(pick(2, 20))
    return Case(width, channels, conv, depthwise, int(pick(-128, 128)), chained=bool(pick(2)))


@pytest.mark.parametrize("seed", range(12))
def test_random(seed: int, build: Callable[[Program], HostEngine]) -> None:
    check(random_case(seed), build)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 400))
def test_many_random(seed: int, build: Callable[[Program], HostEngine]) -> None:
    check(random_case(seed), build)


@pytest.mark.emulated
@pytest.mark.parametrize("name", CASES)
def test_fused_on_the_board(name: str, tmp_path: Path) -> None:
    case = replace(CASES[name], chained=True)
    tflite = network(case)
    program = compile_model(tflite, "cortex-m4f")
    inputs, expected = oracle(tflite, program, 6)
    assert np.array_equal(engine_board.run(program, program.constants, inputs, tmp_path), expected)
