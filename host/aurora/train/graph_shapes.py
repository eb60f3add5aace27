"""The shape of every node's result, without a framework."""

from __future__ import annotations

import math

from aurora.errors import InputError
from aurora.train.graph import Graph, Node

Shape = tuple[int, ...]


def node_shapes(graph: Graph) -> dict[str, Shape]:
    """Node -> shape without the batch: ``[F]`` or ``[height, width, channels]``.

    Raises InputError where a node's weights do not fit what it is given.
    """
    shapes: dict[str, Shape] = {}
    for node in graph.nodes:
        shapes[node.name] = _shape(graph, node, [shapes[name] for name in node.inputs])
    return shapes


def _shape(graph: Graph, node: Node, given: list[Shape]) -> Shape:
    weights = graph.weights.get(node.name, ())
    if node.kind == "input":
        return tuple(node.params["shape"])
    first = given[0]
    if node.kind == "add" and len(set(given)) == 1 and len(given) >= 2:
        return first
    if node.kind == "flatten":
        return (math.prod(first),)
    if node.kind == "relu":
        return first
    if node.kind == "batch_norm" and all(array.shape == (first[-1],) for array in weights):
        return first
    if node.kind == "dense" and len(first) == 1 and weights[0].shape[0] == first[0]:
        return (int(weights[0].shape[1]),)
    if node.kind in ("conv", "depthwise") and len(first) == 3 and weights[0].shape[2] == first[2]:
        channels = weights[0].shape[3] if node.kind == "conv" else first[2]
        return (*_slid(node, first[:2], weights[0].shape[:2], node.params["stride"]), int(channels))
    if node.kind in ("max_pool", "average_pool") and len(first) == 3:
        rows, columns = node.params["size"]
        return (first[0] // rows, first[1] // columns, first[2])
    raise InputError(f"node {node.name}, a {node.kind}, does not fit its inputs {given}")


def _slid(node: Node, size: Shape, taps: Shape, stride: tuple[int, int]) -> Shape:
    """Height and width after a window of ``taps`` went over ``size``."""
    if node.params["padding"] == "same":
        return tuple(-(-length // step) for length, step in zip(size, stride, strict=True))
    return tuple((length - tap) // step + 1 for length, tap, step in zip(size, taps, stride, strict=True))
