"""SOFTMAX over the last axis; the constants of TFLite's integer softmax (differences in Q5.26)."""

from __future__ import annotations

import math

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import INT8_MIN, WORD, quantise_multiplier, words
from aurora.compile.variant import Variant

INTEGER_BITS = 5
FRACTION_BITS = 26
LARGEST_FACTOR = float((1 << 31) - 1)
MAX_CLASSES = 4095  # each adds at most 2^19 to a 32-bit sum


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if x.shape != out.shape or not x.shape:
        raise refused(op, out, f"{shape_text(x.shape)} cannot become {shape_text(out.shape)}")
    if x.shape[-1] > MAX_CLASSES:
        raise refused(op, x, f"{x.shape[-1]} classes; the sum holds {MAX_CLASSES}")
    if out.scale != 1 / 256 or out.zero_point != INT8_MIN:
        raise refused(op, out, "its output must have scale 1/256 and zero point -128")
    if not _factor(x.scale, float(op.options["beta"])) > 1:
        raise refused(op, x, f"its scale {x.scale:.3g} times beta is too small")


def _factor(scale: float, beta: float) -> float:
    return min(beta * scale * (1 << FRACTION_BITS), LARGEST_FACTOR)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    multiplier, left_shift = quantise_multiplier(_factor(x.scale, float(op.options["beta"])))
    smallest = -math.floor(((1 << INTEGER_BITS) - 1) * (1 << FRACTION_BITS) / (1 << left_shift))
    classes = x.shape[-1]
    return (
        KernelCall(
            function="nn_softmax",
            header="softmax.h",
            parameters="nn_softmax_params",
            summary=f"SOFTMAX {shape_text(out.shape)}",
            fields={"rows": out.elements // classes, "classes": classes},
            constants={
                "values": Constant(words([multiplier, left_shift, smallest]), WORD, "nn_softmax_values")
            },
            inputs=(x.index,),
            outputs=(out.index,),
        ),
    )


SUPPORT = OpSupport(
    kind="SOFTMAX", check=check, lower=lower, table="SoftmaxOptions", options={"beta": "Beta"}
)
