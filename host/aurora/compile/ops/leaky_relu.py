"""LEAKY_RELU: a table. TFLite Micro forms both factors in float32."""

from __future__ import annotations

import numpy as np

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.lookup import clamped, lookup_call, scaled
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import requant_pair
from aurora.compile.variant import Variant


def _factors(graph: Graph, op: Operation) -> tuple[tuple[int, int], tuple[int, int]]:
    """(multiplier, shift) above and below zero."""
    x, out = graph.activation(op), graph.result(op)
    scale, alpha, result = (np.float32(value) for value in (x.scale, op.options["alpha"], out.scale))
    with np.errstate(over="ignore"):
        above, below = float(scale / result), float(scale * alpha / result)
    return requant_pair(op, out, above), requant_pair(op, out, below)


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if x.shape != out.shape:
        raise refused(op, out, f"{shape_text(x.shape)} cannot become {shape_text(out.shape)}")
    if not op.options["alpha"] >= 0:
        raise refused(op, x, f"its slope {op.options['alpha']:g} is negative", "use a slope of 0 or more")
    _factors(graph, op)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    above, below = _factors(graph, op)

    def value(stored: int) -> int:
        argument = stored - x.zero_point
        return clamped(out.zero_point + scaled(argument, *(above if argument >= 0 else below)))

    return (lookup_call(graph, op, value),)


SUPPORT = OpSupport(
    kind="LEAKY_RELU", check=check, lower=lower, table="LeakyReluOptions", options={"alpha": "Alpha"}
)
