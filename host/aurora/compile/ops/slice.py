"""SLICE: a block of the input."""

from __future__ import annotations

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.operands import constant_list
from aurora.compile.ops import OpSupport
from aurora.compile.strided import steps_of, strided_copy
from aurora.compile.variant import Variant

MAX_AXES = 5  # TFLite Micro's own


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    begin = constant_list(op, graph.activation(op, 1), "first positions")
    sizes = constant_list(op, graph.activation(op, 2), "sizes")
    if not len(begin) == len(sizes) == len(x.shape) <= MAX_AXES:
        raise refused(op, x, f"it slices up to {MAX_AXES} axes, all of them")
    taken = tuple(
        full - start if size == -1 else size for full, start, size in zip(x.shape, begin, sizes, strict=True)
    )
    fits = all(
        start >= 0 and start + size <= full for full, start, size in zip(x.shape, begin, taken, strict=True)
    )
    if not fits or taken != out.shape:
        raise refused(op, out, f"{shape_text(x.shape)} from {begin} is not {shape_text(out.shape)}")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    begin = constant_list(op, graph.activation(op, 1), "first positions")
    steps = steps_of(x.shape)
    start = sum(first * step for first, step in zip(begin, steps, strict=True))
    summary = f"SLICE {shape_text(x.shape)} -> {shape_text(out.shape)}"
    return (strided_copy(summary, x, out.index, out.shape, steps, start),)


SUPPORT = OpSupport(kind="SLICE", check=check, lower=lower, moves=True)
