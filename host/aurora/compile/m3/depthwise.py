"""DEPTHWISE_CONV_2D with multiplier 1: nn_m3_depthwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aurora.compile.groups import Group
from aurora.compile.ir import Constant, Graph, KernelCall, Operation, shape_text
from aurora.compile.m3.geometry import straightened
from aurora.compile.m3.streams import stream
from aurora.compile.m4.sums import Sums, sums_of
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import window_of

KINDS = ("DEPTHWISE_CONV_2D",)

LANES = 4  # channels laid out side by side
MOST_TAPS, MOST_INPUTS = 16, 32  # of a row: what is unrolled
BLOCKS = (6, 5, 4, 3, 2, 1)  # outputs at once
FINISH = 8  # instructions of one output beside its taps


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    planes = Planes.of(graph, op, variant)
    if planes is None:
        return None
    x, out = graph.activation(op), graph.result(op)
    call = KernelCall(
        function="nn_m3_depthwise",
        header="m3/depthwise.h",
        parameters="nn_m3_depthwise_params",
        summary=f"DEPTHWISE_CONV_2D {shape_text(x.shape)} -> {shape_text(out.shape)}, {planes.text}",
        fields={"planes": planes.members},
        constants={"weights": planes.streams, "levels": planes.levels},
        inputs=(x.index,),
        outputs=(out.index,),
        macs=planes.macs,
        scratch_bytes=planes.bytes,
        facts={"kind": planes.sums.kind, "relu": int(planes.sums.relu)},
        instances=(planes.instance,),
        in_place=(0,),
    )
    return Group((call,))


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


@dataclass(frozen=True, eq=False)
class Planes:
    """What the kernel needs of a depthwise convolution, whoever fills its planes."""

    fields: Mapping[str, int]
    text: str
    blocks: Blocks
    sums: Sums
    levels: Constant
    filled: bool  # the whole input is laid out, not only what a window reaches

    @classmethod
    def of(cls, graph: Graph, op: Operation, variant: Variant, *, filled: bool = False) -> Planes | None:
        """None where the kernel does not take it."""
        weights = graph.activation(op, 1)
        assert weights.data is not None
        window = window_of(graph, op, (weights.shape[1], weights.shape[2]), weights.shape[3])
        fields = straightened(window.fields)
        if fields["in_c"] != fields["out_c"] or fields["in_c"] % LANES or fields["taps_w"] > MOST_TAPS:
            return None
        blocks = Blocks.of(fields)
        if fields["dilation_w"] != 1 or fields["dilation_h"] != 1 or blocks is None:
            return None
        matrix = np.ascontiguousarray(weights.data.astype(np.int8).reshape(-1, fields["out_c"]).T)
        sums = sums_of(graph, op, matrix, variant, wide=True)
        if sums is None:
            return None
        low, high = activation_range(op, graph.result(op), int(op.options["activation"]))
        levels = levels_constant(graph.activation(op), graph.result(op), low, high)
        return cls(fields, window.text, blocks, sums, levels, filled)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns with their padding."""
        f = self.fields
        reached = [(f[f"out_{axis}"] - 1) * f[f"stride_{axis}"] + f[f"taps_{axis}"] for axis in "hw"]
        whole = [f[f"pad_{axis}"] + f[f"in_{axis}"] if self.filled else 0 for axis in "hw"]
        return max(reached[0], whole[0]), max(reached[1], whole[1])

    @property
    def bytes(self) -> int:
        return LANES * self.size[0] * self.size[1]

    @property
    def macs(self) -> int:
        f = self.fields
        return f["out_h"] * f["out_w"] * f["out_c"] * f["taps_h"] * f["taps_w"]

    @property
    def streams(self) -> Constant:
        return stream(self.sums, 1)[0]

    @property
    def _numbers(self) -> list[int]:
        single = int(self.fields["taps_h"] == 1)
        return [single, self.fields["taps_w"], self.fields["stride_w"], self.blocks.size, int(self.sums.relu)]

    @property
    def name(self) -> str:
        return "depthwise_" + "_".join(map(str, self._numbers))

    @property
    def instance(self) -> str:
        return f"NN_M3_DEPTHWISE({self.name}, {', '.join(map(str, self._numbers))});"

    @property
    def members(self) -> dict[str, Any]:
        """nn_m3_planes."""
        high, wide = self.size
        return {
            "tile": self.name,
            "window": self.fields,
            "high": high,
            "wide": wide,
            "lane": _lane(self.fields, self.blocks, LANES * wide),
            "weight_bytes": stream(self.sums, 1)[1],
        }


def _lane(fields: Mapping[str, int], blocks: Blocks, pitch: int) -> dict[str, int]:
    """nn_m3_lane. A column of blocks is walked like a row of them: one loop less."""
    channels = fields["out_c"]
    lane = {
        "rows": fields["out_h"],
        "taps_h": fields["taps_h"],
        "pitch": pitch,
        "x_row": pitch * fields["stride_h"],
        "blocks": blocks.count,
        "x_block": LANES * fields["stride_w"] * blocks.step,
        "y_block": channels * blocks.step,
        "channels": channels,
        "y_row": channels * fields["out_w"],
    }
    if blocks.count == 1:
        lane |= {"rows": 1, "blocks": lane["rows"], "x_block": lane["x_row"], "y_block": lane["y_row"]}
    return lane
