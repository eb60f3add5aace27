"""The pool that a convolution takes with it: of neighbouring positions, the largest sum is the largest
output, so that the pool comes before requantisation."""

from __future__ import annotations

from aurora.compile.groups import only_reader
from aurora.compile.ir import Graph, Operation
from aurora.compile.variant import Variant

POOLS = (2, 4)


def pool_of_row(graph: Graph, op: Operation, variant: Variant) -> tuple[Operation | None, int]:
    """The MAX_POOL_2D that alone reads ``op``, an image of one row or column, and takes all of it by twos or
    fours, and how many; (None, 1) where there is none."""
    pool = only_reader(graph, op, variant)
    if pool is None or pool.kind != "MAX_POOL_2D" or int(pool.options["activation"]) != 0:
        return None, 1
    x, out = graph.result(op), graph.result(pool)
    axis, along = ("h", 1) if x.shape[2] == 1 else ("w", 2)
    other = "w" if axis == "h" else "h"
    taps, stride = (int(pool.options[f"{name}_{axis}"]) for name in ("taps", "stride"))
    if taps not in POOLS or stride != taps or int(pool.options[f"taps_{other}"]) != 1:
        return None, 1
    return (pool, taps) if out.shape[along] * taps == x.shape[along] else (None, 1)
