"""FULLY_CONNECTED of one row: nn_m3_dense."""

from __future__ import annotations

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, KernelCall, Operation, Tensor, shape_text
from aurora.compile.m3.streams import stream
from aurora.compile.m4.sums import Sums, sums_of
from aurora.compile.one_row import one_row_weights
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant

KINDS = ("FULLY_CONNECTED",)

TOGETHER = 8


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    weights = one_row_weights(graph, op, TOGETHER)
    if weights is None:
        return None
    sums = sums_of(graph, op, weights, variant, wide=True)
    if sums is None:
        return None
    return Group((dense_call(graph, op, sums, graph.activation(op), graph.result(op)),))


def dense_call(graph: Graph, op: Operation, sums: Sums, x: Tensor, out: Tensor) -> KernelCall:
    """All of ``x`` to each output of ``op``."""
    outputs, inputs = sums.weights.shape
    low, high = activation_range(op, out, int(op.options["activation"]))
    weights, _ = stream(sums, TOGETHER)
    return KernelCall(
        function="nn_m3_dense",
        header="m3/dense.h",
        parameters="nn_m3_dense_params",
        summary=f"{op.kind} {shape_text(x.shape)} -> {shape_text(out.shape)}",
        fields={
            "tile": "nn_m3_dense_relu" if sums.relu else "nn_m3_dense_any",
            "inputs": inputs,
            "outputs": outputs,
        },
        constants={"weights": weights, "levels": levels_constant(x, out, low, high)},
        inputs=(x.index,),
        outputs=(out.index,),
        macs=inputs * outputs,
        facts={"kind": sums.kind, "relu": int(sums.relu)},
    )
