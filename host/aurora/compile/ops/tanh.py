"""TANH: a table. TFLite Micro takes the output's scale as 1/128 and its zero point as 0."""

from __future__ import annotations

from aurora.compile.ir import Graph, KernelCall, Operation
from aurora.compile.lookup import clamped, lookup_call, round_shift, scaled
from aurora.compile.ops import OpSupport
from aurora.compile.ops.logistic import check_saturating
from aurora.compile.quantise import INT8_MAX, INT8_MIN
from aurora.compile.sigmoid import argument_factor, tanh
from aurora.compile.variant import Variant


def check(graph: Graph, op: Operation) -> None:
    check_saturating(graph, op, 1 / 128, 0)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x = graph.activation(op)
    multiplier, shift, radius = argument_factor(x.scale)

    def value(stored: int) -> int:
        argument = stored - x.zero_point
        if abs(argument) >= radius:
            return INT8_MIN if argument <= -radius else INT8_MAX
        return clamped(round_shift(tanh(scaled(argument, multiplier, shift)), 24))

    return (lookup_call(graph, op, value),)


SUPPORT = OpSupport(kind="TANH", check=check, lower=lower)
