"""Layers of random networks: windows, sums, activations, shapes and an LSTM."""

from __future__ import annotations

import numpy as np
from random_parts import Network, layer, picture
from tflite_file import NONE, RELU, RELU6, SAME, VALID
from tflite_networks import lstm_operands

CLAMPS = [NONE, RELU, RELU6]


def _windowed(net: Network, depthwise: bool) -> None:
    h, w, c = picture(net)
    taps = (int(net.rng.integers(1, 4)), int(net.rng.integers(1, 6)))
    stride, dilation = (net.pick(1, 1, 2), net.pick(1, 2, 3)), (1, 1)
    if net.rng.random() < 0.2:
        stride, dilation = (1, 1), (net.pick(1, 2), net.pick(1, 2, 3))
    reach = [(t - 1) * d + 1 for t, d in zip(taps, dilation, strict=True)]
    padding = SAME if reach[0] > h or reach[1] > w else net.pick(SAME, VALID)
    size = [
        -(-n // s) if padding == SAME else (n - r) // s + 1
        for n, r, s in zip((h, w), reach, stride, strict=True)
    ]
    channels = c * net.pick(1, 1, 2) if depthwise else int(net.rng.integers(1, 10))
    out = net.tensor((1, *size, channels))
    scales = net.rng.uniform(0.0005, 0.03, channels) * net.pick(1, 1, 20)
    net.last = net.file.conv(
        net.rng, net.last, taps, out, scales, depthwise=depthwise, bias=bool(net.rng.random() < 0.8),
        strideH=stride[0], strideW=stride[1], dilationHFactor=dilation[0], dilationWFactor=dilation[1],
        padding=padding, fusedActivationFunction=net.pick(*CLAMPS),
    )  # fmt: skip


@layer
def conv(net: Network) -> None:
    _windowed(net, depthwise=False)


@layer
def depthwise(net: Network) -> None:
    _windowed(net, depthwise=True)


@layer
def transpose_conv(net: Network) -> None:
    h, w, c = picture(net)
    stride, taps = (net.pick(1, 2), net.pick(1, 2, 3)), (net.pick(1, 2, 3), net.pick(2, 3))
    if h * w * stride[0] * stride[1] > 400:
        return
    shape = (h * stride[0], w * stride[1], int(net.rng.integers(1, 5)))
    values = net.rng.integers(-127, 128, (shape[2], *taps, c)).astype(np.int8)
    weights = net.file.tensor(values.shape, net.rng.uniform(0.001, 0.03, shape[2]), data=values)
    out = net.tensor((1, *shape))
    net.op("TRANSPOSE_CONV", out, before=(net.ints(1, *shape), weights), strideH=stride[0], strideW=stride[1],
           padding=SAME)  # fmt: skip


@layer
def dense(net: Network) -> None:
    size = int(net.shape[-1])
    out = net.tensor((*net.shape[:-1], int(net.rng.integers(1, 12))))
    scale = net.pick(0.01, net.rng.uniform(0.001, 0.03, net.file.tensors[out].shape[-1]))
    net.last = net.file.dense(net.rng, net.last, size, out, scale, activation=net.pick(*CLAMPS))


@layer
def pool(net: Network) -> None:
    h, w, c = picture(net)
    taps, stride = (net.pick(1, min(2, h)), net.pick(1, min(3, w))), (net.pick(1, 2), net.pick(1, 2, 3))
    padding = net.pick(SAME, VALID)
    size = [
        -(-n // s) if padding == SAME else (n - t) // s + 1
        for n, t, s in zip((h, w), taps, stride, strict=True)
    ]
    net.op(net.pick("AVERAGE_POOL_2D", "MAX_POOL_2D"), net.like_last((1, *size, c)), filterHeight=taps[0],
           filterWidth=taps[1], strideH=stride[0], strideW=stride[1], padding=padding,
           fusedActivationFunction=net.pick(*CLAMPS))  # fmt: skip


@layer
def arithmetic(net: Network) -> None:
    """With itself, a constant or a new input, which may repeat along axes."""
    shape = net.shape
    other = tuple(1 if net.rng.random() < 0.4 else size for size in shape)
    which = net.pick("self", "constant", "input")
    if which == "self":
        second = net.last
    else:
        data = net.rng.integers(-128, 128, other).astype(np.int8) if which == "constant" else None
        second = net.tensor(other, data=data)
        if which == "input":
            net.inputs.append(second)
    kind, clamp = net.pick("ADD", "SUB", "MUL"), net.pick(*CLAMPS)
    side = "after" if net.rng.random() < 0.5 else "before"
    net.op(kind, net.tensor(shape), **{side: (second,)}, fusedActivationFunction=clamp)


@layer
def residual(net: Network) -> None:
    h, w, c = picture(net)
    trunk = net.last
    out = net.tensor((1, h, w, c))
    net.last = net.file.conv(net.rng, trunk, (1, 3), out, 0.01, padding=SAME)
    net.op("ADD", net.tensor((1, h, w, c)), before=(trunk,), fusedActivationFunction=net.pick(*CLAMPS))


@layer
def one_value(net: Network) -> None:
    kind = net.pick("LOGISTIC", "TANH", "LEAKY_RELU", "HARD_SWISH", "RELU", "QUANTIZE")
    fixed = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}.get(kind)
    if kind == "HARD_SWISH":
        out = net.like_last(net.shape)
    else:
        out = net.tensor(net.shape, *fixed) if fixed else net.tensor(net.shape)
    net.op(kind, out, **({"alpha": float(net.pick(0.01, 0.3, 1.7))} if kind == "LEAKY_RELU" else {}))


@layer
def softmax(net: Network) -> None:
    net.op("SOFTMAX", net.tensor(net.shape, 1 / 256, -128), beta=1.0)


@layer
def mean(net: Network) -> None:
    rank = len(net.shape)
    axes = [axis for axis in range(1, rank) if net.rng.random() < 0.5] or [rank - 1]
    kept = [size for axis, size in enumerate(net.shape) if axis not in axes]
    net.op("MEAN", net.tensor(kept), after=(net.ints(*axes),))


@layer
def transpose(net: Network) -> None:
    order = [0, *(1 + net.rng.permutation(len(net.shape) - 1))]
    net.op("TRANSPOSE", net.like_last([net.shape[axis] for axis in order]), after=(net.ints(*order),))


@layer
def strided_slice(net: Network) -> None:
    shape = net.shape
    begin, end, step = [0], [1], [1]
    for size in shape[1:]:
        first = int(net.rng.integers(size))
        stride = net.pick(1, 2, -1)
        last = first + int(net.rng.integers(1, size - first + 1)) if stride > 0 else first - size - 1
        begin, end, step = [*begin, first], [*end, last], [*step, stride]
    taken = np.zeros(shape)[tuple(slice(b, e, s) for b, e, s in zip(begin, end, step, strict=True))].shape
    if 0 in taken:
        return
    net.op("STRIDED_SLICE", net.like_last(taken), after=(net.ints(*begin), net.ints(*end), net.ints(*step)))


@layer
def split(net: Network) -> None:
    axis = int(net.rng.integers(1, len(net.shape)))
    size = net.shape[axis]
    parts = next(n for n in (3, 2, 1) if size % n == 0)
    shape = [*net.shape]
    shape[axis] //= parts
    outs = [net.like_last(shape) for _ in range(parts)]
    which = net.file.tensor((), data=np.array(axis, np.int32))
    net.file.op("SPLIT", [which, net.last], outs, numSplits=parts)
    net.outputs += outs[1:]
    net.last = outs[0]


@layer
def concatenation(net: Network) -> None:
    axis = int(net.rng.integers(1, len(net.shape)))
    shape = [*net.shape]
    shape[axis] *= 2
    net.op("CONCATENATION", net.like_last(shape), before=(net.last,), axis=axis)


@layer
def pad(net: Network) -> None:
    table = [(0, 0), *((int(a), int(b)) for a, b in net.rng.integers(0, 3, (len(net.shape) - 1, 2)))]
    out = net.like_last([size + a + b for size, (a, b) in zip(net.shape, table, strict=True)])
    net.op("PAD", out, after=(net.file.tensor((len(table), 2), data=np.array(table, np.int32)),))


@layer
def resize(net: Network) -> None:
    _, _, c = picture(net)
    size = (int(net.rng.integers(1, 9)), int(net.rng.integers(1, 9)))
    corners = bool(net.rng.random() < 0.4)
    net.op(
        "RESIZE_NEAREST_NEIGHBOR", net.like_last((1, *size, c)), after=(net.ints(*size),),
        alignCorners=corners, halfPixelCenters=not corners and bool(net.rng.random() < 0.5),
    )  # fmt: skip


@layer
def lstm(net: Network) -> None:
    h, w, c = picture(net)
    if h != 1 or c > 40:
        return
    net.op("SQUEEZE", net.like_last((1, w, c)), squeezeDims=[1])
    units, hidden = int(net.rng.integers(1, 7)), (1 / 128, int(net.rng.integers(-20, 20)))
    operands = lstm_operands(net.file, net.rng, net.last, c, units, hidden)
    out = net.file.tensor((1, w, units), *hidden)
    net.last = net.file.op("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, [out], fusedActivationFunction=4)
