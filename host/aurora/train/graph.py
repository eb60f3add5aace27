"""A network as plain data: nodes that name their inputs, and arrays. What pruning cuts and Keras trains.

Activations are channels last: ``[F]`` for dense parts, ``[height, width, channels]`` for convolutional ones
(a vibration window is height 1). Weights are in Keras's order:

    dense        (kernel [inputs, outputs], bias [outputs])
    conv         (kernel [rows, columns, inputs, outputs], bias [outputs])
    depthwise    (kernel [rows, columns, channels, 1], bias [channels])
    batch_norm   (scale, shift, mean, variance), each [channels]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.train.network import Layer, Network

KINDS = (
    "input", "dense", "conv", "depthwise", "batch_norm", "relu", "add", "max_pool", "average_pool", "flatten",
)  # fmt: skip
#: kinds with weights, and how many arrays each has
WEIGHTED = {"dense": 2, "conv": 2, "depthwise": 2, "batch_norm": 4}

Weights = Mapping[str, tuple[NDArray[np.float32], ...]]


@dataclass(frozen=True)
class Node:
    """One operation. ``params``: input: shape; convolutions: stride, padding ("same" or "valid"), both by
    (rows, columns); pools: size by (rows, columns), which is their stride too; batch_norm: epsilon."""

    name: str
    kind: str
    inputs: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each follows its inputs; ``outputs``: head name -> node.

    Raises InputError where a node is of an unknown kind, comes before its input, or lacks its weights.
    """

    nodes: tuple[Node, ...]
    weights: Weights
    outputs: Mapping[str, str]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for node in self.nodes:
            if node.kind not in KINDS:
                raise InputError(f"node {node.name} is of unknown kind {node.kind!r}", hint=", ".join(KINDS))
            if node.name in seen or not seen.issuperset(node.inputs):
                raise InputError(f"node {node.name} comes twice, or before one of its inputs")
            seen.add(node.name)
            held, needed = len(self.weights.get(node.name, ())), WEIGHTED.get(node.kind, 0)
            if held != needed:
                raise InputError(f"node {node.name} has {held} weight arrays, a {node.kind} has {needed}")
        if not self.outputs or not seen.issuperset(self.outputs.values()):
            raise InputError("the graph's outputs are not among its nodes")

    def node(self, name: str) -> Node:
        """The node of this name."""
        return next(node for node in self.nodes if node.name == name)


def parameters(graph: Graph) -> int:
    """Number of weights, those of batch normalisation included."""
    return sum(array.size for arrays in graph.weights.values() for array in arrays)


def dense_graph(network: Network) -> Graph:
    """The graph of a dense network: ``features``, ``hidden_0``, ``hidden_0_relu``, ..., one node a head."""
    nodes, weights = [Node("features", "input", (), {"shape": (network.inputs,)})], {}
    last = "features"
    for place, layer in enumerate(network.hidden):
        name = f"hidden_{place}"
        nodes += [Node(name, "dense", (last,)), Node(f"{name}_relu", "relu", (name,))]
        weights[name] = (layer.weights, layer.bias)
        last = f"{name}_relu"
    for name, layer in network.heads.items():
        nodes.append(Node(name, "dense", (last,)))
        weights[name] = (layer.weights, layer.bias)
    return Graph(tuple(nodes), weights, {name: name for name in network.heads})


def to_network(graph: Graph) -> Network:
    """The inverse of ``dense_graph``; raises InputError where the graph is no such chain."""
    heads = set(graph.outputs.values())
    hidden: list[Layer] = []
    last = "features"
    for node in graph.nodes:
        if node.kind not in ("input", "dense", "relu") or (node.kind != "input" and node.inputs != (last,)):
            raise InputError(f"node {node.name} does not belong to a chain of dense layers")
        if node.kind == "dense" and node.name not in heads:
            hidden.append(Layer(*graph.weights[node.name]))
            last = node.name
        elif node.kind != "dense":
            last = node.name
    named = {head: Layer(*graph.weights[name]) for head, name in graph.outputs.items()}
    return Network(tuple(hidden), named)
