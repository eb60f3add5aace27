"""SUB, also where an operand repeats along axes."""

from __future__ import annotations

from aurora.compile.elementwise import broadcast_call, check_broadcast
from aurora.compile.ir import Graph, KernelCall, Operation, refused
from aurora.compile.ops import OpSupport
from aurora.compile.ops.add import FRACTION_BITS
from aurora.compile.quantise import activation_range, requant_pair
from aurora.compile.variant import Variant


def _factors(graph: Graph, op: Operation) -> tuple[float, float, float]:
    """Of either operand to twice the larger scale, and from there to the output."""
    a, b, out = graph.activation(op).scale, graph.activation(op, 1).scale, graph.result(op).scale
    twice = 2 * max(a, b)
    return a / twice, b / twice, twice / ((1 << FRACTION_BITS) * out)


def check(graph: Graph, op: Operation) -> None:
    check_broadcast(graph, op)
    out = graph.result(op)
    if not all(0 < factor < 1 for factor in _factors(graph, op)):
        raise refused(op, out, f"its output scale {out.scale:.3g} does not fit its inputs' scales")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    a, b, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    low, high = activation_range(op, out, int(op.options["activation"]))
    values = [a.zero_point, b.zero_point]
    for factor in _factors(graph, op):
        values += requant_pair(op, out, factor)
    values += [0, out.zero_point, low, high]
    return (broadcast_call(graph, op, "nn_sub", values, "nn_add_values"),)


SUPPORT = OpSupport(
    kind="SUB",
    check=check,
    lower=lower,
    table="SubOptions",
    options={"activation": "FusedActivationFunction"},
    operands=(0, 1),
)
