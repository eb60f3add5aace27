"""DEPTHWISE_CONV_2D: any multiplier, stride, dilation and padding."""

from __future__ import annotations

import numpy as np

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.passes.zero_points import folded_bias
from aurora.compile.quantise import activation_range, channel_requants, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.weights import bias_of, check_weights, packed
from aurora.compile.window import Window, window_of


def _window(graph: Graph, op: Operation) -> Window:
    weights = graph.activation(op, 1)
    return window_of(graph, op, (weights.shape[1], weights.shape[2]), weights.shape[3])


def check(graph: Graph, op: Operation) -> None:
    weights = check_weights(graph, op, rank=4, axis=3, int4=True)
    x = graph.activation(op)
    if weights.shape[0] != 1 or (len(x.shape) == 4 and weights.shape[3] % x.shape[3]):
        shapes = f"weights {shape_text(weights.shape)} do not fit an input {shape_text(x.shape)}"
        raise refused(op, weights, shapes)
    if len(x.shape) == 4 and weights.shape[3] != x.shape[3] * int(op.options["multiplier"]):
        shapes = f"{x.shape[3]} channels times {op.options['multiplier']} are not {weights.shape[3]}"
        raise refused(op, weights, f"its depth multiplier does not fit: {shapes}")
    _window(graph, op)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, weights, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    assert weights.data is not None
    low, high = activation_range(op, out, int(op.options["activation"]))
    channels = weights.shape[3]
    by_channel = np.moveaxis(weights.data, 3, 0)
    window = _window(graph, op)
    return (
        KernelCall(
            function="nn_depthwise_conv_2d",
            header="depthwise_conv_2d.h",
            parameters="nn_depthwise_conv_2d_params",
            summary=f"DEPTHWISE_CONV_2D {shape_text(x.shape)} -> {shape_text(out.shape)}, {window.text}",
            fields={"window": window.fields, "multiplier": channels // x.shape[3]},
            constants={
                "weights": packed(weights.data, "int8 [row][column][output]", variant),
                "bias": folded_bias(by_channel, bias_of(graph, op, channels), x.zero_point),
                "requant": channel_requants(op, x, weights, out, channels),
                "levels": levels_constant(x, out, low, high),
            },
            inputs=(x.index,),
            outputs=(out.index,),
            macs=out.elements * weights.elements // channels,
        ),
    )


SUPPORT = OpSupport(
    kind="DEPTHWISE_CONV_2D",
    check=check,
    lower=lower,
    table="DepthwiseConv2DOptions",
    options={
        "activation": "FusedActivationFunction",
        "padding": "Padding",
        "stride_h": "StrideH",
        "stride_w": "StrideW",
        "dilation_h": "DilationHFactor",
        "dilation_w": "DilationWFactor",
        "multiplier": "DepthMultiplier",
    },
)
