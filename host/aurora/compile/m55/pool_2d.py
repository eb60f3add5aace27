"""AVERAGE_POOL_2D and MAX_POOL_2D with the channels side by side: the portable step, another kernel."""

from __future__ import annotations

from dataclasses import replace

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, Operation
from aurora.compile.ops import supported
from aurora.compile.variant import Variant

KINDS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
MAX_TAPS = 256  # whose sum fits 16 bits


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    if op.kind == "AVERAGE_POOL_2D" and int(op.options["taps_h"]) * int(op.options["taps_w"]) > MAX_TAPS:
        return None
    (call,) = supported()[op.kind].lower(graph, op, variant)
    function = call.function.replace("nn_", "nn_m55_", 1)
    return Group((replace(call, function=function, header="m55/pool_2d.h"),))
