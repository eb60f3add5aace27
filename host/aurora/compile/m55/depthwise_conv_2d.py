"""DEPTHWISE_CONV_2D on planes, by the tiles of depthwise_tile.py."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aurora.compile.groups import Group
from aurora.compile.ir import Constant, Field, Graph, KernelCall, Operation, shape_text
from aurora.compile.m55.conv_2d import digest
from aurora.compile.m55.depthwise_tile import DepthwiseTile, PlanePatch
from aurora.compile.m55.form import VECTOR, Form, make_form, window_border
from aurora.compile.m55.geometry import (
    FARTHEST_PLACE,
    GROUP,
    Buffers,
    buffers,
    channel_constant,
    chunk_of,
    is_relu,
    places_table,
    whole_groups,
)
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import window_of

KINDS = ("DEPTHWISE_CONV_2D",)


def window(graph: Graph, op: Operation) -> dict[str, int]:
    weights = graph.activation(op, 1)
    taps = (weights.shape[1], weights.shape[2])
    return dict(window_of(graph, op, taps, weights.shape[3]).fields)


def takes(graph: Graph, op: Operation) -> bool:
    """Whether `lower` has a kernel for the planes with just the border that ``op`` reads."""
    f = window(graph, op)
    own = make_form(graph.activation(op).shape, window_border(f), planes=True)
    rows = f["out_h"] > 1
    chunk = chunk_of(f["out_h"], f["out_w"]) if rows else chunk_of(f["out_w"], 1)
    if chunk is None or not _tile(f, own, chunk).fits:
        return False
    return (f["out_w"] + 16) * f["out_c"] * (chunk + 1 if rows else 1) <= FARTHEST_PLACE


def _tile(f: Mapping[str, int], source: Form, chunk: int) -> DepthwiseTile:
    """A single row of outputs is cut in pieces of eight, as if they were rows."""
    taps = tuple(
        y * f["dilation_h"] * source.row + x * f["dilation_w"]
        for y in range(f["taps_h"])
        for x in range(f["taps_w"])
    )
    if f["out_h"] > 1:
        return DepthwiseTile(PlanePatch(taps, source.row, f["stride_h"], f["stride_w"], f["out_w"], chunk))
    across = min(GROUP, chunk)
    return DepthwiseTile(
        PlanePatch(taps, across * f["stride_w"], 1, f["stride_w"], across, -(-chunk // across))
    )


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    if not takes(graph, op):
        return None
    x, weights, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    assert weights.data is not None
    f = window(graph, op)
    b = buffers(graph, x, out, window_border(f), True, variant)
    plan = _Plan(f, b)
    low, high = activation_range(op, out, int(op.options["activation"]))
    relu = is_relu(op, out)
    by_channel = np.moveaxis(np.asarray(weights.data, np.int8), 3, 0)
    channels = len(by_channel)
    call = KernelCall(
        function="nn_m55_depthwise_conv_2d",
        header="m55/conv.h",
        parameters="nn_m55_conv_params",
        summary=f"DEPTHWISE_CONV_2D {shape_text(x.shape)} -> {shape_text(out.shape)}, "
        f"{f['taps_h']}x{f['taps_w']} taps, stride {f['stride_h']}x{f['stride_w']}",
        fields={"finish": "nn_m55_relu" if relu else "nn_m55_any", "channels": channels} | plan.fields
        | {"repeats": channels // x.shape[3]},
        constants={
            "weights": Constant(
                plan.tile.packed(by_channel.reshape(channels, -1)), VECTOR, f"int8 [output][{VECTOR}]"
            ),
            "scales": channel_constant(graph, op, by_channel, x, weights, out),
            "levels": levels_constant(x, out, low, high),
        },
        inputs=(x.index,),
        outputs=(out.index,),
        macs=out.elements * weights.elements // channels,
        scratch_bytes=b.scratch,
        facts={"relu": int(relu)},
        instances=plan.instances,
        room={out.index: b.target.bytes} | ({} if b.staged else {x.index: plan.room_in}),
        private=not b.target.plain,
    )  # fmt: skip
    return Group((call,))


class _Plan:
    """Chunks, tile and places of one depthwise convolution."""

    def __init__(self, f: Mapping[str, int], b: Buffers) -> None:
        s, t = b.source, b.target
        rows = f["out_h"] > 1
        units = f["out_h"] if rows else f["out_w"]
        chunk = chunk_of(units, f["out_w"] if rows else 1)
        assert chunk is not None
        self.tile = _tile(f, s, chunk)
        across = self.tile.patch.across
        unit_x = f["stride_h"] * s.row if rows else f["stride_w"]
        x_start = s.start - s.place(f["pad_h"], f["pad_w"])
        last = x_start + (units - chunk) * unit_x + (s.channels - 1) * s.channel
        self.room_in = max(s.bytes, last + self.tile.reach)
        if rows:
            outputs = [t.place(y, x) for y, x in self.tile.order()]
        else:
            numbers = [across * y + x for y, x in self.tile.order()]
            outputs = [t.place(0, number) if number < chunk else t.spare for number in numbers]
        places = whole_groups(outputs, t.spare)
        table, name = f"places_{digest(places)}", f"plane_{digest(self.tile.text(''))}"
        self.instances = (self.tile.text(name), places_table(table, places))
        b.area(4 * len(places))
        self.fields: dict[str, Field] = {
            "tile": name,
            "places": table,
            "groups": len(places) // GROUP,
            **b.fields(),
            "x_start": x_start,
            "units": units,
            "chunk": chunk,
            "unit_x": unit_x,
            "unit_y": t.row if rows else t.column,
            "pitch": VECTOR,
            "plane": s.channel,
            "scratch_x": b.area(self.room_in) if b.staged else 0,
            "scratch_y": b.area(t.bytes) if b.copied else 0,
        }
