"""Element-wise, reducing and moving operations over shapes, zero points, clamps and scales: byte for byte
TFLite Micro's."""

from collections.abc import Callable

import numpy as np
import pytest
from aurora.compile import Program, compile_model
from engine_exact import assert_exact
from engine_host import HostEngine
from tflite_file import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, TfliteFile

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


TRANSPOSES = [
    ((1, 6, 5), (0, 2, 1)), ((3, 4), (1, 0)), ((1, 3, 4, 5), (0, 3, 1, 2)), ((1, 3, 4, 5), (0, 2, 1, 3)),
    ((1, 3, 4, 5), (0, 1, 2, 3)), ((1, 2, 3, 4, 5), (0, 4, 2, 3, 1)), ((1, 1, 7), (0, 2, 1)),
]  # fmt: skip


@pytest.mark.parametrize("shape, order", TRANSPOSES, ids=str)
def test_transpose(shape, order, build: Build) -> None:
    file = TfliteFile()
    x = file.tensor((1, int(np.prod(shape))), 0.1, 3)
    given = file.tensor(shape, 0.1, 3)
    out = file.tensor([shape[axis] for axis in order], 0.1, 3)
    flat = file.tensor((1, int(np.prod(shape))), 0.1, 3)
    table = file.tensor((len(order),), data=np.array(order, np.int32))
    file.op("RESHAPE", [x], [given])
    file.op("TRANSPOSE", [given, table], [out])
    file.op("RESHAPE", [out], [flat])
    assert_exact(file.bytes([x], [flat]), build)


SLICES = [
    ((1, 8, 6), [0, 2, 1], [1, 3, -1]), ((1, 5, 4, 3), [0, 1, 0, 2], [-1, 2, 4, 1]), ((1, 9), [0, 0], [1, 9]),
    ((1, 3, 2, 3, 2), [0, 1, 0, 1, 0], [1, 2, 2, 1, 1]),
]  # fmt: skip


@pytest.mark.parametrize("shape, begin, size", SLICES, ids=str)
def test_slice(shape, begin, size, build: Build) -> None:
    file = TfliteFile()
    x = file.tensor(shape, 0.1, 3)
    tables = [file.tensor((len(shape),), data=np.array(values, np.int32)) for values in (begin, size)]
    taken = [full - at if n == -1 else n for full, at, n in zip(shape, begin, size, strict=True)]
    out = file.op("SLICE", [x, *tables], [file.tensor(taken, 0.1, 3)])
    assert_exact(file.bytes([x], [out]), build)


STRIDED = {
    # name: input, begin, end, stride, masks (begin, end, shrink)
    "plain": ((1, 8, 6), [0, 2, 1], [1, 7, 5], [1, 2, 3], (0, 0, 0)),
    "open": ((1, 8, 6), [0, 2, 1], [1, 7, 5], [1, 2, 3], (0b010, 0b100, 0)),
    "back": ((1, 8, 6), [0, 6, -1], [1, 1, -5], [1, -2, -1], (0, 0, 0)),
    "back_open": ((1, 8, 6), [0, 6, -1], [1, 1, -5], [1, -2, -1], (0b110, 0b110, 0)),
    "shrink": ((1, 8, 6), [0, 3, 0], [1, 4, 6], [1, 1, 1], (0, 0, 0b010)),
    "shrink_negative": ((1, 8, 6), [0, -3, 0], [1, 0, 6], [1, 1, 1], (0, 0, 0b010)),
    "beyond": ((1, 8, 6), [0, -20, 3], [1, 20, 50], [1, 3, 1], (0, 0, 0)),
    "four": ((1, 3, 4, 5), [0, 2, 0, 4], [1, 0, 4, 0], [1, -1, 3, -3], (0, 0, 0)),
}


@pytest.mark.parametrize("case", STRIDED)
def test_strided_slice(case: str, build: Build) -> None:
    shape, begin, end, stride, masks = STRIDED[case]
    file = TfliteFile()
    x = file.tensor(shape, 0.1, 3)
    tables = [file.tensor((len(shape),), data=np.array(values, np.int32)) for values in (begin, end, stride)]
    index: list = []
    for axis in range(len(shape)):
        opened = [
            None if mask >> axis & 1 else at[axis] for mask, at in zip(masks, (begin, end), strict=False)
        ]
        index.append(begin[axis] if masks[2] >> axis & 1 else slice(*opened, stride[axis]))
    out_shape = np.zeros(shape)[tuple(index)].shape
    options = dict(zip(("beginMask", "endMask", "shrinkAxisMask"), masks, strict=True))
    out = file.op("STRIDED_SLICE", [x, *tables], [file.tensor(out_shape, 0.1, 3)], **options)
    assert_exact(file.bytes([x], [out]), build)


@pytest.mark.parametrize("axis", [1, 2, -1, -2])
def test_split(axis: int, build: Build) -> None:
    file = TfliteFile()
    x, which = file.tensor((1, 6, 9, 3), 0.1, 3), file.tensor((), data=np.array(axis, np.int32))
    part = [1, 6, 9, 3]
    part[axis] //= 3
    outs = [file.tensor(part, 0.1, 3) for _ in range(3)]
    file.op("SPLIT", [which, x], outs, numSplits=3)
    assert_exact(file.bytes([x], outs), build)


def test_split_by_sizes(build: Build) -> None:
    file = TfliteFile()
    x = file.tensor((1, 6, 9), 0.1, 3)
    sizes, axis = (
        file.tensor((3,), data=np.array([2, 4, 3], np.int32)),
        file.tensor((), data=np.array(2, np.int32)),
    )
    outs = [file.tensor((1, 6, size), 0.1, 3) for size in (2, 4, 3)]
    file.op("SPLIT_V", [x, sizes, axis], outs, numSplits=3)
    assert_exact(file.bytes([x], outs), build)


@pytest.mark.parametrize("kind, shape", [("SQUEEZE", (1, 6, 5)), ("EXPAND_DIMS", (1, 1, 1, 6, 5))])
def test_axes_of_size_one(kind: str, shape, build: Build) -> None:
    file = TfliteFile()
    x, out = file.tensor((1, 1, 6, 5), 0.1, 3), file.tensor(shape, 0.1, 3)
    relu = file.tensor(shape, 0.1, 3)
    axis = [file.tensor((1,), data=np.array([1], np.int32))] if kind == "EXPAND_DIMS" else []
    file.op(kind, [x, *axis], [out], **({"squeezeDims": [1]} if kind == "SQUEEZE" else {}))
    file.op("RELU", [out], [relu])
    assert_exact(file.bytes([x], [relu]), build)


@pytest.mark.parametrize("corners, half", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("size", [(8, 10), (7, 9), (3, 1), (1, 13), (4, 5)], ids=str)
def test_resize(size, corners: bool, half: bool, build: Build) -> None:
    file = TfliteFile()
    x, table = file.tensor((1, 4, 5, 3), 0.1, 3), file.tensor((2,), data=np.array(size, np.int32))
    out = file.tensor((1, *size, 3), 0.1, 3)
    file.op("RESIZE_NEAREST_NEIGHBOR", [x, table], [out], alignCorners=corners, halfPixelCenters=half)
    assert_exact(file.bytes([x], [out]), build, rows=20)


TRANSPOSE_CONVS = {
    # name: input (h, w, c), output (h, w, c), taps, stride, padding
    "same": ((3, 4, 3), (6, 8, 5), (3, 3), (2, 2), SAME),
    "same_odd": ((3, 4, 3), (5, 7, 5), (3, 2), (2, 2), SAME),
    "valid": ((3, 4, 3), (7, 9, 2), (3, 3), (2, 2), VALID),
    "1xn": ((1, 9, 4), (1, 36, 2), (1, 5), (1, 4), SAME),
    "stride_1": ((4, 4, 2), (4, 4, 3), (3, 3), (1, 1), SAME),
    "taps_below_stride": ((3, 3, 2), (9, 9, 2), (2, 1), (3, 3), SAME),
    "wide": ((2, 2, 1), (8, 8, 1), (7, 6), (4, 4), SAME),
}


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "none"])
@pytest.mark.parametrize("case", TRANSPOSE_CONVS)
def test_transpose_conv(case: str, bias: bool, build: Build) -> None:
    shape, result, taps, stride, padding = TRANSPOSE_CONVS[case]
    rng = np.random.default_rng(1)
    file = TfliteFile()
    x, out = file.tensor((1, *shape), 0.05, -31), file.tensor((1, *result), 0.3, 7)
    scales = rng.uniform(0.001, 0.02, result[2]) if bias else 0.01
    values = rng.integers(-127, 128, (result[2], *taps, shape[2])).astype(np.int8)
    operands = [
        file.tensor((4,), data=np.array([1, *result], np.int32)),
        file.tensor(values.shape, scales, data=values),
        x,
    ]
    if bias:
        operands.append(file.tensor((result[2],), np.float32(0.05) * np.float32(scales),
                                    data=rng.integers(-9000, 9000, result[2]).astype(np.int32)))  # fmt: skip
    file.op("TRANSPOSE_CONV", operands, [out], strideH=stride[0], strideW=stride[1], padding=padding)
    assert_exact(file.bytes([x], [out]), build, rows=30)


@pytest.mark.parametrize("kind", ["conv", "depthwise"])
def test_int4_weights(kind: str, build: Build) -> None:
    rng = np.random.default_rng(2)
    file = TfliteFile()
    shape = {"conv": (5, 3, 3, 3), "depthwise": (1, 3, 3, 3)}[kind]
    x = file.tensor((1, 6, 5, 3), 0.05, -9)
    axis = 3 if kind == "depthwise" else 0
    values = rng.integers(-7, 8, shape).astype(np.int8)
    w = file.tensor(shape, rng.uniform(0.02, 0.2, shape[axis]), data=values, axis=axis, int4=True)
    out = file.tensor((1, 6, 5, shape[axis]), 0.2, 3)
    step = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "padding": SAME}
    if kind == "conv":
        file.op("CONV_2D", [x, w], [out], **step)
    else:
        file.op("DEPTHWISE_CONV_2D", [x, w], [out], depthMultiplier=1, **step)
    assert_exact(file.bytes([x], [out]), build)


def test_shapes_worked_out_at_run_time(build: Build) -> None:
    """A dynamic batch: SHAPE, STRIDED_SLICE and PACK only feed a RESHAPE, and leave no step."""
    file = TfliteFile()
    x, y, relu = (file.tensor(shape, 0.1, 3) for shape in ((1, 2, 3), (1, 6), (1, 6)))
    shape, one, packed = (file.tensor(size, dtype=np.int32) for size in ((3,), (), (2,)))
    numbers = [file.tensor((1,), data=np.array([value], np.int32)) for value in (0, 1)]
    file.op("SHAPE", [x], [shape])
    file.op("STRIDED_SLICE", [shape, numbers[0], numbers[1], numbers[1]], [one], shrinkAxisMask=1)
    file.op("PACK", [one, file.tensor((), data=np.array(6, np.int32))], [packed], valuesCount=2)
    file.op("RESHAPE", [x, packed], [y])
    file.op("RELU", [y], [relu])
    tflite = file.bytes([x], [relu])
    assert_exact(tflite, build)
    assert [step["function"] for step in compile_model(tflite, "host").layout["steps"]] == ["nn_relu"]


@pytest.mark.parametrize("shape, border", [((1, 2, 3), -77), ((1, 3, 4, 2), 127)], ids=str)
def test_pad_with_a_value(shape: tuple[int, ...], border: int, build: Build) -> None:
    file = TfliteFile()
    table = np.array([[0, 0], [1, 2], [2, 0], [0, 1]][: len(shape)], np.int32)
    x, paddings = file.tensor(shape, 0.1, 3), file.tensor(table.shape, data=table)
    value = file.tensor((1,), 0.1, 3, data=np.array([border], np.int8))
    out = file.tensor(np.array(shape) + table.sum(axis=1), 0.1, 3)
    file.op("PADV2", [x, paddings, value], [out])
    assert_exact(file.bytes([x], [out]), build)
