"""FULLY_CONNECTED of one row: nn_m3_dense."""

from __future__ import annotations

from collections import Counter

import numpy as np

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, KernelCall, Operation, Tensor, shape_text
from aurora.compile.m3.streams import stream
from aurora.compile.m4.sums import Sums, sums_of
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant

KINDS = ("FULLY_CONNECTED",)

TOGETHER = 8
SMALL_PART = 50  # one in so many multiply-accumulates


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    x, weights = graph.activation(op), graph.activation(op, 1)
    assert weights.data is not None
    outputs, inputs = weights.shape
    if x.elements != inputs or outputs < TOGETHER or not _pays(graph):
        return None
    sums = sums_of(graph, op, weights.data.astype(np.int8).reshape(outputs, inputs), variant, wide=True)
    if sums is None:
        return None
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
