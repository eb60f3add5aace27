"""AVERAGE_POOL_2D over the whole input: nn_m4_mean_pool."""

from __future__ import annotations

from aurora.compile.groups import Group
from aurora.compile.ir import Graph, KernelCall, Operation, shape_text
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant

KINDS = ("AVERAGE_POOL_2D",)
PRIORITY = -1  # before the pools of any window

TOGETHER = 4  # channels


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    x, out = graph.activation(op), graph.result(op)
    height, width, channels = x.shape[1:]
    whole = (int(op.options["taps_h"]), int(op.options["taps_w"])) == (height, width)
    if not whole or out.shape[1:3] != (1, 1) or channels % TOGETHER:
        return None
    low, high = activation_range(op, out, int(op.options["activation"]))
    call = KernelCall(
        function="nn_m4_mean_pool",
        header="m4/mean_pool.h",
        parameters="nn_m4_mean_pool_params",
        summary=f"AVERAGE_POOL_2D {shape_text(x.shape)} -> {shape_text(out.shape)}, all positions",
        fields={"positions": height * width, "channels": channels},
        constants={"levels": levels_constant(x, out, low, high)},
        inputs=(x.index,),
        outputs=(out.index,),
        overlaps={0: 0},
    )
    return Group((call,))
