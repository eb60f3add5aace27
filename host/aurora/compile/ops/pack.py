"""PACK: tensors of one shape along a new axis, one copy of rows per input, all of one scale."""

from __future__ import annotations

import math

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.ops.concatenation import check_joined, joined
from aurora.compile.ops.unpack import stack_axis, without
from aurora.compile.variant import Variant


def check(graph: Graph, op: Operation) -> None:
    out = graph.result(op)
    axis = stack_axis(op, len(out.shape))
    if not 0 <= axis < len(out.shape) or len(op.inputs) != out.shape[axis]:
        raise refused(op, out, f"{len(op.inputs)} inputs are not {shape_text(out.shape)} along axis {axis}")
    if op.options["count"] != len(op.inputs):
        raise refused(op, out, f"TFLite Micro takes {op.options['count']} of its {len(op.inputs)} inputs")
    for number in range(len(op.inputs)):
        x = graph.activation(op, number)
        if x.shape != without(out.shape, axis):
            raise refused(op, x, f"{shape_text(x.shape)} is no part of {shape_text(out.shape)}, axis {axis}")
        check_joined(op, x, out)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    out = graph.result(op)
    axis = stack_axis(op, len(out.shape))
    return joined(graph, op, [math.prod(out.shape[axis + 1 :])] * len(op.inputs), axis)


SUPPORT = OpSupport(
    kind="PACK",
    check=check,
    lower=lower,
    table="PackOptions",
    options={"axis": "Axis", "count": "ValuesCount"},
    operands=None,
    moves=True,
)
