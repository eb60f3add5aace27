"""CONV_2D of any window, alone or with the MAX_POOL_2D after it: nn_m3_conv. The same kernel takes
several rows of FULLY_CONNECTED, and DEPTHWISE_CONV_2D of one input channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, KernelCall, Operation, Tensor, shape_text
from aurora.compile.m3.dense import TOGETHER as DENSE_TOGETHER
from aurora.compile.m3.dense import dense_call
from aurora.compile.m3.geometry import TOGETHER, distance, straightened, whole
from aurora.compile.m3.pooled import pool_of_row
from aurora.compile.m3.streams import stream
from aurora.compile.m4.sums import Sums, sums_of
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import FIELD_MAX, window_of

KINDS = ("CONV_2D", "FULLY_CONNECTED", "DEPTHWISE_CONV_2D")

CHANNELS = 4
ROW_COST, GATHER_COST = 5, 15  # instructions: a row of taps of four channels; of gathering, besides its bytes


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    matrix = matrix_of(graph, op)
    fields = _fields(graph, op) if matrix is not None else None
    if matrix is None or fields is None:
        return None
    positions = fields["out_h"] * fields["out_w"]
    covered = all(fields[f"in_{axis}"] == fields[f"taps_{axis}"] for axis in "hw")
    dense = positions == 1 and covered and len(matrix) >= DENSE_TOGETHER
    if not dense and (positions < TOGETHER or len(matrix) < CHANNELS):
        return None
    sums = sums_of(graph, op, matrix, variant, wide=True)
    if sums is None:
        return None
    if dense:
        return Group((dense_call(graph, op, sums, graph.activation(op), graph.result(op)),))
    in_row = fields["out_h"] == fields["taps_h"] == 1
    pooled, pool = pool_of_row(graph, op, variant) if in_row else (None, 1)
    out = graph.result(pooled or op)
    return Group((_call(graph, op, fields, sums, out, pool),), (pooled,) if pooled else ())


def matrix_of(graph: Graph, op: Operation) -> NDArray[np.int8] | None:
    """Weights [output, tap]."""
    weights = graph.activation(op, 1)
    assert weights.data is not None
    data = weights.data.astype(np.int8)
    if op.kind != "DEPTHWISE_CONV_2D":
        return data.reshape(len(data), -1)
    one = graph.activation(op).shape[-1] == 1
    return np.ascontiguousarray(data.reshape(-1, data.shape[-1]).T) if one else None


def _fields(graph: Graph, op: Operation) -> dict[str, int] | None:
    """The window; rows of a dense layer are positions of a row."""
    x, weights = graph.activation(op), graph.activation(op, 1)
    if op.kind == "FULLY_CONNECTED":
        outputs, inputs = weights.shape
        rows = x.elements // inputs
        if rows < TOGETHER or max(rows, inputs, outputs) > FIELD_MAX:
            return None
        ones = {f"{name}_{axis}": 1 for name in ("taps", "stride", "dilation") for axis in "hw"}
        return {"in_h": 1, "in_w": rows, "in_c": inputs, "out_h": 1, "out_w": rows, "out_c": outputs,
                **ones, "pad_h": 0, "pad_w": 0}  # fmt: skip
    channels = weights.shape[3 if op.kind == "DEPTHWISE_CONV_2D" else 0]
    return straightened(window_of(graph, op, (weights.shape[1], weights.shape[2]), channels).fields)


def _call(
    graph: Graph, op: Operation, fields: Mapping[str, int], sums: Sums, out: Tensor, pool: int
) -> KernelCall:
    x, made = graph.activation(op), graph.result(op)
    channels, taps = sums.weights.shape
    low, high = activation_range(op, made, int(op.options["activation"]))
    what = f"{fields['taps_h']}x{fields['taps_w']} taps, stride {fields['stride_h']}x{fields['stride_w']}"
    largest = f", the largest of {pool}" if pool > 1 else ""
    return KernelCall(
        function="nn_m3_conv",
        header="m3/conv.h",
        parameters="nn_m3_conv_params",
        summary=f"{op.kind} {shape_text(x.shape)} -> {shape_text(made.shape)}, {what}{largest}",
        fields={"windows": windows(fields, sums, pool)},
        constants={"weights": stream(sums, CHANNELS)[0], "levels": levels_constant(x, made, low, high)},
        inputs=(x.index,),
        outputs=(out.index,),
        macs=made.elements * taps,
        scratch_bytes=max(pool, TOGETHER) * taps,
        facts={"kind": sums.kind, "relu": int(sums.relu)},
        overlaps={0: distance(fields, channels, pool)},
    )


def windows(fields: Mapping[str, int], sums: Sums, pool: int) -> dict[str, Any]:
    """nn_m3_windows."""
    channels, taps = sums.weights.shape
    read = reading(fields, taps, channels)
    name = "row" if read["rows"] == 1 else "rows"
    name += (f"_max{pool}" if pool > 1 else "") + ("_relu" if sums.relu else "")
    return {"tile": f"nn_m3_{name}", "window": fields, "taps": taps, **read, "pool": pool,
            "together": max(pool, TOGETHER), "set_bytes": stream(sums, CHANNELS)[1]}  # fmt: skip


def reading(fields: Mapping[str, int], taps: int, channels: int) -> dict[str, int]:
    """Which windows are read where they lie, and how: by rows of taps, of which neighbours in memory are one.
    Where rows are so short that walking them costs more than gathering does, all windows are gathered."""
    gathered = {"rows": 1, "row_bytes": taps, "skip": 0, "top": 0, "bottom": 0, "left": 0, "right": 0}
    row_bytes = fields["taps_w"] * fields["in_c"]
    step = fields["dilation_h"] * fields["in_w"] * fields["in_c"]
    rows = fields["taps_h"]
    if rows > 1 and step == row_bytes:
        rows, row_bytes = 1, taps
    if fields["dilation_w"] > 1 and fields["taps_w"] > 1:
        return gathered
    if rows > 1 and ROW_COST * (channels // CHANNELS) > GATHER_COST + row_bytes:
        return gathered
    top, bottom = whole(fields, "h")
    left, right = whole(fields, "w")
    skip = step - row_bytes if rows > 1 else 0
    return {"rows": rows, "row_bytes": row_bytes, "skip": skip,
            "top": top, "bottom": bottom, "left": left, "right": right}  # fmt: skip
