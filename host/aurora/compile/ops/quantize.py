"""QUANTIZE: int8 or uint8 to int8 or uint8 as a table, and float32 to int8 where the model begins."""

from __future__ import annotations

import struct

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.lookup import lookup_call, scaled
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import INT8_MAX, INT8_MIN, WORD, requant_pair
from aurora.compile.variant import Variant

BOUNDS = {"int8": (INT8_MIN, INT8_MAX), "uint8": (0, 255)}


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if x.elements != out.elements:
        raise refused(op, out, f"{shape_text(x.shape)} cannot become {shape_text(out.shape)}")
    if out.dtype == "uint8" and x.dtype != "int8":
        raise refused(op, out, f"TFLite Micro does not quantise {x.dtype} to uint8", "ask for int8 edges")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    if x.dtype == "float32":
        return (_from_float(graph, op),)
    pair = requant_pair(op, out, x.scale / out.scale)
    low, high = BOUNDS[out.dtype]

    def value(stored: int) -> int:
        return min(max(scaled(stored - x.zero_point, *pair) + out.zero_point, low), high)

    return (lookup_call(graph, op, value),)


def _from_float(graph: Graph, op: Operation) -> KernelCall:
    x, out = graph.activation(op), graph.result(op)
    return KernelCall(
        function="nn_quantize",
        header="float.h",
        parameters="nn_float_params",
        summary=f"QUANTIZE float32 {shape_text(out.shape)}",
        fields={"count": out.elements},
        constants={
            "values": Constant(struct.pack("<fi", out.scale, out.zero_point), WORD, "nn_float_values")
        },
        inputs=(x.index,),
        outputs=(out.index,),
    )


SUPPORT = OpSupport(
    kind="QUANTIZE", check=check, lower=lower, takes=("int8", "uint8", "float32"), gives=("int8", "uint8")
)
