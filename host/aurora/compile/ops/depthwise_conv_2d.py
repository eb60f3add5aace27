"""DEPTHWISE_CONV_2D: any multiplier, stride, dilation and padding."""

from __future__ import annotations

from aurora.compile.convolution import OPTIONS, convolution, weights_window
from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.variant import Variant
from aurora.compile.weights import check_weights

CHANNELS = 3  # axis of the weights


def check(graph: Graph, op: Operation) -> None:
    weights = check_weights(graph, op, rank=4, axis=CHANNELS, int4=True)
    x = graph.activation(op)
    if weights.shape[0] != 1 or (len(x.shape) == 4 and weights.shape[3] % x.shape[3]):
        shapes = f"weights {shape_text(weights.shape)} do not fit an input {shape_text(x.shape)}"
        raise refused(op, weights, shapes)
    if len(x.shape) == 4 and weights.shape[3] != x.shape[3] * int(op.options["multiplier"]):
        shapes = f"{x.shape[3]} channels times {op.options['multiplier']} are not {weights.shape[3]}"
        raise refused(op, weights, f"its depth multiplier does not fit: {shapes}")
    weights_window(graph, op, CHANNELS)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    multiplier = graph.result(op).shape[3] // graph.activation(op).shape[3]
    return convolution(
        graph, op, variant,
        axis=CHANNELS, packing="int8 [row][column][output]", more={"multiplier": multiplier},
    )  # fmt: skip


SUPPORT = OpSupport(
    kind="DEPTHWISE_CONV_2D",
    check=check,
    lower=lower,
    table="DepthwiseConv2DOptions",
    options={**OPTIONS, "multiplier": "DepthMultiplier"},
)
