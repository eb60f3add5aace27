"""CONV_2D, alone or with the maximum pool after it, on the tiles of tile.py.

A DEPTHWISE_CONV_2D of one input channel is a convolution too; those that depthwise_conv_2d.py does not know
are taken here.
"""

from __future__ import annotations

from collections.abc import Mapping

from aurora.compile.groups import Group, only_reader
from aurora.compile.ir import Constant, Field, Graph, KernelCall, Operation
from aurora.compile.m55.depthwise_tile import LONGEST_ROW, MAX_TAPS
from aurora.compile.m55.form import Form, window_border
from aurora.compile.m55.geometry import (
    FARTHEST_PLACE,
    GROUP,
    Buffers,
    buffers,
    chunk_of,
    is_relu,
    places_table,
    whole_groups,
)
from aurora.compile.m55.tile import ROW_POINTERS, VECTOR, Patch, Tile
from aurora.compile.m55.windowed import by_channel, window, windowed_call
from aurora.compile.quantise import activation_range
from aurora.compile.variant import Variant

KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D")
POOLS = (2, 4)
LONGEST_PATCH = 1008  # bytes: four of them are within one addition
COPY_GAIN = 1.5  # copies patches where that saves a third of the multiplications


def takes(graph: Graph, op: Operation) -> bool:
    """Whether `lower` has a kernel, whatever the forms around it."""
    f = window(graph, op)
    line = f["taps_w"] * f["in_c"]
    small = f["taps_h"] * f["taps_w"] <= MAX_TAPS and f["out_w"] <= LONGEST_ROW
    if op.kind == "DEPTHWISE_CONV_2D" and (f["in_c"] > 1 or small):
        return False
    if (f["dilation_w"] > 1 and f["taps_w"] > 1 < f["taps_h"]) or f["taps_h"] * line > LONGEST_PATCH:
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
    f = window(graph, op)
    out = graph.result(op if pool is None else pool)
    width = 1 if pool is None else int(pool.options["taps_w"])
    b = buffers(graph, graph.activation(op), out, window_border(f), False, variant)
    plan = _Plan(f, b, width)
    by_row = by_channel(graph, op).reshape(-1, *plan.weights_shape)
    weights = Constant(plan.tile.packed(by_row), VECTOR, plan.packing)
    name, then = ("", "") if pool is None else (f"_max{width}", f", then MAX_POOL_2D 1x{width}")
    return windowed_call("nn_m55_conv_2d", graph, op, out, b, plan, weights, {}, name, then)


def runs(f: Mapping[str, int], source: Form) -> tuple[int, int, int]:
    """A patch in ``source``: how many runs of bytes, bytes of each, bytes from one to the next.

    A run is a row of taps, or one tap of a row whose taps are dilated.
    """
    if f["dilation_w"] > 1 and f["taps_w"] > 1:
        return f["taps_w"], f["in_c"], f["dilation_w"] * source.column
    return f["taps_h"], f["taps_w"] * f["in_c"], f["dilation_h"] * source.row


class _Plan:
    """Chunks, tile and places of one convolution."""

    def __init__(self, f: Mapping[str, int], b: Buffers, pool: int) -> None:
        s, t = b.source, b.target
        rows = f["out_h"] > 1
        each = f["out_w"] if rows else pool
        units = f["out_h"] if rows else f["out_w"] // pool
        chunk = chunk_of(units, each) if rows else chunk_of(units, 1, pool)
        assert chunk is not None
        count, line, tap_row = runs(f, s)
        step, next_row = f["stride_w"] * f["in_c"], f["stride_h"] * s.row
        copied = Tile(Patch(1, count * line, 0, _vectors(count * line) * VECTOR, chunk * each, 1, 0))
        unit_x = next_row if rows else each * step
        x_start = s.start - s.place(f["pad_h"], f["pad_w"])
        self.tile = copied
        patch = self._in_place(f, s, chunk, chunk * each, (x_start, unit_x))
        if patch is not None:
            direct = Tile(patch)
            if direct.fits and len(direct.pieces) <= COPY_GAIN * len(copied.pieces):
                self.tile = direct
        in_place = self.tile is not copied
        self.weights_shape = (count, line) if in_place else (1, count * line)
        last = x_start + (units - chunk) * unit_x
        patch_end = (count - 1) * tap_row + _vectors(line) * VECTOR
        inner = (chunk * each - 1) // f["out_w"] * next_row + min(chunk * each, f["out_w"]) * step
        self.room_in = last + (self.tile.reach if in_place else inner + patch_end)
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
        patches = {"taps_h": count, "line": line, "pitch": copied.patch.step, "across": f["out_w"],
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
        count, line, tap_row = runs(f, source)
        step, next_row = f["stride_w"] * f["in_c"], f["stride_h"] * source.row
        if count > len(ROW_POINTERS):
            return None
        if f["out_h"] == 1:
            return Patch(count, line, tap_row, step, positions, 1, 0, bases)
        if count == f["taps_w"] == f["stride_h"] == f["stride_w"] == 1 and source.contiguous:
            return Patch(1, line, 0, step, positions, 1, 0, bases)
        if f["out_w"] % 4:
            return None
        return Patch(count, line, tap_row, step, f["out_w"], chunk, next_row, bases)


def _vectors(size: int) -> int:
    return -(-size // VECTOR)


def digest(value: object) -> str:
    """A name for equal text, so that steps of one shape share their kernel."""
    import hashlib

    return hashlib.sha256(str(value).encode()).hexdigest()[:8]
