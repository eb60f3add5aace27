"""FULLY_CONNECTED, one scale per tensor or per output."""

from __future__ import annotations

import numpy as np

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.passes.zero_points import folded_bias
from aurora.compile.quantise import (
    activation_range,
    channel_factors,
    levels_constant,
    requant_constant,
    requant_pair,
)
from aurora.compile.variant import Variant
from aurora.compile.weights import bias_of, check_weights, packed

BIAS_SCALE_TOLERANCE = 0.02  # in steps of the output, TFLite Micro's own bound


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    weights = check_weights(graph, op, rank=2, axis=0)
    outputs, inputs = weights.shape
    if op.options["weights_format"] != 0:
        raise refused(op, weights, "its weights are in a shuffled format")
    if x.elements % inputs or out.elements != x.elements // inputs * outputs or out.shape[-1] != outputs:
        shapes = f"{shape_text(x.shape)} times {shape_text(weights.shape)} is not {shape_text(out.shape)}"
        raise refused(op, out, f"shapes do not agree: {shapes}")
    bias = graph.operand(op, 2)
    assert weights.quantisation is not None
    if bias is not None and bias.quantisation is not None and len(weights.quantisation.scales) == 1:
        apart = abs(x.scale * weights.scale - bias.scale) / out.scale
        if apart > BIAS_SCALE_TOLERANCE:
            raise refused(op, bias, "its bias scale is not input scale times weight scale")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, weights, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    assert weights.data is not None and weights.quantisation is not None
    outputs, inputs = weights.shape
    per_channel = len(weights.quantisation.scales) > 1
    factors = channel_factors(x, weights, out)
    low, high = activation_range(op, out, int(op.options["activation"]))
    rows = x.elements // inputs
    matrix = weights.data.astype(np.int8).reshape(outputs, inputs)
    return (
        KernelCall(
            function="nn_fully_connected",
            header="fully_connected.h",
            parameters="nn_fully_connected_params",
            summary=f"FULLY_CONNECTED {shape_text(x.shape)} -> {shape_text(out.shape)}",
            fields={"rows": rows, "inputs": inputs, "outputs": outputs, "requant_step": int(per_channel)},
            constants={
                "weights": packed(matrix, "int8 [output][input]", variant),
                "bias": folded_bias(matrix, bias_of(graph, op, outputs), x.zero_point),
                "requant": requant_constant([requant_pair(op, out, factor) for factor in factors]),
                "levels": levels_constant(x, out, low, high),
            },
            inputs=(x.index,),
            outputs=(out.index,),
            macs=rows * inputs * outputs,
        ),
    )


SUPPORT = OpSupport(
    kind="FULLY_CONNECTED",
    check=check,
    lower=lower,
    table="FullyConnectedOptions",
    options={"activation": "FusedActivationFunction", "weights_format": "WeightsFormat"},
)
