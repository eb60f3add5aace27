"""DEQUANTIZE: int8 to float32 where the model ends."""

from __future__ import annotations

import struct

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import WORD
from aurora.compile.variant import Variant


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if x.elements != out.elements:
        raise refused(op, out, f"{shape_text(x.shape)} cannot become {shape_text(out.shape)}")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    return (
        KernelCall(
            function="nn_dequantize",
            header="float.h",
            parameters="nn_float_params",
            summary=f"DEQUANTIZE to float32 {shape_text(out.shape)}",
            fields={"count": out.elements},
            constants={
                "values": Constant(struct.pack("<fi", x.scale, x.zero_point), WORD, "nn_float_values")
            },
            inputs=(x.index,),
            outputs=(out.index,),
        ),
    )


SUPPORT = OpSupport(kind="DEQUANTIZE", check=check, lower=lower, gives=("float32",))
