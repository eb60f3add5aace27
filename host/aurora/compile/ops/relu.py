"""RELU on its own (not fused into the layer before): rescales, then clamps at zero."""

from __future__ import annotations

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import INT8_MAX, WORD, requant_pair, words
from aurora.compile.variant import Variant


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if x.elements != out.elements:
        raise refused(op, out, f"{shape_text(x.shape)} cannot become {shape_text(out.shape)}")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    pair = requant_pair(op, out, x.scale / out.scale)
    values = words([*pair, x.zero_point, out.zero_point, out.zero_point, INT8_MAX])
    return (
        KernelCall(
            function="nn_relu",
            header="activation.h",
            parameters="nn_activation_params",
            summary=f"RELU {shape_text(out.shape)}",
            fields={"count": out.elements},
            constants={"values": Constant(values, WORD, "nn_activation_values")},
            inputs=(x.index,),
            outputs=(out.index,),
        ),
    )


SUPPORT = OpSupport(kind="RELU", check=check, lower=lower)
