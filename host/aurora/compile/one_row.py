"""Which FULLY_CONNECTED layers pay with a kernel of their own, whatever the core."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from aurora.compile.ir import Graph, Operation

SMALL_PART = 50  # one in so many multiply-accumulates


def one_row_weights(graph: Graph, op: Operation, together: int) -> NDArray[np.int8] | None:
    """[outputs, inputs] of a layer of one row; None where it has several rows, fewer outputs than the
    ``together`` of a tile, or dense layers are too small a part of the work."""
    x, weights = graph.activation(op), graph.activation(op, 1)
    assert weights.data is not None
    outputs, inputs = weights.shape
    if x.elements != inputs or outputs < together or not _pays(graph):
        return None
    return weights.data.astype(np.int8).reshape(outputs, inputs)


def _pays(graph: Graph) -> bool:
    """False where dense layers are so small a part of the work that the portable kernel's fewer bytes count
    for more."""
    macs = Counter[str]()
    for op in graph.operations:
        if op.kind in ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"):
            weights = graph.activation(op, 1)
            channels = weights.shape[3 if op.kind == "DEPTHWISE_CONV_2D" else 0]
            macs[op.kind] += graph.result(op).elements * weights.elements // max(1, channels)
    return macs["FULLY_CONNECTED"] * SMALL_PART >= macs.total()
