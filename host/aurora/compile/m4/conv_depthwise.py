"""CONV_2D along a row with the DEPTHWISE_CONV_2D that alone reads it: nn_m4_conv_depthwise.

What lies between the two never exists as a whole: the convolution writes planes of some columns, one plane
per channel, and the depthwise turns them into its next outputs. That saves a tensor and spreading it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from aurora.compile.groups import Group, given_out, only_reader
from aurora.compile.ir import Constant, Graph, KernelCall, Operation, Tensor, shape_text
from aurora.compile.m4.conv_rows import BLOCK, MAX_OFFSET, MAX_STORE_OFFSET, matrix_of, row_window, unrolled
from aurora.compile.m4.depthwise import MAX_WEIGHT_WORDS, as_rows, blocks_of, pair_words, pairs_of, words_of
from aurora.compile.m4.planes import Channels, channels_of
from aurora.compile.m4.sums import WIDE, Sums, stream, sums_of
from aurora.compile.quantise import WORD, activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import window_of

KINDS = ("CONV_2D",)
PRIORITY = -1  # before either alone

DEPTHWISE_BLOCKS = (4, 3, 2)  # outputs at once
MOST_BLOCKS, MOST_OUTPUTS = 4, 16  # of a chunk: they are unrolled
SCRATCH_BYTES = 1152  # of planes and expanded windows, or
PART = 4  # as much as one in so many bytes of the tensor that is saved
CHUNK_COST, PIECE_COST, CHANNEL_COST, SUM_COST = 60, 130, 9, 6  # instructions


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    reader = only_reader(graph, op, variant)
    conv = row_window(graph, op)
    if reader is None or reader.kind != "DEPTHWISE_CONV_2D" or conv is None or conv["dilation_w"] != 1:
        return None
    weights = graph.activation(reader, 1)
    depthwise = as_rows(
        window_of(graph, reader, (weights.shape[1], weights.shape[2]), weights.shape[3]).fields
    )
    plan = Plan.of(graph, op, reader, conv, depthwise, variant.spare_bytes)
    if plan is None or weights.data is None:
        return None
    sums = sums_of(graph, op, matrix_of(graph, op), variant, wide=conv["in_c"] < 4)
    matrix = weights.data.astype(np.int8).reshape(-1, depthwise["out_c"]).T
    channels = channels_of(graph, reader, matrix, variant, "depthwise_relu")
    if sums is None or channels is None:
        return None
    return Group((_call(graph, op, reader, plan, sums, channels),), (reader,))


@dataclass(frozen=True)
class Plan:
    """``chunk`` outputs of the depthwise at a time, in ``blocks`` blocks of ``block``, ``apart`` outputs from
    one to the next; ``at_once`` windows of the convolution expanded at a time, ``loops`` times ``groups``
    groups of 4 taps each."""

    conv: Mapping[str, int]
    depthwise: Mapping[str, int]
    groups: int
    loops: int
    chunk: int
    block: int
    apart: int
    blocks: int
    at_once: int

    @classmethod
    def of(
        cls,
        graph: Graph,
        op: Operation,
        reader: Operation,
        conv: Mapping[str, int],
        depthwise: Mapping[str, int],
        spare_bytes: int,
    ) -> Plan | None:
        """The cheapest division whose scratch is small; None where there is none or no kernel for it."""
        taps, stride = depthwise["taps_w"], depthwise["stride_w"]
        along = depthwise["in_h"] == depthwise["taps_h"] == depthwise["out_h"] == depthwise["dilation_w"] == 1
        one = depthwise["in_c"] == depthwise["out_c"]
        if not along or not one or stride not in (1, 2) or taps < 2:
            return None
        step = conv["stride_w"] * conv["in_c"]
        reach = 2 * (BLOCK - 1) * step
        if pairs_of(taps, stride) > MAX_WEIGHT_WORDS or step % 4 or conv["out_c"] < 2 or reach >= MAX_OFFSET:
            return None
        groups, loops = unrolled(-(-conv["taps_w"] * conv["in_c"] // 4), (MAX_OFFSET - reach) // 8)
        given = given_out(graph, reader.outputs[0])  # so that nothing may lie behind it
        plans = [
            cls(conv, depthwise, groups, loops, chunk, *found, at_once)
            for chunk in range(2, MOST_OUTPUTS + 1)
            if (found := blocks_of(chunk, stride, taps, DEPTHWISE_BLOCKS)) is not None
            and chunk * stride % 2 == 0
            and not (given and depthwise["out_w"] % chunk)
            for at_once in range(BLOCK, chunk * stride + taps + BLOCK, BLOCK)
        ]
        limit = max(SCRATCH_BYTES, graph.result(op).bytes // PART)
        if not any(plan._fits(limit) for plan in plans):  # whatever there is to spare
            return None
        plans = [plan for plan in plans if plan._fits(max(limit, spare_bytes))]
        return min(plans, key=lambda plan: plan._cost)

    def _fits(self, limit: int) -> bool:
        channels = self.conv["out_c"]
        stored = max(2 * self.plane, (self.chunk - 1) * channels)
        return self.blocks <= MOST_BLOCKS and stored <= MAX_STORE_OFFSET and self.scratch_bytes <= limit

    @property
    def step(self) -> int:
        """Bytes from one window of the convolution to the next."""
        return self.conv["stride_w"] * self.conv["in_c"]

    @property
    def before(self) -> int:
        return self.conv["pad_w"] * self.conv["in_c"]

    @property
    def need(self) -> int:
        """Columns that a chunk reads."""
        return (self.chunk - 1) * self.depthwise["stride_w"] + self.depthwise["taps_w"]

    @property
    def move(self) -> int:
        """Columns from one chunk to the next."""
        return self.chunk * self.depthwise["stride_w"]

    @property
    def plane(self) -> int:
        """Bytes: the windows of a tile may end beyond what is needed."""
        return 4 * -(-(self.need + BLOCK - 1) // 2)

    @property
    def carry(self) -> int:
        """Words that the next chunk reads as well."""
        return self.plane // 4 - self.move // 2

    @property
    def scratch_bytes(self) -> int:
        expanded = 8 * ((self.at_once - 1) * self.step // 4 + self.groups * self.loops)
        return self.conv["out_c"] * self.plane + expanded

    @property
    def _cost(self) -> float:
        taps, stride, channels = self.depthwise["taps_w"], self.depthwise["stride_w"], self.conv["out_c"]
        words = words_of(self.block, stride, taps)
        block = 1 + words - words // 2 + self.block * (-(-taps // 2) + 3)
        chunks = -(-self.depthwise["out_w"] // self.chunk)
        pieces = sum(len(windows) for windows, _ in self.schedule())
        tiles = sum(n for windows, _ in self.schedule() for n in windows) // BLOCK
        tile = (channels + 1) // 2 * (SUM_COST * self.groups * self.loops * BLOCK + 5 * SUM_COST)
        each = CHANNEL_COST + self.blocks * block
        return chunks * (CHUNK_COST + channels * each) + pieces * PIECE_COST + tiles * tile

    def schedule(self) -> Iterator[tuple[list[int], int]]:
        """By chunk: the windows of each expansion, and how many windows there are after it."""
        made, ready = 0, self.depthwise["pad_w"]
        for _ in range(0, self.depthwise["out_w"], self.chunk):
            pieces = []
            while ready < self.need and made < self.conv["out_w"]:
                wanted = min(self.need - ready, self.conv["out_w"] - made)
                pieces.append(min(-(-wanted // BLOCK) * BLOCK, self.at_once))
                made, ready = made + pieces[-1], ready + pieces[-1]
            yield pieces, made
            ready -= self.move

    @property
    def distance(self) -> int:
        """How far before the input the output must start: what a chunk writes ends where the next reads."""
        written, distance = 0, -(1 << 30)
        for _, made in self.schedule():
            written += self.chunk * self.conv["out_c"]
            if made < self.conv["out_w"]:
                distance = max(distance, written - max(0, made * self.step - self.before))
        return distance

    @property
    def room(self) -> int:
        """Bytes of the output with its last chunk as long as the others."""
        return -(-self.depthwise["out_w"] // self.chunk) * self.chunk * self.conv["out_c"]


def _call(
    graph: Graph, op: Operation, reader: Operation, plan: Plan, sums: Sums, channels: Channels
) -> KernelCall:
    x, made, out = graph.activation(op), graph.result(op), graph.result(reader)
    total = plan.groups * plan.loops
    weights, pair_bytes = stream(sums, total, 2, 3 if plan.loops > 1 else 1, "rows")
    depthwise = _stream(plan, channels)
    tile, instance = _tile(plan, sums)
    chunk, chunk_instance = _chunk(plan, channels)
    return KernelCall(
        function="nn_m4_conv_depthwise",
        header="m4/conv_depthwise.h",
        parameters="nn_m4_conv_depthwise_params",
        summary=f"CONV_2D {shape_text(x.shape)} -> {shape_text(made.shape)}, DEPTHWISE_CONV_2D -> "
        f"{shape_text(out.shape)}, {plan.chunk} positions at a time",
        fields={
            "tile": tile,
            "depthwise": chunk,
            "size": plan.conv["in_w"] * plan.conv["in_c"],
            "before": plan.before,
            "step": plan.step,
            "groups": total,
            "windows": plan.conv["out_w"],
            "at_once": plan.at_once,
            "channels": plan.conv["out_c"],
            "plane": plan.plane,
            "pad": plan.depthwise["pad_w"],
            "need": plan.need,
            "outputs": plan.depthwise["out_w"],
            "chunk": plan.chunk,
            "move": plan.move,
            "kind": sums.kind,
            "pair_bytes": pair_bytes,
            "depthwise_bytes": len(depthwise.data),
        },
        constants={
            "weights": weights,
            "levels": _levels(graph, op, x, made),
            "depthwise_weights": depthwise,
            "depthwise_levels": _levels(graph, reader, made, out),
        },
        inputs=(x.index,),
        outputs=(out.index,),
        macs=made.elements * sums.weights.shape[1] + out.elements * plan.depthwise["taps_w"],
        scratch_bytes=plan.scratch_bytes,
        facts={"kind": sums.kind, "relu": int(sums.relu), "shift": channels.shift,
               "depthwise_relu": int(channels.relu)},
        instances=(instance, chunk_instance),
        overlaps={0: plan.distance},
        room={out.index: plan.room},
    )  # fmt: skip


def _levels(graph: Graph, op: Operation, x: Tensor, out: Tensor) -> Constant:
    return levels_constant(x, out, *activation_range(op, out, int(op.options["activation"])))


def _stream(plan: Plan, channels: Channels) -> Constant:
    """Per channel: bias, multiplier and add, weights in pairs, and what else there is of its requants."""
    stride = plan.depthwise["stride_w"]
    first, rest = channels.requants[:, :2], channels.requants[:, 2:]
    columns = [channels.bias[:, None], first, pair_words(channels.weights[:, None], stride), rest]
    data = np.concatenate(columns, axis=1) & 0xFFFFFFFF
    form = "relu" if channels.relu else "any"
    text = f"m4 depthwise: bias, requant, pairs of taps at stride {stride}, {form}"
    return Constant(data.astype("<u4").tobytes(), WORD, text)


def _tile(plan: Plan, sums: Sums) -> tuple[str, str]:
    """Name and line of the convolution's tile (tile.h)."""
    numbers = [sums.kind, plan.groups, plan.loops, 2 * plan.step, int(sums.relu), plan.plane]
    name = f"rows_planes_{'wide' if sums.kind == WIDE else 'packed'}_" + "_".join(map(str, numbers[1:]))
    return name, f"NN_M4_ROWS_PLANES({name}, {', '.join(map(str, numbers))});"


def _chunk(plan: Plan, channels: Channels) -> tuple[str, str]:
    """Name and line of the depthwise's tile (depthwise_chunk.h)."""
    taps, stride = plan.depthwise["taps_w"], plan.depthwise["stride_w"]
    numbers = [taps, stride, plan.block, plan.apart, plan.blocks, plan.plane, plan.move // 2, plan.carry]
    numbers += [plan.conv["out_c"], pairs_of(taps, stride), int(channels.relu), channels.shift]
    name = "depthwise_chunk_" + "_".join(map(str, numbers))
    return name, f"NN_M4_DEPTHWISE_CHUNK({name}, {', '.join(map(str, numbers))});"
