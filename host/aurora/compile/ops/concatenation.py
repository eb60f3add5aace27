"""CONCATENATION along any axis: one copy of rows per input. All share one scale and zero point."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aurora.compile.ir import Graph, KernelCall, Operation, Tensor, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.variant import Variant

MAX_INPUTS = 10  # TFLite Micro's own


def _axis(graph: Graph, op: Operation) -> int:
    rank, axis = len(graph.result(op).shape), int(op.options["axis"])
    return axis + rank if axis < 0 else axis


def check(graph: Graph, op: Operation) -> None:
    out, axis = graph.result(op), _axis(graph, op)
    inputs = [graph.activation(op, number) for number in range(len(op.inputs))]
    if not 0 <= axis < len(out.shape) or len(inputs) > MAX_INPUTS or op.options["activation"] != 0:
        raise refused(op, out, f"axis {axis}, {len(inputs)} inputs: beyond what TFLite Micro joins")
    for x in inputs:
        same = x.shape[:axis] == out.shape[:axis] and x.shape[axis + 1 :] == out.shape[axis + 1 :]
        if len(x.shape) != len(out.shape) or not same:
            raise refused(op, x, f"{shape_text(x.shape)} does not join into {shape_text(out.shape)}")
        check_joined(op, x, out)
    if sum(x.shape[axis] for x in inputs) != out.shape[axis]:
        raise refused(op, out, f"its inputs do not fill {shape_text(out.shape)}")


def check_joined(op: Operation, x: Tensor, out: Tensor) -> None:
    """Refuses an input whose bytes mean something else in the output."""
    if x.scale != out.scale or x.zero_point != out.zero_point:
        raise refused(op, x, "its inputs must share the output's scale, which TFLite Micro takes for granted")


def joined(graph: Graph, op: Operation, sizes: Sequence[int], axis: int) -> tuple[KernelCall, ...]:
    """A copy for each input, of which ``sizes`` elements stand side by side along ``axis`` of the output."""
    out = graph.result(op)
    rows, pitch = math.prod(out.shape[:axis]), math.prod(out.shape[axis:])
    calls, offset = [], 0
    for number, size in enumerate(sizes):
        x = graph.activation(op, number)
        calls.append(
            KernelCall(
                function="nn_copy",
                header="copy.h",
                parameters="nn_copy_params",
                summary=f"{op.kind} axis {axis}, {shape_text(x.shape)} into {shape_text(out.shape)}",
                fields={
                    "rows": rows,
                    "bytes": size * out.item_bytes,
                    "pitch": pitch * out.item_bytes,
                    "offset": offset * out.item_bytes,
                },
                constants={},
                inputs=(x.index,),
                outputs=(out.index,),
            )
        )
        offset += size
    return tuple(calls)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    axis = _axis(graph, op)
    inputs = [graph.activation(op, number) for number in range(len(op.inputs))]
    return joined(graph, op, [math.prod(x.shape[axis:]) for x in inputs], axis)


SUPPORT = OpSupport(
    kind="CONCATENATION",
    check=check,
    lower=lower,
    table="ConcatenationOptions",
    options={"axis": "Axis", "activation": "FusedActivationFunction"},
    operands=None,
    moves=True,
)
