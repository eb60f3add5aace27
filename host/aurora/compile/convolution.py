"""What CONV_2D and DEPTHWISE_CONV_2D share: a window of weights over an image, one scale for each channel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aurora.compile.ir import Graph, KernelCall, Operation, shape_text
from aurora.compile.passes.zero_points import folded_bias
from aurora.compile.quantise import activation_range, channel_requants, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.weights import bias_of, packed
from aurora.compile.window import Window, window_of

OPTIONS = {
    "activation": "FusedActivationFunction",
    "padding": "Padding",
    "stride_h": "StrideH",
    "stride_w": "StrideW",
    "dilation_h": "DilationHFactor",
    "dilation_w": "DilationWFactor",
}


def weights_window(graph: Graph, op: Operation, axis: int) -> Window:
    """The window of ``op``, whose weights have rows and columns in axes 1 and 2, channels in ``axis``."""
    weights = graph.activation(op, 1)
    return window_of(graph, op, (weights.shape[1], weights.shape[2]), weights.shape[axis])


def convolution(
    graph: Graph, op: Operation, variant: Variant, *, axis: int, packing: str, more: Mapping[str, int]
) -> tuple[KernelCall, ...]:
    """The portable step: kernel nn_<kind>, weights as in the file, ``more`` fields beside the window."""
    x, weights, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    assert weights.data is not None
    low, high = activation_range(op, out, int(op.options["activation"]))
    channels, window, name = weights.shape[axis], weights_window(graph, op, axis), op.kind.lower()
    by_channel = np.moveaxis(weights.data, axis, 0).astype(np.int8)
    return (
        KernelCall(
            function=f"nn_{name}",
            header=f"{name}.h",
            parameters=f"nn_{name}_params",
            summary=f"{op.kind} {shape_text(x.shape)} -> {shape_text(out.shape)}, {window.text}",
            fields={"window": window.fields, **more},
            constants={
                "weights": packed(weights.data, packing, variant),
                "bias": folded_bias(by_channel, bias_of(graph, op, channels), x.zero_point),
                "requant": channel_requants(op, x, weights, out, channels),
                "levels": levels_constant(x, out, low, high),
            },
            inputs=(x.index,),
            outputs=(out.index,),
            macs=out.elements * weights.elements // channels,
        ),
    )
