"""CONV_2D along one row, alone or with the MAX_POOL_2D after it: nn_m4_conv_rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.compile.groups import Group, only_reader
from aurora.compile.ir import Graph, KernelCall, Operation, Tensor, shape_text
from aurora.compile.m4.sums import WIDE, Sums, stream, sums_of
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import window_of

KINDS = ("CONV_2D",)
PRIORITY = 1

BLOCK = 3  # windows of a tile
MAX_UNROLL = 20  # groups of 4 taps that all stand in line
LOOP_UNROLL = 12  # of more, in line in a loop
MAX_OFFSET = 1020  # of LDRD
MAX_STORE_OFFSET = 4095
SCRATCH_BYTES = 448  # expanded at once, or two windows if that is more, or
SHARED_BYTES = 3584  # what small tensors leave of this
POOLS = (2, 4)


def row_window(graph: Graph, op: Operation) -> Mapping[str, int] | None:
    """The window of a convolution along one row as that of a 1xN; None for any other."""
    weights = graph.activation(op, 1)
    fields = dict(window_of(graph, op, (weights.shape[1], weights.shape[2]), weights.shape[0]).fields)
    if fields["in_w"] == fields["taps_w"] == fields["out_w"] == 1:  # a column lies in memory like a row
        for name in ("in", "out", "taps", "stride", "dilation", "pad"):
            fields[f"{name}_w"], fields[f"{name}_h"] = fields[f"{name}_h"], fields[f"{name}_w"]
    if fields["in_h"] != 1 or fields["taps_h"] != 1 or fields["out_h"] != 1:
        return None
    return fields


def pool_after(graph: Graph, op: Operation, variant: Variant) -> tuple[Operation, int] | None:
    """The MAX_POOL_2D that alone reads ``op`` and takes its whole row in twos or fours, and how many."""
    pool = only_reader(graph, op, variant)
    if pool is None or pool.kind != "MAX_POOL_2D" or int(pool.options["activation"]) != 0:
        return None
    options = {name: int(value) for name, value in pool.options.items()}
    x, out = graph.result(op), graph.result(pool)
    axis = "h" if x.shape[2] == 1 else "w"
    other = "w" if axis == "h" else "h"
    size, pooled = (x.shape[1], out.shape[1]) if axis == "h" else (x.shape[2], out.shape[2])
    taps = options[f"taps_{axis}"]
    if options[f"taps_{other}"] != 1 or options[f"stride_{axis}"] != taps or taps not in POOLS:
        return None
    return (pool, taps) if pooled * taps == size else None


def unrolled(groups: int, room: int) -> tuple[int, int]:
    """(groups in line, loops) for at least ``groups``, of which ``room`` have offsets that fit."""
    if groups <= min(MAX_UNROLL, room):
        return groups, 1
    loops = -(-groups // max(1, min(LOOP_UNROLL, room)))
    return -(-groups // loops), loops


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    fields = row_window(graph, op)
    if fields is None or fields["taps_w"] == 1 or fields["dilation_w"] != 1:
        return None
    pooled = pool_after(graph, op, variant)
    plan = Plan.of(fields, pooled[1] if pooled else 1, variant.spare_bytes)
    if plan is None and pooled:
        pooled, plan = None, Plan.of(fields, 1, variant.spare_bytes)
    if plan is None:
        return None
    sums = sums_of(graph, op, matrix_of(graph, op), variant, wide=plan.pool > 1 or fields["in_c"] < 4)
    if sums is None:
        return None
    call = _call(graph, op, plan, sums, graph.result(pooled[0] if pooled else op))
    return Group((call,), (pooled[0],) if pooled else ())


def matrix_of(graph: Graph, op: Operation) -> NDArray[np.int8]:
    """The weights as [channels, taps]."""
    data = graph.activation(op, 1).data
    assert data is not None
    return data.astype(np.int8).reshape(len(data), -1)


@dataclass(frozen=True)
class Plan:
    """How the windows of a row are expanded and multiplied. ``apart``: bytes from even windows to odd ones
    where they are expanded apart because the step is no multiple of 4; ``loops`` times ``groups`` in line."""

    windows: int
    taps: int
    step: int
    before: int
    size: int
    channels: int
    pool: int
    groups: int
    loops: int
    chunk: int
    apart: int

    @classmethod
    def of(cls, fields: Mapping[str, int], pool: int, spare_bytes: int) -> Plan | None:
        step, channels = fields["stride_w"] * fields["in_c"], fields["out_c"]
        together = pool if pool > 1 else BLOCK
        windows = fields["out_w"]
        parts = 1 if step % 4 == 0 else 2
        if parts == 2 and (pool == 1 or step % 2):
            return None
        if windows < together or channels < 2 or max(2 * channels, 6 * step) > MAX_STORE_OFFSET:
            return None
        taps = fields["taps_w"] * fields["in_c"]
        reach = (4 if pool == 1 else 2) * step  # from the first window of a tile to its last
        reach = SCRATCH_BYTES // 2 if parts == 2 else reach
        if reach >= MAX_OFFSET:
            return None
        groups, loops = unrolled(-(-taps // 4), (MAX_OFFSET - reach) // 8)
        tensors = fields["in_w"] * fields["in_c"] + windows // pool * channels
        limit = max(SCRATCH_BYTES, 16 * groups * loops)
        if parts == 1:
            limit = max(limit, SHARED_BYTES - tensors, spare_bytes)
        chunk = _chunk(windows, together, step, groups * loops, parts, limit)
        apart = _expanded(chunk, step, groups * loops, parts) // 2 if parts == 2 else 0
        if apart + 8 * groups > MAX_OFFSET:
            return None
        before, size = fields["pad_w"] * fields["in_c"], fields["in_w"] * fields["in_c"]
        return cls(windows, taps, step, before, size, channels, pool, groups, loops, chunk, apart)

    @property
    def together(self) -> int:
        return self.pool if self.pool > 1 else BLOCK

    @property
    def scratch_bytes(self) -> int:
        most = _most(self.windows, self.chunk, self.together)
        return _expanded(most, self.step, self.groups * self.loops, 2 if self.apart else 1)

    @property
    def distance(self) -> int:
        """How far before the input the output must start: what a chunk writes ends where the next reads."""
        ends = range(self.chunk, self.windows, self.chunk)
        written = (end // self.pool * self.channels - max(0, end * self.step - self.before) for end in ends)
        return max(written, default=-(1 << 30))


def _expanded(windows: int, step: int, groups: int, parts: int) -> int:
    """Bytes of expanded windows, in one run or in two of every other."""
    return 8 * parts * ((windows - parts) * step // 4 + groups)


def _most(windows: int, chunk: int, together: int) -> int:
    """Windows of the longest chunk: the last takes a rest with it that is too small for a block."""
    rest = windows % chunk
    return min(windows, chunk + (rest if rest < together else 0))


def _chunk(windows: int, together: int, step: int, groups: int, parts: int, limit: int) -> int:
    """Windows to expand at once, whole blocks: as many as ``limit`` bytes hold, or as few as can be."""
    every = range(together, max(windows, together) + 1, together)
    sizes = {n: _expanded(_most(windows, n, together), step, groups, parts) for n in every}
    small = [n for n, size in sizes.items() if size <= limit]
    return small[-1] if small else min(sizes, key=lambda n: sizes[n])


def _call(graph: Graph, op: Operation, plan: Plan, sums: Sums, out: Tensor) -> KernelCall:
    x, made = graph.activation(op), graph.result(op)
    total = plan.groups * plan.loops
    low, high = activation_range(op, made, int(op.options["activation"]))
    copies = 3 if plan.pool == 1 and plan.loops > 1 else 1
    weights, pair_bytes = stream(sums, total, 2, copies, "rows")
    name, instance = _instance(plan, sums)
    pooled = f", the largest of {plan.pool}" if plan.pool > 1 else ""
    return KernelCall(
        function="nn_m4_conv_rows",
        header="m4/conv_rows.h",
        parameters="nn_m4_conv_rows_params",
        summary=f"CONV_2D {shape_text(x.shape)} -> {shape_text(made.shape)} along a row{pooled}",
        fields={
            "tile": name,
            "kind": sums.kind,
            "size": plan.size,
            "before": plan.before,
            "step": plan.step,
            "groups": total,
            "apart": plan.apart // 4,
            "windows": plan.windows,
            "together": plan.together,
            "chunk": plan.chunk,
            "pool": plan.pool,
            "channels": plan.channels,
            "pair_bytes": pair_bytes,
        },
        constants={"weights": weights, "levels": levels_constant(x, made, low, high)},
        inputs=(x.index,),
        outputs=(out.index,),
        macs=plan.windows * plan.channels * plan.taps,
        scratch_bytes=plan.scratch_bytes,
        facts={"kind": sums.kind, "relu": int(sums.relu)},
        instances=(instance,),
        overlaps={0: plan.distance},
    )


def _instance(plan: Plan, sums: Sums) -> tuple[str, str]:
    """Name and line of the tile for a shape (tile.h)."""
    relu, row = int(sums.relu), plan.apart or 2 * plan.step
    shape = f"{plan.groups}x{plan.loops}_{row}_{plan.channels}_{relu}"
    numbers = f"{plan.groups}, {plan.loops}, {row}"
    if plan.pool > 1:
        assert sums.kind == WIDE
        name = f"max{plan.pool}_{shape}"
        pair = 4 * plan.step
        return name, f"NN_M4_ROWS_MAX({name}, {numbers}, {pair}, {plan.channels}, {relu}, {plan.pool});"
    name = f"rows_{'wide' if sums.kind == WIDE else 'packed'}_{shape}"
    return name, f"NN_M4_ROWS({name}, {sums.kind}, {numbers}, {plan.channels}, {relu});"
