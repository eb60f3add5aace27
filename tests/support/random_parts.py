"""A random network in the making, and where its layers are listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from tflite_file import TfliteFile


@dataclass
class Network:
    """``last`` is the tensor that the next layer reads; ``outputs`` are given out beside it."""

    seed: int
    file: TfliteFile = field(default_factory=TfliteFile)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    last: int = -1
    rng: np.random.Generator = field(default_factory=np.random.default_rng)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.file.tensors[self.last].shape)

    def pick(self, *values):
        return values[int(self.rng.integers(len(values)))]

    def tensor(self, shape, scale: float | None = None, zero: int | None = None, **more) -> int:
        """A tensor with a random scale and a zero point that is often at an end of the range."""
        scale = float(np.exp(self.rng.uniform(np.log(0.01), np.log(0.8)))) if scale is None else scale
        zero = self.pick(-128, 127, 0, int(self.rng.integers(-128, 128))) if zero is None else zero
        return self.file.tensor(shape, scale, zero, **more)

    def like_last(self, shape) -> int:
        old = self.file.tensors[self.last].quantization
        return self.file.tensor(shape, old.scale[0], int(old.zeroPoint[0]))

    def ints(self, *values: int) -> int:
        return self.file.tensor((len(values),), data=np.array(values, np.int32))

    def op(self, kind: str, out: int, before: tuple[int, ...] = (), after: tuple[int, ...] = (), **options):
        self.last = self.file.op(kind, [*before, self.last, *after], [out], **options)


Layer = Callable[[Network], None]
LAYERS: dict[str, Layer] = {}


def layer(function: Layer) -> Layer:
    LAYERS[function.__name__] = function
    return function


def picture(net: Network) -> tuple[int, int, int]:
    """The last tensor as [1, h, w, c], reshaped where it has other axes."""
    shape = net.shape
    if len(shape) != 4:
        size = int(np.prod(shape))
        channels = next(c for c in (4, 3, 2, 1) if size % c == 0)
        net.op("RESHAPE", net.like_last((1, 1, size // channels, channels)))
    return net.shape[1:]
