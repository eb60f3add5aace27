"""CONV_2D: any stride, dilation and padding; grouped convolutions are refused."""

from __future__ import annotations

from aurora.compile.convolution import OPTIONS, convolution, weights_window
from aurora.compile.ir import Graph, KernelCall, Operation, refused
from aurora.compile.ops import OpSupport
from aurora.compile.variant import Variant
from aurora.compile.weights import check_weights

CHANNELS = 0  # axis of the weights


def check(graph: Graph, op: Operation) -> None:
    weights = check_weights(graph, op, rank=4, axis=CHANNELS, int4=True)
    x = graph.activation(op)
    if len(x.shape) == 4 and weights.shape[3] != x.shape[3]:
        groups = f"weights for {weights.shape[3]} channels, an input of {x.shape[3]}"
        raise refused(op, weights, f"{groups}: a grouped convolution", "use groups=1 or DepthwiseConv2D")
    weights_window(graph, op, CHANNELS)


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    packing = "int8 [output][row][column][input]"
    return convolution(graph, op, variant, axis=CHANNELS, packing=packing, more={})


SUPPORT = OpSupport(kind="CONV_2D", check=check, lower=lower, table="Conv2DOptions", options=OPTIONS)
