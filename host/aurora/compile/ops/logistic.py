"""LOGISTIC: a table. TFLite Micro fixes the output to zero point -128 and takes its scale as 1/256."""

from __future__ import annotations

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.lookup import clamped, lookup_call, round_shift, scaled
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import INT8_MAX, INT8_MIN
from aurora.compile.sigmoid import argument_factor, logistic
from aurora.compile.variant import Variant

LARGEST_SHIFT = 30


def check_saturating(graph: Graph, op: Operation, scale: float, zero_point: int) -> None:
    """What LOGISTIC and TANH share: equal shapes, a fixed output, a scale that the fixed point can carry."""
    x, out = graph.activation(op), graph.result(op)
    if x.shape != out.shape:
        raise refused(op, out, f"{shape_text(x.shape)} cannot become {shape_text(out.shape)}")
    if out.scale != scale or out.zero_point != zero_point:
        raise refused(op, out, f"its output must have scale 1/{1 / scale:.0f} and zero point {zero_point}")
    shift = argument_factor(x.scale)[1]
    if not 0 <= shift <= LARGEST_SHIFT:
        raise refused(op, x, f"its scale {x.scale:.3g} is beyond the fixed point of the function")


def check(graph: Graph, op: Operation) -> None:
    check_saturating(graph, op, 1 / 256, INT8_MIN)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x = graph.activation(op)
    multiplier, shift, radius = argument_factor(x.scale)

    def value(stored: int) -> int:
        argument = stored - x.zero_point
        if abs(argument) >= radius:
            return INT8_MIN if argument <= -radius else INT8_MAX
        return clamped(round_shift(logistic(scaled(argument, multiplier, shift)), 23) + INT8_MIN)

    return (lookup_call(graph, op, value),)


SUPPORT = OpSupport(kind="LOGISTIC", check=check, lower=lower)
