"""TRANSPOSE_CONV: any stride and padding; operands are the output's shape, weights, input and bias."""

from __future__ import annotations

import numpy as np

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import WORD, activation_range, channel_requants, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.weights import bias_of, check_weights, packed
from aurora.compile.window import FIELD_MAX, SAME, VALID

X, BIAS = 2, 3


def _pad(op: Operation, size: int, out: int, taps: int, axis: str) -> int | None:
    """Leading rows or columns cut from the output; None where the sizes do not belong together."""
    stride = int(op.options[f"stride_{axis}"])
    if stride < 1 or op.options["padding"] not in (SAME, VALID):
        return None
    expected = -(-out // stride) if op.options["padding"] == SAME else (out + stride - taps) // stride
    return max((expected - 1) * stride + taps - out, 0) // 2 if expected == size else None


def _fields(graph: Graph, op: Operation) -> dict[str, int]:
    """nn_window of the convolution that this one turns around."""
    x, weights, out = graph.activation(op, X), graph.activation(op, 1), graph.result(op)
    if len(x.shape) != 4 or len(out.shape) != 4 or x.shape[0] != 1 or out.shape[0] != 1:
        raise refused(op, x, f"needs 4 axes and a batch of 1, not {shape_text(x.shape)}")
    channels, taps_h, taps_w, in_c = weights.shape
    pads = (
        _pad(op, x.shape[1], out.shape[1], taps_h, "h"),
        _pad(op, x.shape[2], out.shape[2], taps_w, "w"),
    )
    if None in pads or (in_c, channels) != (x.shape[3], out.shape[3]):
        shapes = f"{shape_text(x.shape)} by {shape_text(weights.shape)} is not {shape_text(out.shape)}"
        raise refused(op, out, f"shapes do not agree: {shapes}")
    fields = {"in_h": x.shape[1], "in_w": x.shape[2], "in_c": in_c}
    fields |= {"out_h": out.shape[1], "out_w": out.shape[2], "out_c": channels}
    fields |= {"taps_h": taps_h, "taps_w": taps_w, "dilation_h": 1, "dilation_w": 1}
    fields |= {"stride_h": int(op.options["stride_h"]), "stride_w": int(op.options["stride_w"])}
    fields |= {"pad_h": pads[0] or 0, "pad_w": pads[1] or 0}
    if max(fields.values()) > FIELD_MAX:
        raise refused(op, x, f"a size beyond {FIELD_MAX} in {shape_text(x.shape)} -> {shape_text(out.shape)}")
    return fields


def check(graph: Graph, op: Operation) -> None:
    check_weights(graph, op, rank=4, axis=0, bias=BIAS)
    out = graph.result(op)
    if activation_range(op, out, int(op.options["activation"])) != activation_range(op, out, 0):
        reason = "TFLite Micro ignores its fused activation, which the output's range goes beyond"
        raise refused(op, out, reason, "use LeakyReLU, or ReLU after the next layer")
    _fields(graph, op)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, weights, out = graph.activation(op, X), graph.activation(op, 1), graph.result(op)
    assert weights.data is not None
    channels = weights.shape[0]
    bias = (bias_of(graph, op, channels, BIAS) & 0xFFFFFFFF).astype("<u4")
    low, high = activation_range(op, out, 0)  # `check` has seen that a fused one changes nothing
    return (
        KernelCall(
            function="nn_transpose_conv",
            header="transpose_conv.h",
            parameters="nn_transpose_conv_params",
            summary=f"TRANSPOSE_CONV {shape_text(x.shape)} -> {shape_text(out.shape)}",
            fields={"window": _fields(graph, op)},
            constants={
                "weights": packed(np.asarray(weights.data), "int8 [output][row][column][input]", variant),
                "bias": Constant(bias.tobytes(), WORD, "int32 bias"),
                "requant": channel_requants(op, x, weights, out, channels),
                "levels": levels_constant(x, out, low, high),
            },
            inputs=(x.index,),
            outputs=(out.index,),
            macs=x.elements * weights.elements // x.shape[3],
        ),
    )


SUPPORT = OpSupport(
    kind="TRANSPOSE_CONV",
    check=check,
    lower=lower,
    table="TransposeConvOptions",
    options={
        "padding": "Padding",
        "stride_h": "StrideH",
        "stride_w": "StrideW",
        "activation": "FusedActivationFunction",
    },
    operands=(X,),
)
