"""AVERAGE_POOL_2D and MAX_POOL_2D of channels by fours: nn_m3_average_pool_2d, nn_m3_max_pool_2d."""

from __future__ import annotations

from dataclasses import replace

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, Operation
from aurora.compile.ops import supported
from aurora.compile.variant import Variant

KINDS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")

TOGETHER = 4


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    """The portable step, another kernel."""
    if graph.activation(op).shape[-1] % TOGETHER:
        return None
    (portable,) = supported()[op.kind].lower(graph, op, variant)
    function = portable.function.replace("nn_", "nn_m3_", 1)
    return Group((replace(portable, function=function, header="m3/pool_2d.h"),))
