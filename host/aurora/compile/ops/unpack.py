"""UNPACK: an axis taken apart, one copy for each position. Unrolled recurrent layers begin with it."""

from __future__ import annotations

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.strided import steps_of, strided_copy
from aurora.compile.variant import Variant


def without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return shape[:axis] + shape[axis + 1 :]


def stack_axis(op: Operation, rank: int) -> int:
    """The axis of ``op``, from 0; out of range where it is none of ``rank``."""
    axis = int(op.options["axis"])
    return axis + rank if axis < 0 else axis


def check(graph: Graph, op: Operation) -> None:
    x = graph.activation(op)
    axis = stack_axis(op, len(x.shape))
    if not 0 <= axis < len(x.shape) or len(op.outputs) != x.shape[axis]:
        raise refused(op, x, f"{shape_text(x.shape)} has no {len(op.outputs)} parts along axis {axis}")
    if op.options["count"] != len(op.outputs):
        raise refused(op, x, f"TFLite Micro fills {op.options['count']} of its {len(op.outputs)} outputs")
    for index in op.outputs:
        if graph.tensors[index].shape != without(x.shape, axis):
            shapes = f"{shape_text(graph.tensors[index].shape)} is no part of {shape_text(x.shape)}"
            raise refused(op, graph.tensors[index], f"{shapes} along axis {axis}")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x = graph.activation(op)
    axis = stack_axis(op, len(x.shape))
    dense, sizes = steps_of(x.shape), without(x.shape, axis)
    steps = without(dense, axis)
    return tuple(
        strided_copy(
            f"UNPACK {shape_text(x.shape)}: {number} of {len(op.outputs)} along axis {axis}",
            x, index, sizes, steps, number * dense[axis],
        )
        for number, index in enumerate(op.outputs)
    )  # fmt: skip


SUPPORT = OpSupport(
    kind="UNPACK",
    check=check,
    lower=lower,
    table="UnpackOptions",
    options={"axis": "Axis", "count": "Num"},
    moves=True,
)
