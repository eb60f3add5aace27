"""RELU6 on its own. TFLite Micro clamps without rescaling, so input and output must share their scale."""

from __future__ import annotations

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import INT8_MAX, WORD, stored_level, words
from aurora.compile.variant import Variant

SIX = 6.0


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if x.elements != out.elements:
        raise refused(op, out, f"{shape_text(x.shape)} cannot become {shape_text(out.shape)}")
    if x.scale != out.scale or x.zero_point != out.zero_point:
        reason = "input and output have other scales, and TFLite Micro does not rescale here"
        raise refused(op, out, reason, "use ReLU, or move the ReLU6 up to the layer before")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    six = min(INT8_MAX, stored_level(op, x, SIX))
    values = words([0, 0, x.zero_point, out.zero_point, x.zero_point, six])
    return (
        KernelCall(
            function="nn_relu6",
            header="activation.h",
            parameters="nn_activation_params",
            summary=f"RELU6 {shape_text(out.shape)}",
            fields={"count": out.elements},
            constants={"values": Constant(values, WORD, "nn_activation_values")},
            inputs=(x.index,),
            outputs=(out.index,),
        ),
    )


SUPPORT = OpSupport(kind="RELU6", check=check, lower=lower)
