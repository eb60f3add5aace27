"""A network that takes every form of the m3 kernels; another ``seed`` is another training of it."""

import numpy as np
from tflite_file import NONE, RELU, RELU6, SAME, VALID, TfliteFile

ALONG = {"filterHeight": 1, "strideH": 1, "padding": VALID}


def m3_forms(seed: int = 1) -> bytes:
    """Convolutions along a row (pooled by two and four, strided), of rows of taps (direct, gathered, dilated)
    and of points; depthwise of one row and of several, and behind a convolution; a sum; dense layers of one
    row and of several."""
    rng = np.random.default_rng(seed)
    file = TfliteFile()
    x = file.tensor((1, 1, 64, 3), 0.05, int(rng.integers(-60, 60)))
    image = file.tensor((1, 9, 8, 4), 0.05, int(rng.integers(-60, 60)))
    one = file.tensor((1, 9, 8, 1), 0.05, int(rng.integers(-60, 60)))

    def conv(
        source: int, out: tuple[int, int, int], taps: tuple[int, int], fused: int = RELU, **options: int
    ) -> int:
        y = file.tensor((1, *out), rng.uniform(0.3, 0.4), -128 if fused else int(rng.integers(-60, 60)))
        scales = rng.uniform(1e-3, 0.02, out[2])
        return file.conv(rng, source, taps, y, scales, padding=SAME, fusedActivationFunction=fused, **options)

    def pooled(source: int, width: int, channels: int, taps: int) -> int:
        old = file.tensors[source].quantization.scale[0]
        y = file.tensor((1, 1, width // taps, channels), old, -128)
        return file.op("MAX_POOL_2D", [source], [y], filterWidth=taps, strideW=taps, **ALONG)

    two = pooled(conv(x, (1, 16, 6), (1, 9), strideW=4), 16, 6, 2)
    four = pooled(conv(x, (1, 32, 8), (1, 8), strideW=2), 32, 8, 4)
    lane = conv(four, (1, 4, 8), (1, 5), strideW=2, depthwise=True)
    chain = conv(conv(x, (1, 64, 8), (1, 3), RELU6), (1, 32, 8), (1, 5), NONE, strideW=2, depthwise=True)
    rows = conv(image, (9, 8, 8), (3, 3))
    planes = conv(rows, (9, 8, 8), (3, 3), depthwise=True)
    points = conv(planes, (9, 8, 8), (1, 1), NONE)
    total = file.tensor((1, 9, 8, 8), 0.5, 3)
    file.op("ADD", [rows, points], [total], fusedActivationFunction=NONE)
    outs = [
        two, lane, chain, total,
        conv(four, (1, 8, 5), (1, 5), NONE),
        conv(planes, (5, 4, 7), (3, 3), RELU6, strideH=2, strideW=2),
        conv(image, (9, 8, 4), (3, 2), dilationHFactor=2, dilationWFactor=2),
        conv(one, (5, 4, 8), (4, 3), strideH=2, strideW=2, depthwise=True),
        conv(one, (9, 8, 24), (5, 2), NONE),
    ]  # fmt: skip
    flat, wide, several = (file.tensor((1, 64), 0.3, -128), file.tensor((1, 21), 0.3, 9),
                           file.tensor((8, 6), 0.3, 9))  # fmt: skip
    file.op("RESHAPE", [four], [flat])
    file.dense(rng, flat, 64, wide)
    file.dense(rng, four, 8, several)
    listed = file.op("RESHAPE", [several], [file.tensor((1, 48), 0.3, 9)])
    again = file.tensor((1, 101), 0.3, -128)
    file.dense(rng, wide, 21, again, activation=RELU)
    return file.bytes([x, image, one], [*outs, again, listed])
