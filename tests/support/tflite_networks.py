"""Small networks for the engine's tests, made without TensorFlow; another ``seed`` is another training."""

import numpy as np
from tflite_file import RELU, RELU6, SAME, TfliteFile


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
