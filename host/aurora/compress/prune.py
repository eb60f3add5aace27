"""Structured pruning in rounds: the channels that matter least go, the rest recovers, until the target.

Shapes shrink for real, so the target is what a board pays: device instructions (from the compiler's
predictor, by way of ``cost``) or the share of channels. Channels of all layers compete by saliency for each
multiplication saved (Molchanov et al. 2017 and 2019 rank all layers together; Liu et al. 2017 too).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from aurora.compress.prune_groups import Space, spaces, without
from aurora.compress.saliency import Saliency, batch_norm, taylor
from aurora.errors import InputError
from aurora.train.graph import Graph, Weights
from aurora.train.graph_shapes import node_shapes

SALIENCIES = ("taylor", "batch_norm")
FEWEST_CHANNELS = 1

#: dL/dW by node, for some batches
Gradients = Callable[[Graph], Iterable[Weights]]
#: a graph, trained on after channels were taken from it
Recover = Callable[[Graph, int], Graph]
#: device instructions of a graph
CostOf = Callable[[Graph], int]


@dataclass(frozen=True)
class PruneSpec:
    """Either ``keep``, the share of channels that stay, or ``target_instructions`` of the device.

    The removal is spread over ``rounds``, each followed by ``recovery_epochs`` of training. ``saliency``:
    "taylor" (Molchanov et al. 2019, first order) or "batch_norm" (Liu et al. 2017). A layer keeps a multiple
    of ``multiple`` channels: kernels of a Cortex-M4 take them by fours and are slow on a remainder.
    """

    keep: float | None = None
    target_instructions: int | None = None
    saliency: str = "taylor"
    rounds: int = 4
    recovery_epochs: int = 10
    multiple: int = 1

    def __post_init__(self) -> None:
        if (self.keep is None) == (self.target_instructions is None):
            raise InputError("prune needs either keep or target_instructions", hint="give one of the two")
        if self.keep is not None and not 0 < self.keep <= 1:
            raise InputError(f"prune keep is {self.keep}", hint="0 < keep <= 1")
        if self.target_instructions is not None and self.target_instructions < 1:
            raise InputError(f"prune target_instructions is {self.target_instructions}", hint="1 or more")
        if self.saliency not in SALIENCIES:
            raise InputError(f"prune saliency is {self.saliency!r}", hint=f"one of {', '.join(SALIENCIES)}")
        if self.rounds < 1 or self.recovery_epochs < 0 or self.multiple < 1:
            raise InputError("prune rounds and multiple must be 1 or more, recovery_epochs 0 or more")


def prune_graph(
    graph: Graph,
    spec: PruneSpec,
    recover: Recover,
    *,
    gradients: Gradients | None = None,
    cost: CostOf | None = None,
    progress: Callable[[float], None] | None = None,
) -> Graph:
    """``graph`` with fewer channels, after the last recovery.

    ``recover(graph, round)`` trains on; ``gradients`` is needed for saliency "taylor", ``cost`` for a target
    in instructions. Each layer keeps at least ``multiple`` channels. Raises InputError where that is still
    too dear, or where one of the two callbacks is missing.
    """
    measure = cost if spec.target_instructions is not None else _channels
    if measure is None:
        raise InputError("a target in instructions needs the cost of a network")
    start = measure(graph)
    if spec.target_instructions is not None:
        target = spec.target_instructions
    else:
        assert spec.keep is not None
        target = max(1, round(spec.keep * start))
    for place in range(1, spec.rounds + 1):
        allowed = round(start * (target / start) ** (place / spec.rounds)) if target < start else start
        saliency = _saliency(graph, spec, gradients)
        graph = recover(_cut(graph, saliency, measure, allowed, spec.multiple), place)
        if progress is not None:
            progress(place / spec.rounds)
    return graph


def _saliency(graph: Graph, spec: PruneSpec, gradients: Gradients | None) -> Saliency:
    if spec.saliency == "batch_norm":
        return batch_norm(graph)
    if gradients is None:
        raise InputError("saliency taylor needs the loss's gradients")
    return taylor(graph, gradients(graph))


def _cut(graph: Graph, saliency: Saliency, measure: CostOf, allowed: int, multiple: int) -> Graph:
    """Without as many of the least salient channels as brings ``measure`` down to ``allowed``."""
    order, known = _order(graph, saliency), spaces(graph)

    def after(count: int) -> Graph:
        gone: dict[str, list[int]] = {}
        for name, channel in order[:count]:
            gone.setdefault(name, []).append(channel)
        for name, channels in gone.items():  # the best of them stay, up to a whole multiple
            kept = known[name].channels - len(channels)
            gone[name] = channels[: max(0, known[name].channels - -(-kept // multiple) * multiple)]
        return without(graph, gone)

    # one by one: kernels take rows by fours, so that the cost falls in steps and may rise between them
    for count in range(len(order) + 1):
        smaller = after(count)
        if measure(smaller) <= allowed:
            return smaller
    raise InputError(f"{multiple} channels a layer still cost {measure(smaller)}, not {allowed}",
                     hint="allow more, or start from fewer layers")  # fmt: skip


def _order(graph: Graph, saliency: Saliency) -> list[tuple[str, int]]:
    """(space, channel), least worth first; of each space the best stays."""
    known, shapes = spaces(graph), node_shapes(graph)
    ranked = []
    for name, values in saliency.items():
        worth = values / _products(graph, known[name], shapes)
        spared = np.argsort(-values, kind="stable")[:FEWEST_CHANNELS]
        ranked += [(worth[c], name, c) for c in range(len(values)) if c not in spared]
    return [(name, channel) for _, name, channel in sorted(ranked)]


def _products(graph: Graph, space: Space, shapes: dict[str, tuple[int, ...]]) -> float:
    """Multiplications that one channel of the space costs, in all nodes that make, carry or read it."""
    total = 0.0
    for node in (*space.producers, *space.carriers, *space.readers):
        kernel = graph.weights[node][0]
        if kernel.ndim > 1:
            places = np.prod(shapes[node][:-1], dtype=np.int64)  # 1 for a dense layer
            total += kernel.size / space.channels * places
    return total


def _channels(graph: Graph) -> int:
    return sum(space.channels for space in spaces(graph).values())
