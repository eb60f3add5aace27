"""What the lowerings of both convolutions share: chunks of positions, places of outputs, buffers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.compile.ir import Constant, Field, Graph, Operation, Tensor
from aurora.compile.m55.form import Form, form_of, in_arena, make_form
from aurora.compile.passes.zero_points import folded_bias
from aurora.compile.quantise import (
    INT8_MAX,
    INT8_MIN,
    WORD,
    activation_range,
    channel_requants,
    words,
)
from aurora.compile.variant import Variant
from aurora.compile.weights import bias_of

GROUP = 8  # outputs that leave together
CHUNK = 160  # positions whose sums are held at once, where no row asks for more
MOST = 512
CALLS = 12  # positions' worth of instructions that a chunk costs by itself
LANES = (0, 4, 1, 5, 2, 6, 3, 7)  # order in which two narrowed vectors hold 8 outputs
FARTHEST_PLACE = 65535


def chunk_of(units: int, each: int, pool: int = 1) -> int | None:
    """Units of ``each`` outputs, of ``pool`` positions each, to a chunk: all, or a number that fills its
    groups of outputs; None: no good one."""
    cost = each * pool
    if units * cost <= CHUNK:
        return units
    step = GROUP // math.gcd(GROUP, each)
    most = min(max(CHUNK, step * cost), MOST)
    choices = range(step, min(units, most // cost) + 1, step)
    return min(choices, key=lambda count: -(-units // count) * (count * cost + CALLS), default=None)


def places_table(name: str, places: Sequence[int]) -> str:
    """The C table of nn_m55_targets; ``places`` in the order of the sums, whole groups."""
    ordered = [places[at + lane] for at in range(0, len(places), GROUP) for lane in LANES]
    return f"static const uint16_t {name}[] = {{{', '.join(map(str, ordered))}}};"


def whole_groups(places: list[int], spare: int) -> list[int]:
    return places + [spare] * (-len(places) % GROUP)


def is_relu(op: Operation, out: Tensor) -> bool:
    """Whether nn_m55_relu is exact: a ReLU at the zero point -128, which saturation clamps."""
    fused = int(op.options["activation"])
    low, high = activation_range(op, out, fused)
    return fused != 0 and (out.zero_point, low, high) == (INT8_MIN, INT8_MIN, INT8_MAX)


def channel_constant(
    graph: Graph, op: Operation, by_channel: NDArray[np.int8], x: Tensor, weights: Tensor, out: Tensor
) -> Constant:
    """nn_m55_channel per output; ``by_channel`` are the weights, channel first."""
    channels = len(by_channel)
    bias = np.frombuffer(folded_bias(by_channel, bias_of(graph, op, channels), x.zero_point).data, "<i4")
    requants = np.frombuffer(channel_requants(op, x, weights, out, channels).data, "<i4").reshape(-1, 2)
    table = np.column_stack([bias, requants])
    return Constant(words(table.reshape(-1).tolist()), WORD, f"nn_m55_channel[{channels}]")


@dataclass
class Buffers:
    """Where a step reads and writes, and its scratch, laid out area by area."""

    source: Form
    target: Form
    staged: bool  # the input is copied into the scratch, in the form `source`
    copied: int  # bytes of an output made in the scratch first, 0: made in place
    scratch: int = 0

    def area(self, size: int) -> int:
        at = self.scratch
        self.scratch += -(-size // 16) * 16
        return at

    def fields(self) -> dict[str, Field]:
        s, t = self.source, self.target
        staging = {"rows": s.rows, "columns": s.columns, "channels": s.channels, "bytes": s.bytes,
                   "start": s.start, "row": s.row, "column": s.column, "channel": s.channel}  # fmt: skip
        if not self.staged:
            staging = dict.fromkeys(staging, 0)
        return {
            "x_border": s.border_bytes(),
            "y_border": t.border_bytes(),
            "staging": staging,
            "y_start": t.start,
            "y_channel": t.channel,
            "y_bytes": self.copied,
        }


def buffers(
    graph: Graph,
    x: Tensor,
    out: Tensor,
    border: tuple[int, int, int, int],
    planes: bool,
    variant: Variant,
) -> Buffers:
    source, target = form_of(graph, x, variant), form_of(graph, out, variant)
    staged = not in_arena(graph, x) or not source.covers(border, planes)
    if staged:
        source = make_form(x.shape, border, planes=planes)
    copied = 0 if in_arena(graph, out) else out.elements
    return Buffers(source, target, staged, copied)
