"""FULLY_CONNECTED of one row: nn_m4_dense."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, KernelCall, Operation, Tensor, shape_text
from aurora.compile.m4.sums import WIDE, Sums, stream, sums_of
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant

KINDS = ("FULLY_CONNECTED",)

TOGETHER = 4
SMALL_PART = 50  # one in so many multiply-accumulates
RELU_OUTPUTS = 32  # from as many on a loop of its own for ReLU pays
ANYWHERE = -(1 << 30)  # the input is expanded before the first output is written


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    x, weights = graph.activation(op), graph.activation(op, 1)
    assert weights.data is not None
    outputs, inputs = weights.shape
    if x.elements != inputs or outputs < TOGETHER or not _pays(graph):
        return None
    sums = sums_of(graph, op, weights.data.astype(np.int8).reshape(outputs, inputs), variant)
    if sums is None:
        return None
    if sums.relu and outputs < RELU_OUTPUTS:
        sums = replace(sums, relu=False)
    return Group((dense_call(graph, op, sums, x, graph.result(op)),))


def _pays(graph: Graph) -> bool:
    """False where dense layers are so small a part of the work that the portable kernel's fewer bytes count
    for more."""
    macs = Counter[str]()
    for op in graph.operations:
        if op.kind in ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"):
            weights = graph.activation(op, 1)
            channels = weights.shape[3 if op.kind == "DEPTHWISE_CONV_2D" else 0]
            macs[op.kind] += graph.result(op).elements * weights.elements // max(1, channels)
    return macs["FULLY_CONNECTED"] * SMALL_PART >= macs.total()


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
