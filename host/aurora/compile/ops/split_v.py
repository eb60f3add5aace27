"""SPLIT_V: parts of given sizes along an axis, one copy each."""

from __future__ import annotations

from aurora.compile.ir import Graph, KernelCall, Operation, refused
from aurora.compile.operands import constant_list
from aurora.compile.ops import OpSupport
from aurora.compile.ops.split import split_axis, split_calls
from aurora.compile.variant import Variant


def check(graph: Graph, op: Operation) -> None:
    axis = split_axis(graph, op, 0, 2)
    parts = [graph.tensors[index].shape[axis] for index in op.outputs]
    sizes = constant_list(op, graph.activation(op, 1), "sizes")
    if len(sizes) != len(parts) or any(
        size not in (-1, part) for size, part in zip(sizes, parts, strict=True)
    ):
        raise refused(op, graph.result(op), f"its parts {parts} are not the sizes {sizes}")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    return split_calls(graph, op, 0, split_axis(graph, op, 0, 2))


SUPPORT = OpSupport(kind="SPLIT_V", check=check, lower=lower, moves=True)
