"""Operations that move or repeat elements, over shapes and axes: byte for byte TFLite Micro's."""

from collections.abc import Callable

import numpy as np
import pytest
from aurora.compile import Program, compile_model
from engine_exact import assert_exact
from engine_host import HostEngine
from tflite_file import TfliteFile

Build = Callable[[Program], HostEngine]

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
