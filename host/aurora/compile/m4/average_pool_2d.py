"""AVERAGE_POOL_2D of channels by fours: nn_m4_average_pool_2d."""

from __future__ import annotations

from dataclasses import replace

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, Operation
from aurora.compile.ops import supported
from aurora.compile.variant import Variant

KINDS = ("AVERAGE_POOL_2D",)

TOGETHER = 4
MAX_TAPS = 255  # 16 bits hold their sum


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    taps = int(op.options["taps_h"]) * int(op.options["taps_w"])
    if graph.activation(op).shape[-1] % TOGETHER or taps > MAX_TAPS:
        return None
    (portable,) = supported()[op.kind].lower(graph, op, variant)
    call = replace(portable, function="nn_m4_average_pool_2d", header="m4/average_pool_2d.h")
    return Group((call,))
