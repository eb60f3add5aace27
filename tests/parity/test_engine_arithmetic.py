"""Sums, products, means, functions of one value and edges over shapes, zero points, clamps and scales: byte
for byte TFLite Micro's."""

from collections.abc import Callable

import numpy as np
import pytest
from aurora.compile import Program
from engine_exact import assert_exact
from engine_host import HostEngine
from tflite_file import NONE, RELU, RELU6, RELU_N1_TO_1, TfliteFile

Build = Callable[[Program], HostEngine]

SCALES = {  # of both inputs and the output
    "equal": (0.1, 0.1, 0.1),
    "spread": (0.02, 0.7, 0.5),
    "tiny_operand": (0.9, 0.0001, 0.01),
    "saturating": (3.0, 2.0, 0.003),
    "small": (0.003, 0.002, 4.0),
}
BROADCASTS = {
    "same": ((1, 4, 10), (1, 4, 10)),
    "one_value": ((1, 4, 5, 3), (1,)),
    "scalar": ((1, 4, 5, 3), ()),
    "channels": ((1, 4, 5, 3), (3,)),
    "channels_left": ((3,), (1, 4, 5, 3)),
    "rows": ((1, 4, 5, 3), (1, 4, 1, 1)),
    "columns": ((1, 4, 5, 3), (1, 1, 5, 1)),
    "each_repeats": ((1, 4, 1, 3), (1, 1, 5, 3)),
    "outer": ((1, 6, 1), (1, 1, 7)),
    "same_ones": ((1, 1, 8), (1, 8)),
}


def two_operands(kind: str, shapes, scales, activation: int) -> bytes:
    file = TfliteFile()
    a, b = file.tensor(shapes[0], scales[0], -20), file.tensor(shapes[1], scales[1], 90)
    out = file.tensor(np.broadcast_shapes(*shapes), scales[2], 5)
    file.op(kind, [a, b], [out], fusedActivationFunction=activation)
    return file.bytes([a, b], [out])


@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL"])
@pytest.mark.parametrize("case", BROADCASTS)
def test_broadcast(kind: str, case: str, build: Build) -> None:
    assert_exact(two_operands(kind, BROADCASTS[case], (0.05, 0.11, 0.2), NONE), build, rows=40)


@pytest.mark.parametrize("kind", ["SUB", "MUL"])
@pytest.mark.parametrize("activation", [NONE, RELU, RELU6, RELU_N1_TO_1])
@pytest.mark.parametrize("case", SCALES)
def test_arithmetic(kind: str, case: str, activation: int, build: Build) -> None:
    assert_exact(two_operands(kind, ((1, 4, 10), (1, 4, 10)), SCALES[case], activation), build)


@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL"])
def test_arithmetic_with_a_constant(kind: str, build: Build) -> None:
    file = TfliteFile()
    a = file.tensor((1, 3, 8), 0.1, -20)
    b = file.tensor((8,), 0.2, 3, data=np.arange(-30, 34, 8, dtype=np.int8))
    out = file.op(kind, [b, a], [file.tensor((1, 3, 8), 0.4, 5)])
    assert_exact(file.bytes([a], [out]), build)


MEANS = {
    # name: input, axes, output
    "global": ((1, 5, 7, 6), [1, 2], (1, 6)),
    "keep": ((1, 5, 7, 6), [1, 2], (1, 1, 1, 6)),
    "negative": ((1, 5, 7, 6), [-1], (1, 5, 7)),
    "rows": ((1, 5, 7, 6), [1], (1, 7, 6)),
    "columns": ((1, 5, 7, 6), [2], (1, 5, 6)),
    "apart": ((1, 5, 7, 6), [1, 3], (1, 7)),
    "all": ((1, 5, 7, 6), [0, 1, 2, 3], ()),
    "twice": ((1, 5, 6), [1, 1, -2], (1, 6)),
    "time": ((1, 33, 4), [1], (1, 4)),
    "one": ((1, 1, 4), [1], (1, 4)),
    "many": ((1, 40, 60, 2), [1, 2], (1, 2)),
}


@pytest.mark.parametrize("scales", [(0.1, -20, 0.1, -20), (0.1, -128, 0.03, 7), (0.003, 127, 2.0, 0),
                                    (5.0, 0, 0.0001, 3)])  # fmt: skip
@pytest.mark.parametrize("case", MEANS)
def test_mean(case: str, scales, build: Build) -> None:
    shape, axes, out_shape = MEANS[case]
    file = TfliteFile()
    x, out = file.tensor(shape, scales[0], scales[1]), file.tensor(out_shape, scales[2], scales[3])
    table = file.tensor((len(axes),), data=np.array(axes, np.int32))
    file.op("MEAN", [x, table], [out], keepDims=len(shape) == len(out_shape))
    assert_exact(file.bytes([x], [out]), build, rows=30)


ONE_VALUE = {
    # name: operation, output's scale and zero point (None: the input's), options
    "logistic": ("LOGISTIC", (1 / 256, -128), {}),
    "tanh": ("TANH", (1 / 128, 0), {}),
    "leaky": ("LEAKY_RELU", (0.07, -5), {"alpha": 0.2}),
    "leaky_same": ("LEAKY_RELU", None, {"alpha": 0.01}),
    "leaky_steep": ("LEAKY_RELU", (0.3, 100), {"alpha": 3.5}),
    "hard_swish": ("HARD_SWISH", None, {}),
    "hard_swish_other": ("HARD_SWISH", (0.07, -60), {}),
    "quantize": ("QUANTIZE", (0.071, 9), {}),
    "quantize_same": ("QUANTIZE", None, {}),
    "quantize_fine": ("QUANTIZE", (0.0002, -70), {}),
}


@pytest.mark.parametrize(
    "scale, zero", [(0.0004, 0), (0.017, -128), (0.05, 13), (0.11, 127), (0.4, -3), (3.0, 0)]
)
@pytest.mark.parametrize("case", ONE_VALUE)
def test_function_of_one_value(case: str, scale: float, zero: int, build: Build) -> None:
    kind, result, options = ONE_VALUE[case]
    file = TfliteFile()
    x, out = file.tensor((1, 256), scale, zero), file.tensor((1, 256), *(result or (scale, zero)))
    file.op(kind, [x], [out], **options)
    assert_exact(file.bytes([x], [out]), build, rows=20)


@pytest.mark.parametrize("direction", ["uint8_in", "uint8_out"])
def test_uint8_edges(direction: str, build: Build) -> None:
    file = TfliteFile()
    outside = {"dtype": np.uint8}
    x = file.tensor((1, 256), 0.05, 100, **(outside if direction == "uint8_in" else {}))
    y = file.tensor((1, 256), 0.06, 13, **(outside if direction == "uint8_out" else {}))
    file.op("QUANTIZE", [x], [y])
    assert_exact(file.bytes([x], [y]), build)


@pytest.mark.parametrize(
    "scale, zero", [(0.0373, -128), (1.0, 5), (0.3, 127), (1e-3, 0), (1e-30, 0), (1e20, 9)]
)
def test_float_edges(scale: float, zero: int, build: Build) -> None:
    """float32 in, reshaped, quantised, and both int8 and float32 out."""
    file = TfliteFile()
    x = file.tensor((1, 300), dtype=np.float32)
    shaped, q = file.tensor((1, 3, 100), dtype=np.float32), file.tensor((1, 3, 100), scale, zero)
    real = file.tensor((1, 3, 100), dtype=np.float32)
    file.op("RESHAPE", [x], [shaped])
    file.op("QUANTIZE", [shaped], [q])
    file.op("DEQUANTIZE", [q], [real])
    assert_exact(file.bytes([x], [real, q]), build, float_scale=scale)
