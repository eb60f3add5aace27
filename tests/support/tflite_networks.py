"""Small networks for the engine's tests, made without TensorFlow; another ``seed`` is another training."""

import numpy as np
from tflite_file import NONE, RELU, RELU6, SAME, TfliteFile


def two_heads(seed: int = 1, *, swapped: bool = False, inputs: int = 12, hidden: int = 16) -> bytes:
    """Dense net with heads fault_type [1, 3] and fails_within_h [1, 1]; another seed is another training.

    ``swapped`` writes the heads, their operations and the file's outputs in the other order.
    """
    rng = np.random.default_rng(seed)
    file = TfliteFile()
    scale = rng.uniform(0.01, 0.04, 6)
    x = file.tensor((1, inputs), scale[0], int(rng.integers(-20, 20)), name=f"keras_tensor_{seed}")
    h = file.tensor((1, hidden), scale[1], -128)
    file.dense(rng, x, inputs, h, scale[2] * rng.uniform(0.5, 1, hidden), activation=RELU)
    fault = file.tensor((1, 3), scale[3], int(rng.integers(-20, 20)))
    fails = file.tensor((1, 1), scale[4], int(rng.integers(-20, 20)))
    heads = [(fault, scale[5] * rng.uniform(0.5, 1, 3)), (fails, scale[5])]
    for out, weights_scale in reversed(heads) if swapped else heads:
        file.dense(np.random.default_rng(seed + out), h, hidden, out, weights_scale)
    outputs = [fails, fault] if swapped else [fault, fails]
    return file.bytes([x], outputs, {"fault_type": fault, "fails_within_h": fails})


def conv_net(seed: int, *, taps: int = 5, channels: int = 8) -> bytes:
    """1xN convolution, depthwise, pool, dense and softmax with random values and scales throughout."""
    rng = np.random.default_rng(seed)

    def zero() -> int:
        return int(rng.integers(-60, 60))

    file = TfliteFile()
    x = file.tensor((1, 1, 32, 3), rng.uniform(0.01, 0.1), zero(), name=f"serving_default_{seed}:0")
    a = file.tensor((1, 1, 16, channels), rng.uniform(0.1, 0.6), -128)
    b = file.tensor((1, 1, 16, channels), pooled := rng.uniform(0.1, 0.6), pooled_zero := zero())
    c = file.tensor((1, 1, 1, channels), pooled, pooled_zero)
    d, e = file.tensor((1, 4), rng.uniform(0.1, 0.6), zero()), file.tensor((1, 4), 1 / 256, -128)
    file.conv(rng, x, (1, taps), a, rng.uniform(0.001, 0.02, channels), strideW=2, padding=SAME,
              fusedActivationFunction=RELU if seed % 2 else RELU6)  # fmt: skip
    file.conv(rng, a, (1, 3), b, rng.uniform(0.001, 2, channels), depthwise=True, padding=SAME)
    file.op("AVERAGE_POOL_2D", [b], [c], filterHeight=1, filterWidth=16, strideH=1, strideW=16)
    file.dense(rng, c, channels, d, rng.uniform(0.001, 0.02, 4))
    file.op("SOFTMAX", [d], [e], beta=1.0)
    return file.bytes([x], [e])


def every_kernel() -> bytes:
    """One network with every operation, odd sizes and padded edges."""
    rng = np.random.default_rng(1)
    file = TfliteFile()
    x = file.tensor((1, 5, 7, 3), 0.05, -30)
    conv, depth = file.tensor((1, 3, 4, 5), 0.3, -128), file.tensor((1, 3, 4, 10), 0.4, 20)
    file.conv(
        rng, x, (3, 3), conv, rng.uniform(1e-8, 3, 5), strideH=2, strideW=2, dilationHFactor=2, padding=SAME
    )
    file.conv(rng, conv, (2, 3), depth, rng.uniform(1e-3, 3, 10), depthwise=True, padding=SAME)
    mean, high = file.tensor((1, 3, 4, 10), 0.4, 20), file.tensor((1, 3, 4, 10), 0.4, 20)
    pool = {"filterHeight": 2, "filterWidth": 3, "strideH": 1, "strideW": 1, "padding": SAME}
    file.op("AVERAGE_POOL_2D", [depth], [mean], **pool)
    file.op("MAX_POOL_2D", [depth], [high], fusedActivationFunction=RELU6, **pool)
    added, joined = file.tensor((1, 3, 4, 10), 0.01, 3), file.tensor((1, 3, 4, 20), 0.01, 3)
    file.op("ADD", [mean, high], [added])
    relu, six = file.tensor((1, 3, 4, 10), 0.01, 3), file.tensor((1, 3, 4, 20), 0.01, 3)
    file.op("RELU", [added], [relu])
    file.op("CONCATENATION", [added, relu], [joined], axis=3)
    file.op("RELU6", [joined], [six])
    table = file.tensor((4, 2), data=np.array([[0, 0], [1, 0], [0, 2], [0, 1]], np.int32))
    padded, flat = file.tensor((1, 4, 6, 21), 0.01, 3), file.tensor((1, 504), 0.01, 3)
    file.op("PAD", [six, table], [padded])
    file.op("RESHAPE", [padded], [flat])
    logits, classes = file.tensor((1, 7), 0.3, 0), file.tensor((1, 7), 1 / 256, -128)
    file.dense(rng, flat, 504, logits, rng.uniform(1e-3, 2, 7))
    file.op("SOFTMAX", [logits], [classes], beta=1.0)
    return file.bytes([x], [classes, flat, logits])


def every_other_kernel(seed: int = 2) -> bytes:
    """One network with the kernels that `every_kernel` lacks, float and int8 inputs, and state."""
    rng = np.random.default_rng(seed)
    file = TfliteFile()

    def ints(*values: int) -> int:
        return file.tensor((len(values),), data=np.array(values, np.int32))

    real, x, q = file.tensor((1, 40), dtype=np.float32), file.tensor((1, 4, 5, 2), 0.05, -3), (0.05, -3)
    quantised, shaped = file.tensor((1, 40), *q), file.tensor((1, 4, 5, 2), *q)
    file.op("QUANTIZE", [real], [quantised])
    file.op("RESHAPE", [quantised], [shaped])
    row = file.tensor((1, 1, 5, 2), *q)
    file.op("SLICE", [x, ints(0, 1, 0, 0), ints(1, 1, -1, -1)], [row])
    total, product, rest = (file.tensor((1, 4, 5, 2), *scale) for scale in ((0.09, 5), (0.2, -9), (0.3, 20)))
    file.op("ADD", [shaped, row], [total])
    file.op("MUL", [row, total], [product])
    file.op("SUB", [product, x], [rest])
    wide, taps = file.tensor((1, 8, 10, 3), 0.4, 7), rng.integers(-99, 99, (3, 3, 2, 2)).astype(np.int8)
    weights = file.tensor(taps.shape, rng.uniform(0.01, 0.05, 3), data=taps)
    file.op("TRANSPOSE_CONV", [ints(1, 8, 10, 3), weights, rest], [wide], strideH=2, strideW=2, padding=SAME)
    near, curved = file.tensor((1, 6, 13, 3), 0.4, 7), file.tensor((1, 6, 13, 3), 1 / 128, 0)
    file.op("RESIZE_NEAREST_NEIGHBOR", [wide, ints(6, 13)], [near])
    file.op("TANH", [near], [curved])
    turned, mean = file.tensor((1, 3, 6, 13), 1 / 128, 0), file.tensor((1, 3, 6), 0.003, 11)
    file.op("TRANSPOSE", [curved, ints(0, 3, 1, 2)], [turned])
    file.op("MEAN", [turned, ints(3)], [mean])
    out = file.tensor((1, 3, 4), 1 / 128, 5)
    file.op("UNIDIRECTIONAL_SEQUENCE_LSTM", lstm_operands(file, rng, mean, 6, 4, (1 / 128, 5)), [out],
            fusedActivationFunction=4)  # fmt: skip
    flat, told = file.tensor((1, 12), 1 / 128, 5), file.tensor((1, 3), 0.05, 1)
    file.op("RESHAPE", [out], [flat])
    filters = [file.tensor(shape, scale, data=rng.integers(-99, 99, shape).astype(np.int8))
               for shape, scale in (((6, 12), 0.02), ((6, 3), 0.01))]  # fmt: skip
    bias = file.tensor((3,), 0.001, data=rng.integers(-900, 900, 3).astype(np.int32))
    file.op("SVDF", [flat, *filters, bias, file.tensor((1, 18), 0.1, 4, variable=True)], [told], rank=2)
    given = file.tensor((1, 3), dtype=np.float32)
    file.op("DEQUANTIZE", [told], [given])
    return file.bytes([real, x], [given, near, flat])


def lstm_operands(
    file: TfliteFile, rng: np.random.Generator, x: int, inputs: int, units: int, hidden: tuple[float, int]
) -> list[int]:
    """Operands of an LSTM on ``x`` with random weights; the absent ones are -1."""
    operands = [x]
    for size in (inputs, units):
        values = rng.integers(-127, 128, (4, units, size)).astype(np.int8)
        operands += [file.tensor((units, size), float(rng.uniform(0.003, 0.03)), data=w) for w in values]
    biases = rng.integers(-9000, 9000, (4, units)).astype(np.int32)
    operands += [-1] * 3 + [file.tensor((units,), 1e-4, data=bias) for bias in biases]
    operands += [-1, -1, file.tensor((1, units), *hidden, variable=True)]
    return [*operands, file.tensor((1, units), 2.0**-11, dtype=np.int16, variable=True), -1, -1, -1, -1]


def m4_forms() -> bytes:
    """Branches from one input that take the forms of the m4 kernels: rows packed, wide, with pools of two and
    four, expanded apart; blocks gathered and direct; dense."""
    rng = np.random.default_rng(3)
    file = TfliteFile()
    x = file.tensor((1, 1, 64, 3), 0.05, -30)
    outs = []

    def conv(source: int, width: int, taps: int, channels: int, stride: int, fused: int = RELU) -> int:
        y = file.tensor((1, 1, width, channels), 0.3, -128 if fused else 4)
        options = {"strideW": stride, "padding": SAME, "fusedActivationFunction": fused}
        return file.conv(rng, source, (1, taps), y, rng.uniform(1e-3, 0.02, channels), **options)

    def pool(source: int, width: int, channels: int, taps: int) -> int:
        y = file.tensor((1, 1, width // taps, channels), 0.3, -128)
        return file.op("MAX_POOL_2D", [source], [y], filterHeight=1, filterWidth=taps, strideH=1,
                       strideW=taps, padding=1)  # fmt: skip

    outs.append(pool(conv(x, 16, 9, 6, 4), 16, 6, 2))
    outs.append(four := pool(conv(x, 32, 8, 8, 2), 32, 8, 4))
    outs.append(conv(four, 8, 5, 5, 1))
    outs.append(conv(four, 8, 13, 4, 1, fused=0))
    outs.append(conv(four, 4, 1, 7, 2))
    outs.append(conv(x, 22, 4, 3, 3))
    outs.append(conv(conv(x, 16, 5, 4, 4), 16, 1, 6, 1))
    flat, y = file.tensor((1, 64), 0.3, -128), file.tensor((1, 6), 0.3, 9)
    file.op("RESHAPE", [four], [flat])
    file.dense(rng, flat, 64, y)
    return file.bytes([x], [*outs, y])


def m4_chain() -> bytes:
    """A row through the m4 kernels that work in little memory: convolutions with the depthwise after them, of
    whole chunks and with a rest, and a dense layer in pieces."""
    rng = np.random.default_rng(5)
    file = TfliteFile()
    x = file.tensor((1, 1, 130, 3), 0.05, -30)

    def conv(source: int, width: int, taps: int, channels: int, stride: int, fused: int, deep: bool) -> int:
        y = file.tensor((1, 1, width, channels), 0.3, -128 if fused else 4)
        scales = rng.uniform(1e-3, 0.02, channels)
        options = {"strideW": stride, "padding": SAME, "fusedActivationFunction": fused}
        return file.conv(rng, source, (1, taps), y, scales, depthwise=deep, **options)

    rows = conv(conv(x, 33, 8, 8, 4, RELU, False), 17, 5, 8, 2, RELU, True)
    rows = conv(conv(rows, 17, 1, 13, 1, RELU6, False), 17, 3, 13, 1, NONE, True)
    many, few = file.tensor((1, 19), 0.3, -128), file.tensor((1, 4), 0.3, 9)
    wide = file.tensor((1, 1, 17, 16), 0.3, 4)
    file.conv(rng, rows, (1, 1), wide, rng.uniform(1e-3, 0.02, 16))
    flat = file.tensor((1, 272), 0.3, 4)
    file.op("RESHAPE", [wide], [flat])
    file.dense(rng, flat, 272, many, activation=RELU)
    file.dense(rng, many, 19, few)
    return file.bytes([x], [few])


def m4_image() -> bytes:
    """Windows over an image in the forms of the m4 kernels: strips, blocks of rows of taps, and gathered."""
    rng = np.random.default_rng(4)
    file = TfliteFile()
    x, rgb = file.tensor((1, 14, 11, 4), 0.05, -30), file.tensor((1, 7, 9, 3), 0.05, 12)

    def conv(
        source: int, out: tuple[int, int, int], taps: tuple[int, int], stride: int, dilation: int
    ) -> int:
        y = file.tensor((1, *out), 0.3, -128)
        options = {"dilationHFactor": dilation, "dilationWFactor": dilation, "fusedActivationFunction": RELU}
        options |= {"strideH": stride, "strideW": stride, "padding": SAME}
        return file.conv(rng, source, taps, y, rng.uniform(1e-3, 0.02, out[2]), **options)

    outs = [
        conv(x, (14, 11, 5), (3, 3), 1, 1),
        conv(x, (7, 6, 4), (5, 3), 2, 1),
        conv(x, (14, 11, 3), (3, 3), 1, 2),
        conv(rgb, (7, 9, 4), (3, 3), 1, 1),
        conv(rgb, (4, 5, 3), (2, 5), 2, 1),
    ]
    return file.bytes([x, rgb], outs)


def moves() -> bytes:
    """Parts taken out and put together, in int8 and, between two quantisations, in float."""
    rng = np.random.default_rng(5)
    file = TfliteFile()
    q = (0.05, -3)
    x, w = file.tensor((1, 4, 6), *q), file.tensor((1, 6, 4), *q)
    file.op("TRANSPOSE", [x, file.tensor((3,), data=np.array([0, 2, 1], np.int32))], [w])
    rows = [file.tensor((1, 4), *q) for _ in range(6)]
    file.op("UNPACK", [w], rows, axis=1, num=6)
    stacked = file.tensor((1, 4, 3), *q)
    file.op("PACK", rows[::2], [stacked], axis=2, valuesCount=3)
    real = file.tensor((1, 4, 3), dtype=np.float32)
    file.op("DEQUANTIZE", [stacked], [real])
    halves = [file.tensor((1, 2, 3), dtype=np.float32) for _ in range(2)]
    file.op("SPLIT", [file.tensor((), data=np.array(1, np.int32)), real], halves, numSplits=2)
    a, b = file.tensor((1, 2, 3), 0.02, 5), file.tensor((1, 2, 3), 0.02, 5)
    for half, quantised in zip(halves, (a, b), strict=True):
        file.op("QUANTIZE", [half], [quantised])
    total, flat, y = (
        file.tensor((1, 2, 3), 0.04, 1),
        file.tensor((1, 6), 0.04, 1),
        file.tensor((1, 3), 0.3, 9),
    )
    file.op("MUL", [a, b], [total])
    file.op("RESHAPE", [total], [flat])
    return file.bytes([x], [file.dense(rng, flat, 6, y), rows[1]])
