"""Which channels of a graph can only go together, and the graph without some of them.

A space is a set of channels that several nodes share: a convolution or dense layer opens one; depthwise
convolutions, normalisations, ReLUs and pools stay in their input's; an addition makes one of its inputs' two.
Flattening maps channel c of a space of C to columns c, C + c, 2 C + c, ... Removing channel c of a space
removes it from every array of every node that lies in the space or reads it, so that shapes really shrink.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.train.graph import Graph
from aurora.train.graph_shapes import node_shapes

OPENING = ("input", "dense", "conv")
READING = ("dense", "conv")
Gone = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Space:
    """``channels`` that go together in ``producers`` (open it), ``carriers`` (depthwise, batch_norm) and
    ``readers``: node -> how many columns of its input one channel takes."""

    name: str
    channels: int
    producers: tuple[str, ...]
    carriers: tuple[str, ...]
    readers: dict[str, int]

    def columns(self, reader: str, channels: NDArray[np.integer]) -> NDArray[np.integer]:
        """The input columns of ``reader`` that hold ``channels``, in the file's order."""
        repeats = np.arange(self.readers[reader])[:, None] * self.channels
        return (repeats + channels[None]).reshape(-1)


def spaces(graph: Graph) -> dict[str, Space]:
    """The spaces that may be pruned, by the name of their first producer: those of inputs and outputs stay
    as they are."""
    home, shapes = _homes(graph), node_shapes(graph)
    fixed = {home[node.name] for node in graph.nodes if node.kind == "input"}
    fixed |= {home[name] for name in graph.outputs.values()}
    found: dict[str, Space] = {}
    for name in dict.fromkeys(home.values()):
        if name in fixed:
            continue
        inside = [node for node in graph.nodes if home[node.name] == name]
        readers = [node for node in graph.nodes if node.kind in READING and home[node.inputs[0]] == name]
        channels = shapes[name][-1]
        found[name] = Space(
            name=name,
            channels=channels,
            producers=tuple(node.name for node in inside if node.kind in OPENING),
            carriers=tuple(node.name for node in inside if node.kind in ("depthwise", "batch_norm")),
            readers={node.name: shapes[node.inputs[0]][-1] // channels for node in readers},
        )
    return found


def without(graph: Graph, gone: Gone) -> Graph:
    """The graph without channels ``gone`` (space -> channel numbers); all other numbers stay as they are.

    Raises InputError where a space is unknown or would be left empty.
    """
    known, weights = spaces(graph), dict(graph.weights)
    for name, channels in gone.items():
        if name not in known:
            raise InputError(f"{name} is no space that can be pruned", hint=", ".join(known))
        space = known[name]
        keep = np.setdiff1d(np.arange(space.channels), np.asarray(channels, int))
        if len(keep) == 0:
            raise InputError(f"pruning would leave {name} without channels")
        for producer in space.producers:
            kernel, bias = weights[producer]
            weights[producer] = (kernel[..., keep], bias[keep])
        for carrier in space.carriers:
            arrays = weights[carrier]
            if len(arrays) == 4:
                weights[carrier] = tuple(array[keep] for array in arrays)
            else:
                weights[carrier] = (arrays[0][:, :, keep], arrays[1][keep])
        for reader in space.readers:
            kernel, bias = weights[reader]
            columns = space.columns(reader, keep)
            axis = kernel.ndim - 2  # of the inputs, dense or convolution
            weights[reader] = (np.take(kernel, columns, axis=axis), bias)
    return replace(graph, weights=weights)


def masked(graph: Graph, gone: Gone) -> Graph:
    """The graph in its old shapes, with what readers take of channels ``gone`` set to zero: computes what
    ``without`` computes."""
    known, weights = spaces(graph), dict(graph.weights)
    for name, channels in gone.items():
        for reader in known[name].readers:
            kernel, bias = weights[reader]
            kernel = kernel.copy()
            kernel[..., known[name].columns(reader, np.asarray(channels, int)), :] = 0
            weights[reader] = (kernel, bias)
    return replace(graph, weights=weights)


def _homes(graph: Graph) -> dict[str, str]:
    """Node -> the name of its space."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    order = {node.name: place for place, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        if node.kind in OPENING:
            parent[node.name] = node.name
            continue
        parent[node.name] = root(node.inputs[0])
        for other in node.inputs[1:]:  # an addition
            first, last = sorted((root(node.inputs[0]), root(other)), key=order.__getitem__)
            parent[last] = first
    return {node.name: root(node.name) for node in graph.nodes}
