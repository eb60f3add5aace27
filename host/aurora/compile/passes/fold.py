"""Constant folding: an alias (RESHAPE) of a constant is a constant, so that only its consumer remains."""

from __future__ import annotations

from dataclasses import replace

from aurora.compile.ir import Graph, Operation
from aurora.compile.ops import supported


def fold(graph: Graph) -> Graph:
    """The graph without aliases of constants."""
    tensors = list(graph.tensors)
    kept: list[Operation] = []
    for op in graph.operations:
        source = tensors[op.inputs[0]] if op.inputs[0] >= 0 else None
        if supported()[op.kind].alias and source is not None and source.data is not None:
            result = tensors[op.outputs[0]]
            tensors[result.index] = replace(result, data=source.data.reshape(result.shape))
        else:
            kept.append(op)
    return replace(graph, tensors=tuple(tensors), operations=tuple(kept))
