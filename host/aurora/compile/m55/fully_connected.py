"""FULLY_CONNECTED: eight outputs at a time, 16 inputs to an instruction."""

from __future__ import annotations

import numpy as np

from aurora.compile.groups import Group
from aurora.compile.ir import Constant, Graph, KernelCall, Operation, shape_text
from aurora.compile.m55.form import VECTOR, in_arena
from aurora.compile.m55.geometry import GROUP
from aurora.compile.passes.zero_points import folded_bias
from aurora.compile.quantise import (
    WORD,
    activation_range,
    channel_factors,
    levels_constant,
    requant_pair,
    words,
)
from aurora.compile.variant import Variant
from aurora.compile.weights import bias_of

KINDS = ("FULLY_CONNECTED",)
ORDER = (0, 2, 4, 6, 1, 3, 5, 7)  # of the multipliers and shifts of eight outputs


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    """None where a factor is one half or more: the kernel only shifts to the right."""
    x, weights, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    assert weights.data is not None
    outputs, inputs = weights.shape
    pairs = [requant_pair(op, out, factor) for factor in channel_factors(x, weights, out)]
    if any(shift >= 0 for _, shift in pairs):
        return None
    pairs = pairs * (outputs // len(pairs))
    groups, vectors, rows = -(-outputs // GROUP), -(-inputs // VECTOR), x.elements // inputs
    matrix = np.asarray(weights.data, np.int8).reshape(outputs, inputs)
    padded = np.zeros((groups * GROUP, vectors * VECTOR), np.int8)
    padded[:outputs, :inputs] = matrix
    packed = padded.reshape(groups, GROUP, vectors, VECTOR).transpose(0, 2, 1, 3)
    bias = np.frombuffer(folded_bias(matrix, bias_of(graph, op, outputs), x.zero_point).data, "<i4")
    low, high = activation_range(op, out, int(op.options["activation"]))
    free_x = in_arena(graph, x) or inputs % VECTOR == 0
    free_y = in_arena(graph, out) or outputs % GROUP == 0
    by_scratch = rows > 1 or not free_x or not free_y
    call = KernelCall(
        function="nn_m55_fully_connected" + ("_rows" if by_scratch else ""),
        header="m55/fully_connected.h",
        parameters="nn_m55_fully_connected_params",
        summary=f"FULLY_CONNECTED {shape_text(x.shape)} -> {shape_text(out.shape)}",
        fields={
            "rows": rows, "inputs": inputs, "outputs": outputs, "vectors": vectors, "groups": groups
        },
        constants={
            "weights": Constant(packed.tobytes(), VECTOR, f"int8 [group][vector][8][{VECTOR}]"),
            "scales": Constant(words(_scales(bias, pairs, groups)), WORD, f"nn_m55_scales[{groups}]"),
            "levels": levels_constant(x, out, low, high),
        },
        inputs=(x.index,),
        outputs=(out.index,),
        macs=rows * inputs * outputs,
        scratch_bytes=vectors * VECTOR + groups * GROUP if by_scratch else 0,
        room={} if by_scratch else {x.index: vectors * VECTOR, out.index: groups * GROUP},
    )  # fmt: skip
    return Group((call,))


def _scales(bias: np.ndarray, pairs: list[tuple[int, int]], groups: int) -> list[int]:
    """Eight biases, multipliers and shifts for every group."""
    table = np.zeros((groups * GROUP, 3), np.int64)
    table[: len(pairs)] = [(b, *pair) for b, pair in zip(bias.tolist(), pairs, strict=True)]
    result: list[int] = []
    for group in table.reshape(groups, GROUP, 3):
        result += [*group[:, 0].tolist(), *group[list(ORDER), 1].tolist(), *group[list(ORDER), 2].tolist()]
    return result
