"""A small residual network with depthwise convolutions on windows, and data that it learns in seconds."""

from __future__ import annotations

import numpy as np
from aurora.train.dense import Target
from aurora.train.graph import Graph, Node

SHAPE = (1, 32, 3)
CLASSES = 3


def residual_graph(seed: int = 0, width: int = 12) -> Graph:
    """A residual block of a depthwise and a pointwise convolution, then conv, pool, flatten, dense, heads."""
    rng = np.random.default_rng(seed)
    same = {"stride": (1, 1), "padding": "same"}
    nodes = [
        Node("window", "input", (), {"shape": SHAPE}),
        Node("stem", "conv", ("window",), {"stride": (1, 2), "padding": "same"}),
        Node("stem_bn", "batch_norm", ("stem",)),
        Node("stem_relu", "relu", ("stem_bn",)),
        Node("wide", "depthwise", ("stem_relu",), same),
        Node("wide_bn", "batch_norm", ("wide",)),
        Node("wide_relu", "relu", ("wide_bn",)),
        Node("point", "conv", ("wide_relu",), same),
        Node("point_bn", "batch_norm", ("point",)),
        Node("sum", "add", ("stem_relu", "point_bn")),
        Node("sum_relu", "relu", ("sum",)),
        Node("last", "conv", ("sum_relu",), {"stride": (1, 1), "padding": "valid"}),
        Node("last_bn", "batch_norm", ("last",)),
        Node("last_relu", "relu", ("last_bn",)),
        Node("pool", "average_pool", ("last_relu",), {"size": (1, 7)}),
        Node("flat", "flatten", ("pool",)),
        Node("mixed", "dense", ("flat",)),
        Node("mixed_relu", "relu", ("mixed",)),
        Node("fault_type", "dense", ("mixed_relu",)),
        Node("fails_within_h", "dense", ("mixed_relu",)),
    ]

    def kernel(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        out = shape[2] if shape[-1] == 1 and len(shape) == 4 else shape[-1]
        spread = np.prod(shape[:-1]) ** -0.5 if shape[-1] > 1 else 0.4
        return rng.normal(0, spread, shape).astype(np.float32), rng.normal(0, 0.1, out).astype(np.float32)

    def bn(channels: int) -> tuple[np.ndarray, ...]:
        scale, shift = rng.uniform(0.5, 1.5, channels), rng.normal(0, 0.3, channels)
        mean, variance = rng.normal(0, 0.2, channels), rng.uniform(0.5, 2.0, channels)
        return tuple(array.astype(np.float32) for array in (scale, shift, mean, variance))

    weights = {
        "stem": kernel(1, 5, 3, width), "stem_bn": bn(width), "wide": kernel(1, 3, width, 1),
        "wide_bn": bn(width), "point": kernel(1, 1, width, width), "point_bn": bn(width),
        "last": kernel(1, 3, width, 10), "last_bn": bn(10), "mixed": kernel(20, 8),
        "fault_type": kernel(8, CLASSES),
        "fails_within_h": (rng.normal(0, 0.4, (8, 1)).astype(np.float32), np.zeros(1, np.float32)),
    }  # fmt: skip
    return Graph(tuple(nodes), weights, {"fault_type": "fault_type", "fails_within_h": "fails_within_h"})


def windows(count: int = 192, seed: int = 1) -> tuple[np.ndarray, dict[str, Target]]:
    """Windows whose class is a frequency, and whose failure is an amplitude."""
    rng = np.random.default_rng(seed)
    fault, fails = rng.integers(0, CLASSES, count), rng.integers(0, 2, count)
    time = np.arange(SHAPE[1])
    wave = np.sin(time[None] * (0.4 + 0.5 * fault[:, None]) + rng.uniform(0, 6, (count, 1)))
    x = wave[:, None, :, None] * (0.5 + fails[:, None, None, None]) + rng.normal(0, 0.3, (count, *SHAPE))
    share = np.full(count, 1 / count)
    return x.astype(np.float32), {
        "fault_type": Target(fault, share, CLASSES), "fails_within_h": Target(fails, share, 1),
    }  # fmt: skip
