"""CONV_2D, alone or with the maximum pool after it, on the tiles of tile.py.

A DEPTHWISE_CONV_2D of one input channel is a convolution too; those that depthwise_conv_2d.py does not know
are taken here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aurora.compile.groups import Group, only_reader
from aurora.compile.ir import Constant, Field, Graph, KernelCall, Operation, shape_text
from aurora.compile.m55.depthwise_tile import LONGEST_ROW, MAX_TAPS
from aurora.compile.m55.form import Form, window_border
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
from aurora.compile.m55.tile import ROW_POINTERS, VECTOR, Patch, Tile
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import window_of

KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D")
POOLS = (2, 4)
LONGEST_PATCH = 1008  # bytes: four of them are within one addition
COPY_GAIN = 1.5  # copies patches where that saves a third of the multiplications


def window(graph: Graph, op: Operation) -> dict[str, int]:
    weights = graph.activation(op, 1)
    taps = (weights.shape[1], weights.shape[2])
    channels = weights.shape[0 if op.kind == "CONV_2D" else 3]
    return dict(window_of(graph, op, taps, channels).fields)


def takes(graph: Graph, op: Operation) -> bool:
    """Whether `lower` has a kernel, whatever the forms around it."""
    f = window(graph, op)
    line = f["taps_w"] * f["in_c"]
    small = f["taps_h"] * f["taps_w"] <= MAX_TAPS and f["out_w"] <= LONGEST_ROW
    if op.kind == "DEPTHWISE_CONV_2D" and (f["in_c"] > 1 or small):
        return False
    if (f["dilation_w"] > 1 and f["taps_w"] > 1) or f["taps_h"] * line > LONGEST_PATCH:
        return False
    if f["stride_w"] * f["in_c"] > LONGEST_PATCH:
        return False
    rows = f["out_h"] > 1
    chunk = chunk_of(f["out_h"], f["out_w"]) if rows else chunk_of(f["out_w"], 1)
    if chunk is None:
        return False
    widest = (f["out_w"] + 16) * f["out_c"] * (chunk + 1 if rows else 1)
    return widest <= FARTHEST_PLACE


def pooled(graph: Graph, op: Operation, variant: Variant) -> Operation | None:
    """The maximum pool that the convolution ``op`` takes with it: over the sums, before they are scaled."""
    reader = only_reader(graph, op, variant)
    out = graph.result(op)
    if reader is None or reader.kind != "MAX_POOL_2D" or not is_relu(op, out):
        return None
    width, stride = int(reader.options["taps_w"]), int(reader.options["stride_w"])
    flat = out.shape[1] == 1 and int(reader.options["taps_h"]) == 1 and width == stride
    limits = activation_range(reader, graph.result(reader), int(reader.options["activation"]))
    if not flat or width not in POOLS or out.shape[2] % width or limits != (-128, 127):
        return None
    return reader if takes(graph, op) else None


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    if not takes(graph, op):
        return None
    pool = pooled(graph, op, variant)
    return Group((_call(graph, op, pool, variant),), () if pool is None else (pool,))


def _call(graph: Graph, op: Operation, pool: Operation | None, variant: Variant) -> KernelCall:
    x, weights, made = graph.activation(op), graph.activation(op, 1), graph.result(op)
    out = made if pool is None else graph.result(pool)
    assert weights.data is not None
    f = window(graph, op)
    width = 1 if pool is None else int(pool.options["taps_w"])
    b = buffers(graph, x, out, window_border(f), False, variant)
    plan = _Plan(f, b, width)
    relu = is_relu(op, made)
    finish = "nn_m55_any" if not relu else "nn_m55_relu" + (f"_max{width}" if width > 1 else "")
    low, high = activation_range(op, made, int(op.options["activation"]))
    by_channel = np.asarray(weights.data, np.int8)
    if op.kind == "DEPTHWISE_CONV_2D":
        by_channel = np.moveaxis(by_channel, 3, 0)
    channels = len(by_channel)
    by_row = by_channel.reshape(channels, *plan.weights_shape)
    room = {out.index: plan.room_out} | ({} if b.staged else {x.index: plan.room_in})
    return KernelCall(
        function="nn_m55_conv_2d",
        header="m55/conv.h",
        parameters="nn_m55_conv_params",
        summary=f"{op.kind} {shape_text(x.shape)} -> {shape_text(made.shape)}, "
        f"{f['taps_h']}x{f['taps_w']} taps, stride {f['stride_h']}x{f['stride_w']}"
        f"{'' if pool is None else f', then MAX_POOL_2D 1x{width}'}",
        fields={"finish": finish, "channels": channels, **plan.fields},
        constants={
            "weights": Constant(plan.tile.packed(by_row), VECTOR, plan.packing),
            "scales": channel_constant(graph, op, by_row, x, weights, made),
            "levels": levels_constant(x, made, low, high),
        },
        inputs=(x.index,),
        outputs=(out.index,),
        macs=made.elements * weights.elements // channels,
        scratch_bytes=b.scratch,
        facts={"relu": int(relu)},
        instances=plan.instances,
        room=room,
        private=not b.target.plain,
    )


class _Plan:
    """Chunks, tile and places of one convolution."""

    def __init__(self, f: Mapping[str, int], b: Buffers, pool: int) -> None:
        s, t = b.source, b.target
        rows = f["out_h"] > 1
        each = f["out_w"] if rows else pool
        units = f["out_h"] if rows else f["out_w"] // pool
        chunk = chunk_of(units, each) if rows else chunk_of(units, 1, pool)
        assert chunk is not None
        line, step = f["taps_w"] * f["in_c"], f["stride_w"] * f["in_c"]
        tap_row, next_row = f["dilation_h"] * s.row, f["stride_h"] * s.row
        copied = Tile(
            Patch(1, f["taps_h"] * line, 0, _vectors(f["taps_h"] * line) * VECTOR, chunk * each, 1, 0)
        )
        unit_x = next_row if rows else each * step
        x_start = s.start - s.place(f["pad_h"], f["pad_w"])
        self.tile = copied
        patch = self._in_place(f, s, chunk, chunk * each, (x_start, unit_x))
        if patch is not None:
            direct = Tile(patch)
            if direct.fits and len(direct.pieces) <= COPY_GAIN * len(copied.pieces):
                self.tile = direct
        in_place = self.tile is not copied
        self.weights_shape = (f["taps_h"], line) if in_place else (1, f["taps_h"] * line)
        last = x_start + (units - chunk) * unit_x
        patch_end = (f["taps_h"] - 1) * tap_row + _vectors(line) * VECTOR
        inner = (chunk * each - 1) // f["out_w"] * next_row + min(chunk * each, f["out_w"]) * step
        self.room_in = last + (self.tile.reach if in_place else inner + patch_end)
        self.room_out = t.bytes
        outputs = [t.place(y, x) for y in range(chunk if rows else 1) for x in range(each if rows else chunk)]
        places = whole_groups(outputs, t.spare)
        table = f"places_{digest(places)}"
        name = f"tile_{digest(self.tile.text(''))}"
        self.instances = (self.tile.text(name), places_table(table, places))
        self.packing = (
            f"int8 [pair][piece][2][{VECTOR}] of {self.tile.patch.rows} x {self.tile.patch.length}, pieces "
            f"{', '.join(f'{row}:{start}' for row, start in self.tile.pieces)}"
        )
        sums = max(self.tile.positions, len(places) * pool)
        b.area(2 * 4 * sums)
        patches = {"taps_h": f["taps_h"], "line": line, "pitch": copied.patch.step, "across": f["out_w"],
                   "unit": each, "row": tap_row, "step": step, "next_row": next_row}  # fmt: skip
        if in_place:
            patches = dict.fromkeys(patches, 0)
        self.fields: dict[str, Field] = {
            "tile": name,
            "places": table,
            "groups": len(places) // GROUP,
            **b.fields(),
            "patches": patches,
            "x_start": x_start,
            "units": units,
            "chunk": chunk,
            "unit_x": unit_x,
            "unit_y": t.row if rows else t.column,
            "pitch": 2 * len(self.tile.pieces) * VECTOR,
            "sums": sums,
            "scratch_x": b.area(max(s.bytes, self.room_in)) if b.staged else 0,
            "scratch_patches": 0 if in_place else b.area(copied.reach + VECTOR),
            "scratch_y": b.area(t.bytes) if b.copied else 0,
        }

    @staticmethod
    def _in_place(
        f: Mapping[str, int], source: Form, chunk: int, positions: int, bases: tuple[int, ...]
    ) -> Patch | None:
        """The patches where they lie in ``source``."""
        line, step = f["taps_w"] * f["in_c"], f["stride_w"] * f["in_c"]
        tap_row, next_row = f["dilation_h"] * source.row, f["stride_h"] * source.row
        if f["taps_h"] > len(ROW_POINTERS):
            return None
        if f["out_h"] == 1:
            return Patch(f["taps_h"], line, tap_row, step, positions, 1, 0, bases)
        if f["taps_h"] == f["taps_w"] == f["stride_h"] == f["stride_w"] == 1 and source.contiguous:
            return Patch(1, line, 0, step, positions, 1, 0, bases)
        if f["out_w"] % 4:
            return None
        return Patch(f["taps_h"], line, tap_row, step, f["out_w"], chunk, next_row, bases)


def _vectors(size: int) -> int:
    return -(-size // VECTOR)


def digest(value: object) -> str:
    """A name for equal text, so that steps of one shape share their kernel."""
    import hashlib

    return hashlib.sha256(str(value).encode()).hexdigest()[:8]
