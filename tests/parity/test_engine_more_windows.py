"""Transposed convolutions, and weights of four bits: byte for byte TFLite Micro's."""

from collections.abc import Callable

import numpy as np
import pytest
from aurora.compile import Program
from engine_exact import assert_exact
from engine_host import HostEngine
from tflite_file import SAME, VALID, TfliteFile

Build = Callable[[Program], HostEngine]

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
