"""Constant folding: a RESHAPE of a constant is a constant, so that weights may come through one."""

from __future__ import annotations

from dataclasses import replace

from aurora.compile.ir import Graph, Operation
from aurora.compile.ops import supported


def fold(graph: Graph) -> Graph:
    """The graph without aliases of constants. Those whose sizes disagree are left for the check to refuse."""
    tensors = list(graph.tensors)
    kept: list[Operation] = []
    for op in graph.operations:
        support = supported().get(op.kind)
        data = tensors[op.inputs[0]].data if op.inputs[0] >= 0 else None
        result = tensors[op.outputs[0]]
        if support is not None and support.alias and data is not None and data.size == result.elements:
            tensors[result.index] = replace(result, data=data.reshape(result.shape))
        else:
            kept.append(op)
    return replace(graph, tensors=tuple(tensors), operations=tuple(kept))
