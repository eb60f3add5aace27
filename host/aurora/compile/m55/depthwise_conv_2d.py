"""DEPTHWISE_CONV_2D on planes, by the tiles of depthwise_tile.py."""

from __future__ import annotations

from collections.abc import Mapping

from aurora.compile.groups import Group
from aurora.compile.ir import Constant, Field, Graph, Operation
from aurora.compile.m55.conv_2d import digest
from aurora.compile.m55.depthwise_tile import DepthwiseTile, PlanePatch
from aurora.compile.m55.form import VECTOR, Form, make_form, window_border
from aurora.compile.m55.geometry import (
    FARTHEST_PLACE,
    GROUP,
    Buffers,
    buffers,
    chunk_of,
    places_table,
    whole_groups,
)
from aurora.compile.m55.windowed import by_channel, window, windowed_call
from aurora.compile.variant import Variant

KINDS = ("DEPTHWISE_CONV_2D",)


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
    x, out, f = graph.activation(op), graph.result(op), window(graph, op)
    b = buffers(graph, x, out, window_border(f), True, variant)
    plan, values = _Plan(f, b), by_channel(graph, op)
    packed = plan.tile.packed(values.reshape(len(values), -1))
    weights = Constant(packed, VECTOR, f"int8 [output][{VECTOR}]")
    repeats = {"repeats": len(values) // x.shape[3]}
    name = "nn_m55_depthwise_conv_2d"
    return Group((windowed_call(name, graph, op, out, b, plan, weights, repeats),))


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
