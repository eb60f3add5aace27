"""Random small networks of every supported operation, as a hypothesis strategy.

A network is a seed and a list of layer names; each layer takes its shapes, scales and weights from the seed
and its place, so that a shrunk failure has few layers and is the same network in every run.
"""

from __future__ import annotations

import numpy as np
import random_layers
import random_layers_more
from hypothesis import strategies as st
from random_parts import LAYERS, Network

__all__ = ["LAYERS", "build", "networks", "random_layers", "random_layers_more"]
MAX_ELEMENTS = 3000


def build(seed: int, names: list[str]) -> bytes:
    """The network; a layer that does not fit where it stands, or grows beyond bounds, is left out."""
    net = Network(seed)
    net.rng = np.random.default_rng(seed)
    shape = (1, *(int(size) for size in net.rng.integers((1, 2, 1), (6, 12, 5))))
    net.last = net.tensor(shape)
    net.inputs.append(net.last)
    edge = net.last
    for place, name in enumerate(names):
        if np.prod(net.shape) > MAX_ELEMENTS:
            break
        net.rng = np.random.default_rng([seed, place])
        if len(net.shape) >= 2:
            LAYERS[name](net)
    if net.last == edge:
        net.op("QUANTIZE", net.tensor(net.shape))
    return net.file.bytes(net.inputs, [net.last, *net.outputs])


networks = st.builds(
    build, st.integers(0, 2**32 - 1), st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=7)
)
