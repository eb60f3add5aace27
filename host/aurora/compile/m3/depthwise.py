"""DEPTHWISE_CONV_2D with multiplier 1: nn_m3_depthwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, KernelCall, Operation, shape_text
from aurora.compile.m3.geometry import straightened
from aurora.compile.m3.streams import stream
from aurora.compile.m4.sums import Sums, sums_of
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import window_of

KINDS = ("DEPTHWISE_CONV_2D",)

LANES = 4  # channels laid out side by side
MOST_TAPS, MOST_INPUTS = 8, 32  # of a row: what is unrolled
BLOCKS = (6, 5, 4, 3, 2, 1)  # outputs at once
FINISH = 8  # instructions of one output beside its taps


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    x, weights = graph.activation(op), graph.activation(op, 1)
    assert weights.data is not None
    window = window_of(graph, op, (weights.shape[1], weights.shape[2]), weights.shape[3])
    fields = straightened(window.fields)
    if fields["in_c"] != fields["out_c"] or fields["in_c"] % LANES or fields["taps_w"] > MOST_TAPS:
        return None
    if fields["dilation_w"] != 1 or fields["dilation_h"] != 1:
        return None
    blocks = Blocks.of(fields)
    if blocks is None:
        return None
    matrix = np.ascontiguousarray(weights.data.astype(np.int8).reshape(-1, fields["out_c"]).T)
    sums = sums_of(graph, op, matrix, variant, wide=True)
    if sums is None:
        return None
    summary = (
        f"DEPTHWISE_CONV_2D {shape_text(x.shape)} -> {shape_text(graph.result(op).shape)}, {window.text}"
    )
    return Group((_call(graph, op, summary, fields, blocks, sums),))


@dataclass(frozen=True)
class Blocks:
    """``size`` outputs at once, ``step`` from a block to the next, ``count`` to a row."""

    size: int
    step: int
    count: int

    @classmethod
    def of(cls, fields: Mapping[str, int]) -> Blocks | None:
        """Those that cover a row exactly at the least cost; blocks may overlap."""
        taps, stride, width = fields["taps_w"], fields["stride_w"], fields["out_w"]
        found = []
        for size in BLOCKS:
            inputs = (size - 1) * stride + taps
            if size > width or inputs > MOST_INPUTS:
                continue
            for step in range(size, 0, -1):
                if (width - size) % step:
                    continue
                count = (width - size) // step + 1
                work = fields["taps_h"] * (taps + inputs + size * taps) + FINISH * (size + 1)
                found.append((count * work, size, step, count))
        return cls(*min(found)[1:]) if found else None


def _call(
    graph: Graph, op: Operation, summary: str, fields: Mapping[str, int], blocks: Blocks, sums: Sums
) -> KernelCall:
    x, out = graph.activation(op), graph.result(op)
    low, high = activation_range(op, out, int(op.options["activation"]))
    streams, stream_bytes = stream(sums, 1)
    high_rows = (fields["out_h"] - 1) * fields["stride_h"] + fields["taps_h"]
    wide = (fields["out_w"] - 1) * fields["stride_w"] + fields["taps_w"]
    pitch, channels = LANES * wide, fields["out_c"]
    numbers = [int(fields["taps_h"] == 1), fields["taps_w"], fields["stride_w"], blocks.size, int(sums.relu)]
    name = "depthwise_" + "_".join(map(str, numbers))
    return KernelCall(
        function="nn_m3_depthwise",
        header="m3/depthwise.h",
        parameters="nn_m3_depthwise_params",
        summary=summary,
        fields={
            "tile": name,
            "window": fields,
            "high": high_rows,
            "wide": wide,
            "lane": {
                "rows": fields["out_h"],
                "taps_h": fields["taps_h"],
                "pitch": pitch,
                "x_row": pitch * fields["stride_h"],
                "blocks": blocks.count,
                "x_block": LANES * fields["stride_w"] * blocks.step,
                "y_block": channels * blocks.step,
                "channels": channels,
                "y_row": channels * fields["out_w"],
            },
            "weight_bytes": stream_bytes,
        },
        constants={"weights": streams, "levels": levels_constant(x, out, low, high)},
        inputs=(x.index,),
        outputs=(out.index,),
        macs=out.elements * sums.weights.shape[1],
        scratch_bytes=high_rows * pitch,
        facts={"kind": sums.kind, "relu": int(sums.relu)},
        instances=(f"NN_M3_DEPTHWISE({name}, {', '.join(map(str, numbers))});",),
        in_place=(0,),
    )
