"""FULLY_CONNECTED of one row: nn_m4_dense."""

from __future__ import annotations

from dataclasses import replace

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, KernelCall, Operation, Tensor, shape_text
from aurora.compile.m4.sums import WIDE, Sums, stream, sums_of
from aurora.compile.one_row import one_row_weights
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant

KINDS = ("FULLY_CONNECTED",)

TOGETHER = 4
RELU_OUTPUTS = 32  # from as many on a loop of its own for ReLU pays
ANYWHERE = -(1 << 30)  # the input is expanded before the first output is written


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    weights = one_row_weights(graph, op, TOGETHER)
    if weights is None:
        return None
    sums = sums_of(graph, op, weights, variant)
    if sums is None:
        return None
    if sums.relu and len(weights) < RELU_OUTPUTS:
        sums = replace(sums, relu=False)
    return Group((dense_call(graph, op, sums, graph.activation(op), graph.result(op)),))


def dense_call(graph: Graph, op: Operation, sums: Sums, x: Tensor, out: Tensor) -> KernelCall:
    """All of ``x`` to each output of ``op``."""
    outputs, inputs = sums.weights.shape
    groups = -(-inputs // 4)
    low, high = activation_range(op, out, int(op.options["activation"]))
    weights, _ = stream(sums, groups, TOGETHER, 1, "dense", by_word=True)
    kind = "wide" if sums.kind == WIDE else "packed"
    return KernelCall(
        function="nn_m4_dense",
        header="m4/dense.h",
        parameters="nn_m4_dense_params",
        summary=f"{op.kind} {shape_text(x.shape)} -> {shape_text(out.shape)}",
        fields={
            "tile": f"nn_m4_dense_{kind}{'_relu' if sums.relu else ''}",
            "kind": sums.kind,
            "inputs": inputs,
            "outputs": outputs,
        },
        constants={"weights": weights, "levels": levels_constant(x, out, low, high)},
        inputs=(x.index,),
        outputs=(out.index,),
        macs=inputs * outputs,
        scratch_bytes=8 * groups,
        facts={"kind": sums.kind, "relu": int(sums.relu)},
        overlaps={0: ANYWHERE},
    )
