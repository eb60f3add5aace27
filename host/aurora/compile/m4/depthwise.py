"""DEPTHWISE_CONV_2D with multiplier 1 and strides of 1 or 2 along a row: nn_m4_depthwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aurora.compile.groups import Group
from aurora.compile.ir import Constant, Graph, KernelCall, Operation, shape_text
from aurora.compile.m4.planes import Channels, channels_of
from aurora.compile.m4.sums import Ints
from aurora.compile.quantise import WORD, activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import window_of

KINDS = ("DEPTHWISE_CONV_2D",)

TOGETHER = 4  # channels expanded at once
BLOCKS = (6, 5, 4, 3, 2)  # outputs at once
MAX_WEIGHT_WORDS = 3  # of a row of taps or a part of one: what fits the registers
PART_TAPS = {1: 4, 2: 6}  # by stride: of a longer row's parts
MAX_PARTS = 14  # of all rows of taps: they are unrolled
MAX_OFFSET, MAX_STORE_OFFSET, MAX_IMMEDIATE = 1020, 4095, 65535
SCRATCH_BYTES = 2624  # expanded at once, or one row of windows if that is more


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    x, weights = graph.activation(op), graph.activation(op, 1)
    assert weights.data is not None
    window = window_of(graph, op, (weights.shape[1], weights.shape[2]), weights.shape[3])
    fields = as_rows(window.fields)
    if fields["in_c"] != fields["out_c"] or fields["in_c"] % TOGETHER:
        return None
    shape = Shape.of(fields, variant.spare_bytes)
    if shape is None:
        return None
    matrix = weights.data.astype(np.int8).reshape(-1, fields["out_c"]).T
    channels = channels_of(graph, op, matrix, variant)
    if channels is None:
        return None
    summary = (
        f"DEPTHWISE_CONV_2D {shape_text(x.shape)} -> {shape_text(graph.result(op).shape)}, {window.text}"
    )
    return Group((_call(graph, op, summary, shape, channels),))


def as_rows(fields: Mapping[str, int]) -> dict[str, int]:
    """A column lies in memory like a row."""
    rows = dict(fields)
    if rows["in_w"] == rows["taps_w"] == rows["out_w"] == 1:
        for name in ("in", "out", "taps", "stride", "dilation", "pad"):
            rows[f"{name}_w"], rows[f"{name}_h"] = rows[f"{name}_h"], rows[f"{name}_w"]
    return rows


@dataclass(frozen=True)
class Shape:
    """``block`` outputs ``step`` apart, ``blocks`` to a row; ``words`` of an expanded row; ``taps`` and words
    of weights of each of the ``parts`` of a row of taps; ``strip`` output rows at once."""

    fields: Mapping[str, int]
    block: int
    step: int
    blocks: int
    words: int
    taps: int
    parts: int
    weight_words: int
    strip: int

    @classmethod
    def of(cls, fields: Mapping[str, int], spare_bytes: int) -> Shape | None:
        taps, stride, width = fields["taps_w"], fields["stride_w"], fields["out_w"]
        if stride not in (1, 2) or (stride == 1 and taps < 2):
            return None
        if fields["dilation_w"] != 1 or fields["dilation_h"] != 1:
            return None
        parts = 1
        if pairs_of(taps, stride) > MAX_WEIGHT_WORDS:
            parts, taps = -(-taps // PART_TAPS[stride]), PART_TAPS[stride]
        found = blocks_of(width, stride, taps)
        if found is None or fields["taps_h"] * parts > MAX_PARTS:
            return None
        block, step, blocks = found
        words = words_of(width, stride, taps * parts)
        reach = 4 * words * (fields["taps_h"] - 1) + 4 * words_of(block, stride, taps * parts)
        stored = (block - 1) * fields["out_c"]
        run = max(4 * words * fields["stride_h"], width * fields["out_c"])
        if reach > MAX_OFFSET or stored > MAX_STORE_OFFSET or run > MAX_IMMEDIATE:
            return None
        if blocks > 1 and blocks * 2 * step * stride > MAX_STORE_OFFSET:
            return None
        weight_words, strip = pairs_of(taps, stride), _strip(fields, words, spare_bytes)
        return cls(fields, block, step, blocks, words, taps, parts, weight_words, strip)

    @property
    def scratch_bytes(self) -> int:
        return TOGETHER * 4 * self.words * self.rows(self.strip)

    def rows(self, strip: int) -> int:
        return (strip - 1) * self.fields["stride_h"] + self.fields["taps_h"]

    @property
    def row(self) -> dict[str, int]:
        """How a row is expanded: nn_m4_rows."""
        pad, size, step = self.fields["pad_w"], self.fields["in_w"], self.fields["in_c"]
        odd = pad % 2
        left = min(2 * self.words - pad, size) - odd
        pairs, last = left // 2, left % 2
        after = self.words - (pad + 1) // 2 - pairs - last
        plane = 4 * self.words * self.rows(self.strip)
        return {"step": step, "plane": plane, "odd": odd, "pairs": pairs, "last": last,
                "rest": 4 * (after + pad // 2), "skip": (size - odd - left) * step,
                "before": pad // 2}  # fmt: skip

    @property
    def in_place(self) -> bool:
        """Whether all that a strip overwrites of its own channels has been expanded by then."""
        f = self.fields
        for first in range(0, f["out_h"] - self.strip, self.strip):
            written = (first + self.strip) * f["out_w"]
            unread = first * f["stride_h"] + self.rows(self.strip) - f["pad_h"]
            if written > max(unread, 0) * f["in_w"]:
                return False
        return True


def words_of(block: int, stride: int, taps: int) -> int:
    """Words of two columns that ``block`` outputs read."""
    return ((block - 1) * stride + taps - 1) // 2 + 1


def pairs_of(taps: int, stride: int) -> int:
    """Words of weights of a row of taps: pairs from even taps on, at stride 1 from odd ones as well."""
    return taps // 2 + (taps - 1) // 2 if stride == 1 else -(-taps // 2)


def blocks_of(
    width: int, stride: int, taps: int, sizes: tuple[int, ...] = BLOCKS
) -> tuple[int, int, int] | None:
    """(outputs at once, step, count) that cover a row exactly at the least cost. At stride 1 blocks begin at
    even columns; blocks may overlap."""
    found = []
    for block in sizes:
        if block > width:
            continue
        for step in range(block, 0, -1):
            if (width - block) % step or (stride == 1 and width > block and step % 2):
                continue
            count = (width - block) // step + 1
            work = count * (block * (taps + 4) + words_of(block, stride, taps) + 8)
            found.append((work, block, step, count))
    return min(found)[1:] if found else None


def _strip(fields: Mapping[str, int], words: int, spare_bytes: int) -> int:
    """Output rows at once: as many as SCRATCH_BYTES or what is to spare take, spread evenly."""
    rows = max(SCRATCH_BYTES, spare_bytes) // (TOGETHER * 4 * words)
    most = max(1, (rows - fields["taps_h"]) // fields["stride_h"] + 1)
    return -(-fields["out_h"] // -(-fields["out_h"] // most))


def _call(graph: Graph, op: Operation, summary: str, shape: Shape, channels: Channels) -> KernelCall:
    x, out, fields = graph.activation(op), graph.result(op), shape.fields
    low, high = activation_range(op, out, int(op.options["activation"]))
    stream = _stream(shape, channels)
    name, instance = _instance(shape, channels)
    kept = ("in_h", "in_w", "out_h", "out_w", "taps_h", "stride_h", "pad_h")
    return KernelCall(
        function="nn_m4_depthwise",
        header="m4/depthwise.h",
        parameters="nn_m4_depthwise_params",
        summary=summary,
        fields={
            "tile": name,
            **{field: fields[field] for field in kept},
            "channels": fields["out_c"],
            "words": shape.words,
            "strip": shape.strip,
            "rows": shape.row,
            "weight_bytes": len(stream.data) // fields["out_c"],
        },
        constants={"weights": stream, "levels": levels_constant(x, out, low, high)},
        inputs=(x.index,),
        outputs=(out.index,),
        macs=out.elements * fields["taps_h"] * fields["taps_w"],
        scratch_bytes=shape.scratch_bytes,
        facts={"shift": channels.shift, "relu": int(channels.relu)},
        instances=(instance,),
        in_place=(0,) if shape.in_place else (),
    )


def pair_words(weights: Ints, stride: int) -> Ints:
    """[channels, words]: ``weights`` [channels, rows, taps] in pairs by row of taps."""
    taps = weights.shape[-1]
    rows = np.concatenate([weights, np.zeros_like(weights[..., :1])], axis=2)
    starts = [*range(0, taps - 1, 2), *range(1, taps - 1, 2)]
    if stride == 2:
        starts = list(range(0, taps, 2))
    first, second = rows[..., starts], rows[..., [start + 1 for start in starts]]
    return ((first & 0xFFFF) | (second & 0xFFFF) << 16).reshape(len(weights), -1)


def _stream(shape: Shape, channels: Channels) -> Constant:
    """Per channel: bias, weights in pairs by row of taps, requantisation."""
    rows, stride = shape.fields["taps_h"], shape.fields["stride_w"]
    padded = np.zeros((len(channels.bias), rows, shape.taps * shape.parts), np.int64)
    padded[:, :, : shape.fields["taps_w"]] = channels.weights.reshape(len(padded), rows, -1)
    words = pair_words(padded.reshape(len(padded), rows * shape.parts, shape.taps), stride)
    columns = [channels.bias[:, None], words, channels.requants]
    data = np.concatenate(columns, axis=1) & 0xFFFFFFFF
    form = "relu" if channels.relu else "any"
    text = f"m4 depthwise: bias, pairs of taps at stride {stride}, {form}"
    text += f", parts of {shape.taps}" if shape.parts > 1 else ""
    return Constant(data.astype("<u4").tobytes(), WORD, text)


def _instance(shape: Shape, channels: Channels) -> tuple[str, str]:
    """Name and line of the tile for a shape (depthwise_tile.h)."""
    f, relu = shape.fields, int(channels.relu)
    numbers = [f["taps_h"], shape.taps, f["stride_w"], shape.block, shape.step, shape.blocks]
    numbers += [4 * shape.words, f["stride_h"], f["out_w"], f["out_c"], shape.weight_words]
    numbers += [relu, channels.shift, shape.parts]
    name = "depthwise_" + "_".join(map(str, numbers))
    return name, f"NN_M4_DEPTHWISE({name}, {', '.join(map(str, numbers))});"
