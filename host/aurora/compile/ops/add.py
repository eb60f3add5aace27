"""ADD, also where an operand repeats along axes."""

from __future__ import annotations

from aurora.compile.elementwise import broadcast_call, check_broadcast
from aurora.compile.ir import Constant, Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import WORD, activation_range, requant_pair, words
from aurora.compile.variant import Variant

FRACTION_BITS = 20  # of the sum, before it is scaled to the output


def check(graph: Graph, op: Operation) -> None:
    check_broadcast(graph, op)
    a, b, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    if 2 * max(a.scale, b.scale) >= out.scale * (1 << FRACTION_BITS):
        raise refused(op, out, f"its output scale {out.scale:.3g} is too small for its inputs")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    a, b, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    twice = 2 * max(a.scale, b.scale)
    factors = (a.scale / twice, b.scale / twice, twice / ((1 << FRACTION_BITS) * out.scale))
    low, high = activation_range(op, out, int(op.options["activation"]))
    values = [a.zero_point, b.zero_point]
    for factor in factors:
        values += requant_pair(op, out, factor)
    values += [0, out.zero_point, low, high]
    if a.shape != b.shape:
        return (broadcast_call(graph, op, "nn_add_broadcast", values, "nn_add_values"),)
    return (
        KernelCall(
            function="nn_add",
            header="add.h",
            parameters="nn_add_params",
            summary=f"ADD {shape_text(out.shape)}",
            fields={"count": out.elements},
            constants={"values": Constant(words(values), WORD, "nn_add_values")},
            inputs=(a.index, b.index),
            outputs=(out.index,),
        ),
    )


SUPPORT = OpSupport(
    kind="ADD",
    check=check,
    lower=lower,
    table="AddOptions",
    options={"activation": "FusedActivationFunction"},
    operands=(0, 1),
)
