"""MUL, also where an operand repeats along axes."""

from __future__ import annotations

from aurora.compile.elementwise import broadcast_call, check_broadcast
from aurora.compile.ir import Graph, KernelCall, Operation
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import activation_range, requant_pair
from aurora.compile.variant import Variant


def check(graph: Graph, op: Operation) -> None:
    check_broadcast(graph, op)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    a, b, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    low, high = activation_range(op, out, int(op.options["activation"]))
    pair = requant_pair(op, out, a.scale * b.scale / out.scale)
    values = [a.zero_point, b.zero_point, *pair, 0, out.zero_point, low, high]
    return (broadcast_call(graph, op, "nn_mul", values, "nn_mul_values"),)


SUPPORT = OpSupport(
    kind="MUL",
    check=check,
    lower=lower,
    table="MulOptions",
    options={"activation": "FusedActivationFunction"},
    operands=(0, 1),
)
