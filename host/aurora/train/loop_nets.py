"""Several dense networks of one shape trained side by side: every array has the seed as its first axis.

A step of one small network costs TensorFlow more in bookkeeping than in arithmetic, so five seeds in one
graph cost little more than one. The networks share nothing: the loss is a sum over seeds. The same seeds give
the same bytes; a seed's last bits do depend on its place among the others (how TensorFlow's sums are
vectorised depends on alignment).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.train.dense import import_keras
from aurora.train.network import Layer, Network

#: name -> float32 [seeds, ...]; a layer is "NAME.weights" [seeds, inputs, outputs] and "NAME.bias"
#: [seeds, 1, outputs]
Stack = dict[str, NDArray[np.float32]]


def tensorflow() -> Any:
    """TensorFlow with the settings of ``import_keras``, which count only before its first import."""
    import_keras()
    import tensorflow

    return tensorflow


def layer_names(depth: int, heads: Sequence[str]) -> list[str]:
    """The layers' names, hidden ones first."""
    return [f"hidden_{place}" for place in range(depth)] + list(heads)


def fresh_stack(
    inputs: int, hidden: tuple[int, ...], heads: Mapping[str, int], seeds: Sequence[int]
) -> Stack:
    """Glorot's uniform weights (Glorot, Bengio 2010) and zero biases; a seed's own do not depend on the
    others."""
    widths = list(zip((inputs, *hidden), hidden, strict=False))
    shapes = {f"hidden_{place}": shape for place, shape in enumerate(widths)}
    last = hidden[-1] if hidden else inputs
    shapes |= {name: (last, outputs) for name, outputs in heads.items()}
    draws = [np.random.default_rng((seed, 0)) for seed in seeds]
    stack: Stack = {}
    for name, shape in shapes.items():
        reach = np.sqrt(6.0 / sum(shape))
        drawn = [rng.uniform(-reach, reach, shape) for rng in draws]
        stack[f"{name}.weights"] = np.stack(drawn).astype(np.float32)
        stack[f"{name}.bias"] = np.zeros((len(seeds), 1, shape[1]), np.float32)
    return stack


def stack_networks(networks: Sequence[Network]) -> Stack:
    """Networks of one shape as one stack."""
    stack: Stack = {}
    for name in layer_names(len(networks[0].hidden), list(networks[0].heads)):
        layers = [_layer(network, name) for network in networks]
        stack[f"{name}.weights"] = np.stack([layer.weights for layer in layers])
        stack[f"{name}.bias"] = np.stack([layer.bias[None] for layer in layers])
    return stack


def networks_of(stack: Stack, depth: int, heads: Sequence[str]) -> list[Network]:
    """The inverse of ``stack_networks``; other entries of the stack are left out."""
    count = len(stack[f"{heads[0]}.bias"])

    def layer(name: str, seed: int) -> Layer:
        return Layer(stack[f"{name}.weights"][seed].copy(), stack[f"{name}.bias"][seed, 0].copy())

    return [
        Network(
            tuple(layer(f"hidden_{place}", seed) for place in range(depth)),
            {name: layer(name, seed) for name in heads},
        )
        for seed in range(count)
    ]


def forward(
    weights: Mapping[str, Any], x: Any, depth: int, heads: Sequence[str]
) -> tuple[Any, dict[str, Any]]:
    """TensorFlow: x [seeds, rows, F] to (last hidden layer, head -> logits), each [seeds, rows, ...]."""
    tf = tensorflow()
    for place in range(depth):
        name = f"hidden_{place}"
        x = tf.nn.relu(tf.matmul(x, weights[f"{name}.weights"]) + weights[f"{name}.bias"])
    logits = {name: tf.matmul(x, weights[f"{name}.weights"]) + weights[f"{name}.bias"] for name in heads}
    return x, logits


def _layer(network: Network, name: str) -> Layer:
    return network.heads[name] if name in network.heads else network.hidden[int(name.split("_")[1])]
