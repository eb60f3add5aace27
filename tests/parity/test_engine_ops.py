"""Every operation over shapes, paddings, zero points, clamps and scales: byte for byte TFLite Micro's."""

from collections.abc import Callable

import numpy as np
import pytest
from aurora.compile import Program, compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_host import HostEngine, extremes, random_inputs
from tflite_file import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, TfliteFile

RANDOM_ROWS = 200
ARENA_BYTES = 1 << 19

Build = Callable[[Program], HostEngine]


def assert_exact(tflite: bytes, build: Build, rows: int = RANDOM_ROWS) -> None:
    program = compile_model(tflite, "host")
    size = sum(port.bytes for port in program.inputs)
    inputs = np.concatenate([extremes(size), random_inputs(size, rows)])
    expected = TflmInterpreter(tflite, arena_bytes=ARENA_BYTES).run(inputs)
    actual = build(program).run(inputs)
    differing = np.argwhere(actual != expected)
    assert not len(differing), f"{len(differing)} bytes differ, first at row, byte {differing[0]}"


def out_size(size: int, taps: int, stride: int, dilation: int, padding: int) -> int:
    reach = (taps - 1) * dilation + 1
    return -(-size // stride) if padding == SAME else (size - reach) // stride + 1


DENSE = {
    # name: rows, inputs, outputs, input zero, output scale, output zero, weight scale, activation, bias
    "plain": (1, 12, 5, 3, 0.2, -7, 0.01, NONE, True),
    "per_channel": (1, 33, 8, -128, 0.4, 10, "channels", NONE, True),
    "relu": (1, 64, 16, 127, 0.3, -128, "channels", RELU, True),
    "relu6": (1, 20, 6, 0, 0.03, -128, 0.005, RELU6, True),
    "relu_n1_to_1": (1, 20, 6, 0, 0.02, 3, 0.005, RELU_N1_TO_1, True),
    "relu_middle_zero": (1, 20, 6, 0, 0.1, 40, 0.005, RELU, True),
    "no_bias": (1, 20, 6, -30, 0.2, 0, 0.013, NONE, False),
    "rows": (7, 10, 4, 5, 0.2, 1, 0.01, NONE, True),
    "single": (1, 1, 1, -128, 0.01, -128, 0.9, NONE, True),
    "factor_above_1": (1, 3, 4, 2, 0.001, 0, 0.4, NONE, False),
    "factor_2_to_12": (1, 3, 4, 2, 1e-5, 0, 0.9, NONE, False),
    "factor_tiny": (1, 40, 4, 2, 200.0, 9, 1e-7, NONE, True),
    "factor_below_2^-31": (1, 40, 4, 2, 5e4, 9, 1e-9, NONE, True),
    "wide": (1, 640, 3, 89, 3.0, 5, 0.02, RELU, True),
}


@pytest.mark.parametrize("case", DENSE)
def test_fully_connected(case: str, build: Build) -> None:
    rows, inputs, outputs, zero, out_scale, out_zero, scale, activation, bias = DENSE[case]
    rng = np.random.default_rng(1)
    file = TfliteFile()
    shape = (1, rows, inputs) if rows > 1 else (1, inputs)
    x = file.tensor(shape, 0.05, zero)
    out = file.tensor((rows, outputs), out_scale, out_zero)
    scales = rng.uniform(0.001, 0.02, outputs) if scale == "channels" else scale
    file.dense(rng, x, inputs, out, scales, activation=activation, bias=bias)
    flat = file.tensor((1, rows * outputs), out_scale, out_zero)
    file.op("RESHAPE", [out], [flat])
    assert_exact(file.bytes([x], [flat]), build)


def test_fully_connected_products_in_double(build: Build) -> None:
    """Many scales: the product input x weight scale is not rounded to float32 on the way."""
    rng = np.random.default_rng(2)
    file = TfliteFile()
    x = file.tensor((1, 24), 0.0391, 11)
    outs = []
    for scale in rng.uniform(0.004, 0.02, 40):
        outs.append(file.tensor((1, 20), rng.uniform(0.2, 0.5), int(rng.integers(-90, 90))))
        file.dense(rng, x, 24, outs[-1], scale)
    assert_exact(file.bytes([x], outs), build)


CONVOLUTIONS = {
    # name: input (h, w, c), taps, outputs, stride, dilation, padding, input zero, activation
    "1xn": ((1, 40, 3), (1, 9), 8, (1, 4), (1, 1), SAME, -11, RELU),
    "1xn_valid": ((1, 41, 3), (1, 5), 6, (1, 2), (1, 1), VALID, 17, NONE),
    "1x1": ((1, 12, 16), (1, 1), 8, (1, 1), (1, 1), SAME, -128, RELU),
    "3x3": ((7, 6, 4), (3, 3), 5, (1, 1), (1, 1), SAME, 100, NONE),
    "3x3_stride_2": ((7, 6, 4), (3, 3), 5, (2, 2), (1, 1), SAME, -100, RELU6),
    "3x3_valid": ((7, 6, 2), (3, 3), 5, (1, 2), (1, 1), VALID, 5, NONE),
    "dilated": ((9, 11, 2), (3, 3), 3, (1, 1), (2, 3), SAME, 5, NONE),
    "dilated_valid": ((9, 11, 2), (3, 2), 3, (1, 1), (2, 4), VALID, 5, NONE),
    "dilated_strided": ((9, 11, 2), (2, 3), 3, (2, 3), (3, 2), SAME, -5, NONE),
    "tall": ((20, 1, 1), (6, 1), 2, (3, 1), (1, 1), SAME, 1, NONE),
    "taps_beyond_input": ((2, 3, 2), (5, 7), 2, (1, 1), (1, 1), SAME, 90, NONE),
    "even_taps": ((4, 5, 1), (2, 4), 3, (1, 1), (1, 1), SAME, 60, NONE),
    "one_pixel": ((1, 1, 5), (3, 3), 4, (1, 1), (1, 1), SAME, -60, NONE),
}


@pytest.mark.parametrize("depthwise", [False, True], ids=["conv", "depthwise"])
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution(case: str, depthwise: bool, build: Build) -> None:
    shape, taps, outputs, stride, dilation, padding, zero, activation = CONVOLUTIONS[case]
    channels = shape[2] * (1 + outputs % 3) if depthwise else outputs
    assert_exact(
        convolution(shape, taps, channels, stride, dilation, padding, zero, activation, depthwise), build
    )


@pytest.mark.parametrize("depthwise", [False, True], ids=["conv", "depthwise"])
@pytest.mark.parametrize("scale", ["tensor", "above_1", "mixed"])
def test_convolution_scales(scale: str, depthwise: bool, build: Build) -> None:
    scales = {"tensor": 0.01, "above_1": 3.0, "mixed": np.geomspace(1e-8, 20, 6)}[scale]
    args = ((5, 4, 3), (3, 2), 6, (1, 1), (1, 1), SAME, -77, NONE, depthwise)
    assert_exact(convolution(*args, scales=scales, bias=scale != "mixed"), build)


def convolution(
    shape, taps, channels, stride, dilation, padding, zero, activation, depthwise, scales=None, bias=True
) -> bytes:
    rng = np.random.default_rng(3)
    file = TfliteFile()
    x = file.tensor((1, *shape), 0.03, zero)
    size = [out_size(shape[i], taps[i], stride[i], dilation[i], padding) for i in range(2)]
    out = file.tensor((1, *size, channels), 0.35, -128 if activation else 12)
    scales = rng.uniform(0.002, 0.02, channels) if scales is None else scales
    file.conv(rng, x, taps, out, scales, depthwise=depthwise, bias=bias, strideH=stride[0], strideW=stride[1],
              dilationHFactor=dilation[0], dilationWFactor=dilation[1], padding=padding,
              fusedActivationFunction=activation)  # fmt: skip
    return file.bytes([x], [out])


POOLS = {
    # name: input (h, w, c), taps, stride, padding, activation, zero
    "1xn": ((1, 32, 5), (1, 4), (1, 4), VALID, NONE, -3),
    "whole": ((1, 33, 6), (1, 33), (1, 33), VALID, NONE, 4),
    "overlapping": ((6, 7, 3), (3, 3), (1, 1), SAME, RELU, 10),
    "strided": ((6, 7, 3), (3, 2), (2, 3), SAME, RELU6, -50),
    "even": ((4, 4, 1), (2, 2), (2, 2), SAME, RELU_N1_TO_1, 0),
}


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("case", POOLS)
def test_pool(case: str, kind: str, build: Build) -> None:
    shape, taps, stride, padding, activation, zero = POOLS[case]
    file = TfliteFile()
    x = file.tensor((1, *shape), 0.07, zero)
    size = [out_size(shape[i], taps[i], stride[i], 1, padding) for i in range(2)]
    out = file.tensor((1, *size, shape[2]), 0.07, zero)
    file.op(kind, [x], [out], filterHeight=taps[0], filterWidth=taps[1], strideH=stride[0], strideW=stride[1],
            padding=padding, fusedActivationFunction=activation)  # fmt: skip
    assert_exact(file.bytes([x], [out]), build)


@pytest.mark.parametrize("scales", [(0.1, 0.1, 0.1), (0.02, 0.7, 0.5), (0.9, 0.001, 0.01), (3.0, 2.0, 0.003)])
@pytest.mark.parametrize("activation", [NONE, RELU6])
def test_add(scales: tuple[float, float, float], activation: int, build: Build) -> None:
    file = TfliteFile()
    a, b = file.tensor((1, 40), scales[0], -20), file.tensor((1, 40), scales[1], 90)
    out = file.tensor((1, 40), scales[2], 5)
    file.op("ADD", [a, b], [out], fusedActivationFunction=activation)
    assert_exact(file.bytes([a, b], [out]), build)


def test_add_of_a_constant(build: Build) -> None:
    file = TfliteFile()
    a = file.tensor((1, 40), 0.1, -20)
    b = file.tensor((1, 40), 0.2, 3, data=np.arange(-20, 20, dtype=np.int8).reshape(1, 40))
    out = file.tensor((1, 40), 0.2, 5)
    file.op("ADD", [a, b], [out])
    assert_exact(file.bytes([a], [out]), build)


@pytest.mark.parametrize("scales", [(0.1, 0.1), (0.1, 0.03), (0.02, 0.7), (5.0, 0.001)])
def test_relu(scales: tuple[float, float], build: Build) -> None:
    file = TfliteFile()
    x, out = file.tensor((1, 4, 10), scales[0], -20), file.tensor((1, 4, 10), scales[1], -90)
    file.op("RELU", [x], [out])
    assert_exact(file.bytes([x], [out]), build)


@pytest.mark.parametrize("zero", [-128, -40, 100])
def test_relu6(zero: int, build: Build) -> None:
    file = TfliteFile()
    x, out = file.tensor((1, 40), 0.08, zero), file.tensor((1, 40), 0.08, zero)
    file.op("RELU6", [x], [out])
    assert_exact(file.bytes([x], [out]), build)


@pytest.mark.parametrize("scale", [0.002, 0.05, 0.31, 1.7, 40.0])
@pytest.mark.parametrize("shape", [(1, 2), (1, 4), (1, 5, 7), (1, 300)], ids=str)
def test_softmax(scale: float, shape: tuple[int, ...], build: Build) -> None:
    file = TfliteFile()
    x, out = file.tensor(shape, scale, 7), file.tensor(shape, 1 / 256, -128)
    file.op("SOFTMAX", [x], [out], beta=1.0)
    assert_exact(file.bytes([x], [out]), build)


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_concatenation(axis: int, build: Build) -> None:
    file = TfliteFile()
    shapes = [[1, 3, 4], [1, 3, 4], [1, 3, 4]]
    shapes[1][axis] = 2
    inputs = [file.tensor(shape, 0.1, 4) for shape in shapes]
    total = [1, 3, 4]
    total[axis] = sum(shape[axis] for shape in shapes)
    out = file.op("CONCATENATION", inputs, [file.tensor(total, 0.1, 4)], axis=axis)
    assert_exact(file.bytes(inputs, [out]), build)


PADS = {
    "rank2": ((1, 9), [[0, 0], [4, 4]]),
    "rank3": ((1, 5, 3), [[0, 0], [2, 1], [0, 0]]),
    "rank4": ((1, 3, 4, 2), [[0, 0], [1, 2], [3, 0], [0, 1]]),
}


@pytest.mark.parametrize("shape, paddings", PADS.values(), ids=PADS)
def test_pad(shape: tuple[int, ...], paddings: list[list[int]], build: Build) -> None:
    file = TfliteFile()
    x = file.tensor(shape, 0.1, -33)
    table = file.tensor((len(shape), 2), data=np.array(paddings, np.int32))
    out = file.tensor([n + a + b for n, (a, b) in zip(shape, paddings, strict=True)], 0.1, -33)
    file.op("PAD", [x, table], [out])
    assert_exact(file.bytes([x], [out]), build)


def test_weights_and_operands_through_a_reshape(build: Build) -> None:
    """Constants behind a RESHAPE are folded: no step is left of it."""
    rng = np.random.default_rng(5)
    file = TfliteFile()
    x, y, out = file.tensor((1, 8), 0.1, 3), file.tensor((1, 6), 0.3, -9), file.tensor((1, 6), 0.4, 2)
    flat = file.tensor((48,), 0.01, data=rng.integers(-127, 128, 48).astype(np.int8))
    weights, row = file.tensor((6, 8), 0.01), file.tensor((6,), 0.2, 4, data=np.arange(6, dtype=np.int8))
    operand = file.tensor((1, 6), 0.2, 4)
    file.op("RESHAPE", [flat], [weights])
    file.op("RESHAPE", [row], [operand])
    file.op("FULLY_CONNECTED", [x, weights], [y])
    file.op("ADD", [y, operand], [out])
    tflite = file.bytes([x], [out])
    assert_exact(tflite, build)
    assert len(compile_model(tflite, "host").layout["steps"]) == 2


def test_outputs_that_are_other_tensors_bytes(build: Build) -> None:
    """An input reshaped, a layer given out and read on, and a reshape of an output: each in its place."""
    rng = np.random.default_rng(4)
    file = TfliteFile()
    x, h, y = file.tensor((1, 8), 0.1, 3), file.tensor((1, 6), 0.3, -9), file.tensor((1, 4), 0.5, 0)
    file.dense(rng, x, 8, h)
    file.dense(rng, h, 6, y)
    again, shaped = file.tensor((1, 2, 4), 0.1, 3), file.tensor((1, 2, 2), 0.5, 0)
    file.op("RESHAPE", [x], [again])
    file.op("RESHAPE", [y], [shaped])
    names = {"a": h, "b": again, "c": y, "d": shaped}
    assert_exact(file.bytes([x], [y, shaped, h, again], names), build)
