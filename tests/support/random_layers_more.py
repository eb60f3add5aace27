"""Layers of random networks: what the converter writes beside those of Keras itself."""

from __future__ import annotations

import numpy as np
from random_parts import Network, layer, picture
from tflite_file import NONE, RELU, RELU6, SAME, TfliteFile


@layer
def svdf(net: Network) -> None:
    size, rank, units = int(np.prod(net.shape)), net.pick(1, 2, 3), int(net.rng.integers(1, 5))
    memory, filters = int(net.rng.integers(1, 6)), rank * units
    net.op("RESHAPE", net.like_last((1, size)))
    feature = net.file.tensor((filters, size), 0.02, data=_weights(net, (filters, size)))
    time = net.file.tensor((filters, memory), 0.01, data=_weights(net, (filters, memory)))
    bias = net.file.tensor((units,), 0.001, data=net.rng.integers(-900, 900, units).astype(np.int32))
    state = net.tensor((1, filters * memory), 0.1, variable=True)
    net.op("SVDF", net.tensor((1, units)), after=(feature, time, bias, state), rank=rank,
           fusedActivationFunction=net.pick(NONE, RELU))  # fmt: skip


def _weights(net: Network, shape: tuple[int, ...], most: int = 127) -> np.ndarray:
    return net.rng.integers(-most, most + 1, shape).astype(np.int8)


@layer
def int4(net: Network) -> None:
    """A convolution or depthwise convolution whose weights are stored two to a byte."""
    h, w, c = picture(net)
    depthwise = bool(net.rng.random() < 0.5)
    channels = c if depthwise else int(net.rng.integers(1, 8))
    taps = (1, *net.pick((1, 3), (3, 3), (2, 1)), channels) if depthwise else (
        channels, *net.pick((1, 1), (1, 4), (3, 2)), c)  # fmt: skip
    scales = net.rng.uniform(0.01, 0.2, channels)
    weights = net.file.tensor(
        taps, scales, data=_weights(net, taps, 7), axis=3 if depthwise else 0, int4=True
    )
    options = {"depthMultiplier": 1} if depthwise else {}
    net.op("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", net.tensor((1, h, w, channels)), after=(weights,),
           strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1, padding=SAME,
           fusedActivationFunction=net.pick(NONE, RELU, RELU6), **options)  # fmt: skip


@layer
def apart(net: Network) -> None:
    """An axis taken apart, and some of the parts put together along another."""
    shape = net.shape
    axis = int(net.rng.integers(1, len(shape))) if len(shape) > 1 else 0
    if len(shape) < 2 or not 1 < shape[axis] <= 10:
        return
    part = shape[:axis] + shape[axis + 1 :]
    outs = [net.like_last(part) for _ in range(shape[axis])]
    net.file.op("UNPACK", [net.last], outs, axis=axis, num=len(outs))
    chosen = [int(number) for number in net.rng.permutation(outs)[: int(net.rng.integers(2, 5))]]
    place = int(net.rng.integers(1, len(part) + 1))
    joined = net.like_last((*part[:place], len(chosen), *part[place:]))
    net.last = net.file.op("PACK", chosen, [joined], axis=place, valuesCount=len(chosen))


@layer
def sliced(net: Network) -> None:
    begin = [0, *(int(net.rng.integers(size)) for size in net.shape[1:])]
    sizes = [
        1,
        *(int(net.rng.integers(1, size - at + 1)) for size, at in zip(net.shape[1:], begin[1:], strict=True)),
    ]
    net.op("SLICE", net.like_last(sizes), after=(net.ints(*begin), net.ints(*sizes)))


@layer
def split_v(net: Network) -> None:
    axis = int(net.rng.integers(1, len(net.shape)))
    if net.shape[axis] < 2:
        return
    first = int(net.rng.integers(1, net.shape[axis]))
    sizes = (first, net.shape[axis] - first)
    outs = [net.like_last([*net.shape[:axis], size, *net.shape[axis + 1 :]]) for size in sizes]
    which = net.file.tensor((), data=np.array(axis, np.int32))
    net.file.op("SPLIT_V", [net.last, net.ints(*sizes), which], outs, numSplits=2)
    net.outputs.append(outs[0])
    net.last = outs[1]


@layer
def padv2(net: Network) -> None:
    table = [(0, 0), *((int(a), int(b)) for a, b in net.rng.integers(0, 3, (len(net.shape) - 1, 2)))]
    out = net.like_last([size + a + b for size, (a, b) in zip(net.shape, table, strict=True)])
    old = net.file.tensors[out].quantization
    value = net.file.tensor((1,), old.scale[0], int(old.zeroPoint[0]), data=_weights(net, (1,)))
    net.op("PADV2", out, after=(net.file.tensor((len(table), 2), data=np.array(table, np.int32)), value))


@layer
def through_floats(net: Network) -> None:
    """Dequantised, transposed in float, quantised to another scale."""
    rank = len(net.shape)
    if rank > 5:
        return
    net.op("DEQUANTIZE", _floats(net.file, net.shape))
    order = [0, *(1 + int(axis) for axis in net.rng.permutation(rank - 1))]
    net.op("TRANSPOSE", _floats(net.file, [net.shape[axis] for axis in order]), after=(net.ints(*order),))
    net.op("QUANTIZE", net.tensor(net.shape))


def _floats(file: TfliteFile, shape) -> int:
    return file.tensor(shape, dtype=np.float32)


@layer
def relu6(net: Network) -> None:
    net.op("RELU6", net.like_last(net.shape))


@layer
def more_axes(net: Network) -> None:
    if len(net.shape) > 3:
        return  # PAD and STRIDED_SLICE know four
    place = int(net.rng.integers(1, len(net.shape) + 1))
    shape = (*net.shape[:place], 1, *net.shape[place:])
    net.op("EXPAND_DIMS", net.like_last(shape), after=(net.file.tensor((), data=np.array(place, np.int32)),))
