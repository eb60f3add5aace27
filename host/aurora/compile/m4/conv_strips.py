"""CONV_2D of several rows of taps without dilation: nn_m4_conv_strips."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, KernelCall, Operation, shape_text
from aurora.compile.m4.sums import WIDE, stream, sums_of
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import window_of

KINDS = ("CONV_2D",)
PRIORITY = 1

TOGETHER = 3  # columns of a strip, or rows of a column that is left over
MAX_BORDER, MAX_ROW_BYTES = 65535, 65535
LEAST_SCRATCH, MOST_SCRATCH = 3072, 16384  # bytes of a strip: at most what large tensors leave, see _rows
FEWEST_ROWS = 4  # output rows of a strip that pay


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    weights = graph.activation(op, 1)
    assert weights.data is not None
    fields = window_of(graph, op, (weights.shape[1], weights.shape[2]), weights.shape[0]).fields
    border = fields["taps_w"] * fields["in_c"]
    dilated = fields["dilation_h"] > 1 or fields["dilation_w"] > 1
    apart = fields["stride_h"] >= fields["taps_h"]  # no row is read twice
    if dilated or apart or border % 4 or border > MAX_BORDER or fields["out_c"] < 2:
        return None
    if fields["out_w"] * fields["out_c"] > MAX_ROW_BYTES:
        return None
    rows = _rows(fields, border, variant.spare_bytes)
    if fields["out_w"] < TOGETHER or rows is None:
        return None
    sums = sums_of(graph, op, weights.data.astype(np.int8).reshape(len(weights.data), -1), variant)
    if sums is None:
        return None
    x, out = graph.activation(op), graph.result(op)
    groups = -(-sums.weights.shape[1] // 4)
    low, high = activation_range(op, out, int(op.options["activation"]))
    stream_words, pair_bytes = stream(sums, groups, 2, 1, "blocks", by_word=True)
    kind = "wide" if sums.kind == WIDE else "packed"
    expanded = (rows - 1) * fields["stride_h"] + fields["taps_h"]
    call = KernelCall(
        function="nn_m4_conv_strips",
        header="m4/conv_strips.h",
        parameters="nn_m4_conv_strips_params",
        summary=f"CONV_2D {shape_text(x.shape)} -> {shape_text(out.shape)}, "
        f"{fields['taps_h']}x{fields['taps_w']} taps, strips of {rows} rows",
        fields={
            "block": f"nn_m4_block_{kind}{'_relu' if sums.relu else ''}",
            "window": fields,
            "kind": sums.kind,
            "groups": groups,
            "border": border,
            "rows": rows,
            "expanded": expanded,
            "pair_bytes": pair_bytes,
        },
        constants={"weights": stream_words, "levels": levels_constant(x, out, low, high)},
        inputs=(x.index,),
        outputs=(out.index,),
        macs=out.elements * sums.weights.shape[1],
        scratch_bytes=6 * border * expanded + 4 * border,
        facts={"kind": sums.kind, "relu": int(sums.relu)},
        overlaps={0: strip_distance(fields, rows)},
    )
    return Group((call,))


def _rows(fields: Mapping[str, int], border: int, spare_bytes: int) -> int | None:
    """Output rows of a strip: as many as the scratch holds, leaving no rest below three; None: too few to
    pay. Where input and output are large the arena is at its peak, and strips stay short."""
    tensors = sum(fields[f"{side}_h"] * fields[f"{side}_w"] * fields[f"{side}_c"] for side in ("in", "out"))
    limit = max(LEAST_SCRATCH, MOST_SCRATCH - tensors // 2, spare_bytes - 4 * border)
    for rows in range(fields["out_h"], FEWEST_ROWS - 1, -1):
        expanded = (rows - 1) * fields["stride_h"] + fields["taps_h"]
        rest = fields["out_h"] % rows
        if 6 * border * expanded <= limit and (rest == 0 or rest >= TOGETHER):
            return rows
    return None


def strip_distance(fields: Mapping[str, int], rows: int) -> int:
    """How far before the input the output must start: a strip may be written as far as its last row while
    others still read from its first."""
    distance = -(1 << 30)
    for top in range(0, fields["out_h"], rows):
        end = min(top + rows, fields["out_h"])
        read = max(0, top * fields["stride_h"] - fields["pad_h"]) * fields["in_w"] * fields["in_c"]
        distance = max(distance, end * fields["out_w"] * fields["out_c"] - read)
    return distance
