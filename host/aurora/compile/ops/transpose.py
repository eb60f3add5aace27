"""TRANSPOSE: bytes in another order."""

from __future__ import annotations

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.operands import constant_list
from aurora.compile.ops import OpSupport
from aurora.compile.strided import steps_of, strided_copy
from aurora.compile.variant import Variant

MAX_AXES = 5  # TFLite Micro's own


def _order(graph: Graph, op: Operation) -> list[int]:
    return constant_list(op, graph.activation(op, 1), "axes")


def check(graph: Graph, op: Operation) -> None:
    x, out, order = graph.activation(op), graph.result(op), _order(graph, op)
    if sorted(order) != list(range(len(x.shape))) or len(order) > MAX_AXES:
        raise refused(op, x, f"{order} is not an order of up to {MAX_AXES} axes of {shape_text(x.shape)}")
    if tuple(x.shape[axis] for axis in order) != out.shape:
        raise refused(op, out, f"{shape_text(x.shape)} cannot become {shape_text(out.shape)}")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    dense = steps_of(x.shape)
    steps = [dense[axis] for axis in _order(graph, op)]
    summary = f"TRANSPOSE {shape_text(x.shape)} -> {shape_text(out.shape)}"
    return (strided_copy(summary, x, out.index, out.shape, steps),)


SUPPORT = OpSupport(kind="TRANSPOSE", check=check, lower=lower, moves=True)
