"""PADV2: PAD with a constant of its own as border."""

from __future__ import annotations

from aurora.compile.ir import Graph, KernelCall, Operation, refused
from aurora.compile.ops import OpSupport
from aurora.compile.ops.pad import check as check_pad
from aurora.compile.ops.pad import pad_call
from aurora.compile.variant import Variant

VALUE = 2


def check(graph: Graph, op: Operation) -> None:
    check_pad(graph, op)
    value, out = graph.activation(op, VALUE), graph.result(op)
    if value.dtype != "int8" or value.data is None or value.elements != 1:
        raise refused(op, value, "its border is not one constant int8 value")
    if value.scale != out.scale or value.zero_point != out.zero_point:
        raise refused(op, value, "its border must share the output's scale and zero point")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    value = graph.activation(op, VALUE).data
    assert value is not None
    return (pad_call(graph, op, int(value.reshape(-1)[0])),)


SUPPORT = OpSupport(kind="PADV2", check=check, lower=lower)
