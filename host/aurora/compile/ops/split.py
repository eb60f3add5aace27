"""SPLIT: equal parts along an axis, one copy each."""

from __future__ import annotations

from collections.abc import Sequence

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.operands import constant_list
from aurora.compile.ops import OpSupport
from aurora.compile.strided import steps_of, strided_copy
from aurora.compile.variant import Variant


def split_axis(graph: Graph, op: Operation, x_number: int, axis_number: int) -> int:
    """The axis that operand ``axis_number`` names, from 0; refuses parts that are not the whole along it."""
    x = graph.activation(op, x_number)
    axes = constant_list(op, graph.activation(op, axis_number), "axes")
    axis = axes[0] + len(x.shape) if axes and axes[0] < 0 else (axes or [-1])[0]
    if len(axes) != 1 or not 0 <= axis < len(x.shape):
        raise refused(op, x, f"{axes} is not one of its {len(x.shape)} axes")
    parts = [graph.tensors[index].shape for index in op.outputs]
    same = all(
        part[:axis] == x.shape[:axis]
        and part[axis + 1 :] == x.shape[axis + 1 :]
        and len(part) == len(x.shape)
        for part in parts
    )
    if not same or sum(part[axis] for part in parts) != x.shape[axis]:
        shapes = ", ".join(map(shape_text, parts))
        raise refused(op, x, f"{shapes} are not the parts of {shape_text(x.shape)} along axis {axis}")
    return axis


def split_calls(graph: Graph, op: Operation, x_number: int, axis: int) -> tuple[KernelCall, ...]:
    """A copy for each output."""
    x = graph.activation(op, x_number)
    steps, start, calls = steps_of(x.shape), 0, []
    for index in op.outputs:
        shape: Sequence[int] = graph.tensors[index].shape
        summary = f"{op.kind} {shape_text(x.shape)}: {shape_text(tuple(shape))}"
        calls.append(strided_copy(summary, x, index, shape, steps, start))
        start += shape[axis] * steps[axis]
    return tuple(calls)


def check(graph: Graph, op: Operation) -> None:
    axis = split_axis(graph, op, 1, 0)
    sizes = {graph.tensors[index].shape[axis] for index in op.outputs}
    if len(sizes) != 1:
        raise refused(op, graph.result(op), f"its parts {sorted(sizes)} are not equal")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    return split_calls(graph, op, 1, split_axis(graph, op, 1, 0))


SUPPORT = OpSupport(kind="SPLIT", check=check, lower=lower, operands=(1,), moves=True)
