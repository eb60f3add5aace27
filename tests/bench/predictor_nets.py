"""Networks that measure one kind of layer each in many shapes: several branches from one input."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from tflite_file import NONE, RELU, SAME, VALID, TfliteFile

IN_SCALE, WEIGHT_SCALE, OUT_SCALE = 0.05, 0.01, 0.2
DEAD_SCALE = 1e-10  # of weights whose channel no input changes


class Branches:
    """Collects branches from one input of ``shape`` (NHWC without N)."""

    def __init__(self, shape: tuple[int, ...], seed: int = 1, scale: float = IN_SCALE) -> None:
        self.file, self.rng, self.shape = TfliteFile(), np.random.default_rng(seed), shape
        self.x = self.file.tensor((1, *shape), scale, -3)
        self.outputs: list[int] = []

    def out(self, shape: tuple[int, ...], relu: bool = False, scale: float = OUT_SCALE) -> int:
        return self.file.tensor((1, *shape), scale, -128 if relu else 5)

    def size(self, axis: int, taps: int, stride: int, padding: int) -> int:
        length = self.shape[axis]
        return -(-length // stride) if padding == SAME else -(-(length - taps + 1) // stride)

    def conv(
        self, taps: tuple[int, int], channels: int, stride: int = 1, padding: int = SAME, relu: bool = True,
        *, depthwise: bool = False, pool: int = 0, turn: int = 0, then: tuple[int, int] = (0, 1),
    ) -> None:  # fmt: skip
        """A convolution, and behind it a max pool of 1 x ``pool`` or, of (taps, stride) ``then``, a depthwise
        along the row. Of every ``turn`` channels the second half are dead."""
        strides = (1 if taps[0] == 1 else stride, stride)
        if taps[1] == 1 and taps[0] > 1:
            strides = (stride, 1)
        shape = (*(self.size(axis, taps[axis], strides[axis], padding) for axis in (0, 1)), channels)
        y = self.out(shape, relu)
        dead = np.arange(channels) % max(turn, 1) >= max(turn, 2) / 2
        scales = np.where(dead, DEAD_SCALE, WEIGHT_SCALE)
        self.file.conv(self.rng, self.x, taps, y, scales, depthwise=depthwise,
                       strideH=strides[0], strideW=strides[1], padding=padding,
                       fusedActivationFunction=RELU if relu else NONE)  # fmt: skip
        if pool:
            pooled = self.out((shape[0], shape[1] // pool, channels), relu)
            y = self.file.op("MAX_POOL_2D", [y], [pooled], filterHeight=1, filterWidth=pool, strideH=1,
                             strideW=pool, padding=VALID)  # fmt: skip
        if then[0]:
            made = self.out((shape[0], -(-shape[1] // then[1]), channels), relu)
            y = self.file.conv(self.rng, y, (1, then[0]), made, scales, depthwise=True,
                               strideH=1, strideW=then[1], padding=SAME,
                               fusedActivationFunction=RELU if relu else NONE)  # fmt: skip
        self.outputs.append(y)

    def pool(self, kind: str, taps: tuple[int, int], stride: tuple[int, int], padding: int = VALID) -> None:
        shape = (*(self.size(axis, taps[axis], stride[axis], padding) for axis in (0, 1)), self.shape[-1])
        y = self.file.tensor((1, *shape), IN_SCALE, -3)
        self.outputs.append(self.file.op(kind, [self.x], [y], filterHeight=taps[0], filterWidth=taps[1],
                                         strideH=stride[0], strideW=stride[1], padding=padding))  # fmt: skip

    def dense(self, outputs: int, relu: bool) -> None:
        y = self.out((outputs,), relu)
        scale = np.full(outputs, WEIGHT_SCALE)
        self.outputs.append(self.file.dense(self.rng, self.x, self.shape[-1], y, scale,
                                            activation=RELU if relu else NONE))  # fmt: skip

    def same_shape(self, kind: str, scale: float, zero: int, operands: int = 1, **options: object) -> None:
        y = self.file.tensor((1, *self.shape), scale, zero)
        self.outputs.append(self.file.op(kind, [self.x] * operands, [y], **options))

    def mean(self) -> None:
        axes = self.file.tensor((2,), data=np.array([1, 2], np.int32))
        y = self.out((self.shape[-1],), scale=IN_SCALE)
        self.outputs.append(self.file.op("MEAN", [self.x, axes], [y], keepDims=False))

    def pad(self, rows: int, columns: int) -> None:
        h, w, c = self.shape
        pads = self.file.tensor((4, 2), data=np.array([[0, 0], [rows, 1], [columns, 1], [0, 0]], np.int32))
        y = self.file.tensor((1, h + rows + 1, w + columns + 1, c), IN_SCALE, -3)
        self.outputs.append(self.file.op("PAD", [self.x, pads], [y]))

    def bytes(self) -> bytes:
        return self.file.bytes([self.x], self.outputs)


def networks() -> Iterator[tuple[str, bytes]]:
    """(name, .tflite) of all of them."""
    for name, make in MAKERS.items():
        for number, net in enumerate(make()):
            yield f"{name}_{number}", net.bytes()


def convolutions_along_a_row() -> Iterator[Branches]:
    for width, channels in ((256, 3), (128, 16), (97, 8), (64, 24), (33, 5)):
        net = Branches((1, width, channels))
        for taps, outputs, stride in ((3, 8, 1), (5, 16, 2), (9, 24, 1), (9, 32, 4), (16, 7, 2), (1, 12, 1)):
            for relu in (True, False):
                net.conv((1, taps), outputs, stride, relu=relu)
        yield net
    net = Branches((1, 128, 6))
    for taps, outputs, pool in ((5, 8, 2), (9, 16, 2), (7, 16, 4), (3, 24, 4)):
        net.conv((1, taps), outputs, 1, pool=pool)
        net.conv((1, taps), outputs, 2, pool=pool)
    yield net


def rows_with_depthwise() -> Iterator[Branches]:
    for width, channels in ((256, 4), (128, 16), (96, 8), (64, 24)):
        net = Branches((1, width, channels))
        for taps, outputs, stride in ((3, 8, 1), (5, 16, 2), (8, 20, 4), (1, 12, 1), (1, 32, 1)):
            for relu, then in ((True, (5, 2)), (False, (3, 1)), (True, (4, 1))):
                net.conv((1, taps), outputs, stride, relu=relu, then=then)
        yield net
    net = Branches((1, 512, 3))
    for outputs in (8, 16, 20):
        for relu, then in ((True, (5, 2)), (False, (3, 1)), (True, (4, 1))):
            net.conv((1, 8), outputs, 4, relu=relu, then=then)
    yield net


def convolutions_of_two_axes() -> Iterator[Branches]:
    for size, channels in ((16, 3), (12, 8), (9, 16), (8, 32), (11, 6), (24, 1)):
        net = Branches((size, size, channels))
        for taps, outputs, stride in (((3, 3), 16, 1), ((3, 3), 8, 2), ((1, 1), 24, 1), ((1, 1), 9, 2),
                                      ((5, 5), 8, 1), ((10, 4), 12, 2)):  # fmt: skip
            if max(taps) <= size:
                for relu, padding in ((True, SAME), (False, SAME), (True, VALID)):
                    net.conv(taps, outputs, stride, padding, relu)
        yield net


def dead_channels() -> Iterator[Branches]:
    for size, channels in ((6, 32), (9, 8)):
        net = Branches((size, size, channels))
        for turn in (4, 8, 16, 64):
            net.conv((1, 1), 64, turn=turn)
        yield net


def depthwise() -> Iterator[Branches]:
    for shape in ((12, 12, 8), (25, 5, 16), (1, 64, 24), (6, 6, 40), (48, 48, 3)):
        net = Branches(shape)
        for taps, stride in (((3, 3), 1), ((3, 3), 2), ((1, 5), 2), ((1, 3), 1), ((5, 5), 1)):
            if taps[0] <= shape[0]:
                for relu, padding in ((True, SAME), (False, SAME), (True, VALID)):
                    net.conv(taps, shape[2], stride, padding, relu, depthwise=True)
        yield net
    net = Branches((20, 20, 1))
    for outputs in (4, 8):
        net.conv((5, 5), outputs, 2, depthwise=True)
        net.conv((8, 10), outputs, 2, depthwise=True)
    yield net


def dense() -> Iterator[Branches]:
    for inputs in (4, 10, 16, 32, 63, 128, 256, 640):
        net = Branches((inputs,))
        for outputs in (2, 4, 7, 16, 33, 64, 128):
            for relu in (True, False):
                net.dense(outputs, relu)
        yield net


def pools() -> Iterator[Branches]:
    for shape in ((8, 8, 16), (1, 48, 20), (12, 12, 5), (6, 6, 64)):
        net = Branches(shape)
        for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            for taps, stride in (
                ((2, 2), (2, 2)),
                ((3, 3), (1, 1)),
                ((1, 4), (1, 4)),
                (shape[:2], shape[:2]),
            ):
                if taps[0] <= shape[0]:
                    for padding in (SAME, VALID):
                        net.pool(kind, taps, stride, padding)
        yield net


def element_by_element() -> Iterator[Branches]:
    for shape in ((4, 4, 8), (16, 16, 16), (7, 5, 3)):
        net = Branches(shape)
        net.same_shape("ADD", 0.1, 3, 2)
        net.same_shape("SUB", 0.1, 3, 2)
        net.same_shape("MUL", 0.1, 3, 2)
        net.same_shape("LOGISTIC", 1 / 256, -128)
        net.same_shape("TANH", 1 / 128, 0)
        net.mean()
        net.pad(2, 3)
        yield net
    for shape in ((2,), (4,), (10,), (40,)):
        net = Branches(shape, scale=0.02)  # logits near each other: no exponential is cut short
        net.same_shape("SOFTMAX", 1 / 256, -128, beta=1.0)
        yield net


MAKERS: dict[str, Callable[[], Iterator[Branches]]] = {
    "rows": convolutions_along_a_row,
    "rows_with_depthwise": rows_with_depthwise,
    "blocks": convolutions_of_two_axes,
    "dead": dead_channels,
    "depthwise": depthwise,
    "dense": dense,
    "pools": pools,
    "elements": element_by_element,
}
