"""Where each tensor's bytes are: the caller's input or output block, the arena, or the constants.

RESHAPE is free: its output is its input's bytes. An output of the model is written in place where its bytes
belong to that output alone, and copied at the end otherwise (it is an input, a constant, or given out twice).
"""

from __future__ import annotations

from dataclasses import dataclass

from aurora.compile.ir import Graph, Port
from aurora.compile.ops import supported


@dataclass(frozen=True)
class Storage:
    """``roots`` maps each tensor to the one whose bytes it is; ``outputs`` those roots that are written
    straight into the output block, to their offset; ``copies`` lists (root, offset) for the rest."""

    roots: tuple[int, ...]
    inputs: dict[int, int]
    outputs: dict[int, int]
    copies: tuple[tuple[int, int], ...]


def offsets(graph: Graph, ports: tuple[Port, ...]) -> tuple[int, ...]:
    """Offset in bytes of each port in the concatenated block."""
    at, result = 0, []
    for port in ports:
        result.append(at)
        at += graph.tensors[port.tensor].bytes
    return tuple(result)


def assign_storage(graph: Graph) -> Storage:
    roots = list(range(len(graph.tensors)))
    produced: set[int] = set()
    for op in graph.operations:
        if supported()[op.kind].alias:
            roots[op.outputs[0]] = roots[op.inputs[0]]
        else:
            produced |= set(op.outputs)
    inputs = {port.tensor: at for port, at in zip(graph.inputs, offsets(graph, graph.inputs), strict=True)}
    outputs: dict[int, int] = {}
    copies: list[tuple[int, int]] = []
    for port, at in zip(graph.outputs, offsets(graph, graph.outputs), strict=True):
        root = roots[port.tensor]
        if root in produced and root not in outputs:
            outputs[root] = at
        else:
            copies.append((root, at))
    return Storage(tuple(roots), inputs, outputs, tuple(copies))
