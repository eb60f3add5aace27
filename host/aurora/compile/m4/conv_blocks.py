"""CONV_2D of any window: nn_m4_conv_blocks; with a single output position it is a dense layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, KernelCall, Operation, shape_text
from aurora.compile.m4.dense import TOGETHER as DENSE_TOGETHER
from aurora.compile.m4.dense import dense_call
from aurora.compile.m4.sums import WIDE, Sums, stream, sums_of
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import FIELD_MAX, Window, window_of

KINDS = ("CONV_2D",)
PRIORITY = 2

BLOCK = 3  # output positions at a time


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    weights = graph.activation(op, 1)
    assert weights.data is not None
    window = window_of(graph, op, (weights.shape[1], weights.shape[2]), weights.shape[0])
    fields = window.fields
    positions = fields["out_h"] * fields["out_w"]
    whole = all(fields[f"in_{axis}"] == fields[f"taps_{axis}"] for axis in "hw")
    dense = positions == 1 and whole and fields["out_c"] >= DENSE_TOGETHER
    if not dense and (positions < BLOCK or fields["out_c"] < 2):
        return None
    if fields["taps_w"] * fields["in_c"] > FIELD_MAX or math.prod(weights.shape[1:]) > 4 * FIELD_MAX:
        return None
    sums = sums_of(graph, op, weights.data.astype(np.int8).reshape(len(weights.data), -1), variant)
    if sums is None:
        return None
    if dense:
        return Group((dense_call(graph, op, sums, graph.activation(op), graph.result(op)),))
    return Group((_call(graph, op, window, sums),))


def _call(graph: Graph, op: Operation, window: Window, sums: Sums) -> KernelCall:
    x, out, fields = graph.activation(op), graph.result(op), window.fields
    channels, taps = sums.weights.shape
    points = _points(fields)
    row = 0 if points else fields["taps_w"] * fields["in_c"]
    order = np.arange(taps) if points else _order(fields["taps_h"], row)
    groups = -(-taps // 4)
    low, high = activation_range(op, out, int(op.options["activation"]))
    ordered = replace(sums, weights=sums.weights[:, order])
    weights, pair_bytes = stream(ordered, groups, 2, 1, "blocks", by_word=True)
    kind = "wide" if sums.kind == WIDE else "packed"
    over = -(-(row % 4) * fields["taps_h"] // 4) * 4  # bytes that the rows of a window leave over
    return KernelCall(
        function="nn_m4_conv_blocks",
        header="m4/conv_blocks.h",
        parameters="nn_m4_conv_blocks_params",
        summary=f"CONV_2D {shape_text(x.shape)} -> {shape_text(out.shape)}, {window.text}",
        fields={
            "block": f"nn_m4_block_{kind}{'_relu' if sums.relu else ''}",
            "windows": f"nn_m4_block_{'points' if points else 'rows'}",
            "window": window.fields,
            "groups": groups,
            "border": row,
            "kind": sums.kind,
            "pair_bytes": pair_bytes,
        },
        constants={"weights": weights, "levels": levels_constant(x, out, low, high)},
        inputs=(x.index,),
        outputs=(out.index,),
        macs=out.elements * taps,
        scratch_bytes=8 * BLOCK * groups + row * (BLOCK + 1) + over * BLOCK,
        facts={"kind": sums.kind, "relu": int(sums.relu)},
        overlaps={0: block_distance(fields, channels)},
    )


def _points(fields: Mapping[str, int]) -> bool:
    """Whether windows are of one tap, without gaps and padding between, in whole words."""
    one = all(fields[f"{name}_{axis}"] == 1 for name in ("taps", "stride") for axis in "hw")
    same = (fields["in_h"], fields["in_w"]) == (fields["out_h"], fields["out_w"])
    return one and same and fields["in_c"] % 4 == 0


def _order(rows: int, row: int) -> NDArray[np.int64]:
    """Taps as nn_m4_block_rows puts them: of each row the whole groups of four, then what rows leave over."""
    taps = np.arange(rows * row).reshape(rows, row)
    whole = row // 4 * 4
    return np.concatenate([taps[:, :whole].ravel(), taps[:, whole:].ravel()])


def block_distance(fields: Mapping[str, int], channels: int) -> int:
    """How far before the input the output must start: what a block writes ends before all that later blocks
    read."""
    positions = fields["out_h"] * fields["out_w"]
    first = np.minimum(np.arange(0, positions, BLOCK), positions - BLOCK)
    y, x = np.divmod(np.arange(positions), fields["out_w"])
    top = np.maximum(y * fields["stride_h"] - fields["pad_h"], 0)
    left = np.maximum(x * fields["stride_w"] - fields["pad_w"], 0)
    lowest = (top * fields["in_w"] + np.minimum(left, fields["in_w"] - 1)) * fields["in_c"]
    later = np.minimum.accumulate(lowest[::-1])[::-1]  # lowest byte that this or a later position reads
    if len(first) == 1:
        return -(1 << 30)
    return int(np.max((first[:-1] + BLOCK) * channels - later[first[1:]]))
