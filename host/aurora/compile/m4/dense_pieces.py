"""FULLY_CONNECTED of one row whose expanded input would be the arena's peak: nn_m4_dense_pieces.

Expanded words take twice the input's bytes. Where that is more than all else that the network keeps at once,
the input is expanded piece by piece, for a few outputs at a time, whose sums wait in between.
"""

from __future__ import annotations

import numpy as np

from aurora.compile.groups import Group
from aurora.compile.ir import Constant, Graph, KernelCall, Operation, Tensor, shape_text
from aurora.compile.m4.sums import GROUP, WIDE, Sums, bias_words, sums_of, weight_words
from aurora.compile.quantise import WORD, activation_range, levels_constant
from aurora.compile.variant import Variant

KINDS = ("FULLY_CONNECTED",)
PRIORITY = -1  # before nn_m4_dense

TOGETHER = 4  # outputs of a tile
SCRATCH_BYTES = 256  # of a piece and its sums
GROUP_BYTES, FOUR_BYTES = 8, 16
EXPANSION_COST, TURN_COST, CALL_COST = 10, 20, 70  # cycles: of a group, of four outputs, of a piece


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    x, weights, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    assert weights.data is not None
    outputs, inputs = weights.shape
    if (
        x.elements != inputs
        or inputs % GROUP
        or outputs < TOGETHER
        or not _saves(graph, x, out, variant.spare_bytes)
    ):
        return None
    sums = sums_of(graph, op, weights.data.astype(np.int8).reshape(outputs, inputs), variant)
    if sums is None:
        return None
    low, high = activation_range(op, out, int(op.options["activation"]))
    fours, piece = division(inputs // GROUP, -(-outputs // TOGETHER))
    kind = "wide" if sums.kind == WIDE else "packed"
    call = KernelCall(
        function="nn_m4_dense_pieces",
        header="m4/dense_pieces.h",
        parameters="nn_m4_dense_pieces_params",
        summary=f"{op.kind} {shape_text(x.shape)} -> {shape_text(out.shape)}, by {GROUP * piece} inputs",
        fields={
            "tile": f"nn_m4_dense_piece_{kind}",
            "kind": sums.kind,
            "inputs": inputs,
            "outputs": outputs,
            "fours": fours,
            "piece": piece,
        },
        constants={"weights": stream(sums, fours, piece), "levels": levels_constant(x, out, low, high)},
        inputs=(x.index,),
        outputs=(out.index,),
        macs=inputs * outputs,
        scratch_bytes=FOUR_BYTES * fours + GROUP_BYTES * piece,
        facts={"kind": sums.kind},
    )
    return Group((call,))


def _saves(graph: Graph, x: Tensor, out: Tensor, spare_bytes: int) -> bool:
    """Whether the arena would be larger than its largest tensor with all of ``x`` expanded, and smaller with
    pieces of it: those need ``x`` and ``out`` apart."""
    if spare_bytes >= 2 * x.elements:
        return False
    outside = {port.tensor for port in (*graph.inputs, *graph.outputs)}
    inside = [graph.tensors[i].bytes for op in graph.operations for i in op.outputs if i not in outside]
    sizes = [0 if tensor.index in outside else tensor.bytes for tensor in (x, out)]
    whole = max(sizes) + 2 * x.elements
    return whole > max(inside, default=0) and sum(sizes) + SCRATCH_BYTES < whole


def division(groups: int, fours: int) -> tuple[int, int]:
    """(outputs, by fours, whose sums wait; groups of inputs expanded at once) that cost least."""

    def cost(together: int) -> tuple[int, int]:
        piece = (SCRATCH_BYTES - FOUR_BYTES * together) // GROUP_BYTES
        blocks, pieces = -(-fours // together), -(-groups // piece)
        return blocks * (groups * EXPANSION_COST + pieces * CALL_COST) + fours * pieces * TURN_COST, together

    together = min(range(1, SCRATCH_BYTES // FOUR_BYTES), key=cost)
    piece = (SCRATCH_BYTES - FOUR_BYTES * together) // GROUP_BYTES
    return min(together, fours), -(-groups // -(-groups // piece))


def stream(sums: Sums, fours: int, piece: int) -> Constant:
    """Per ``fours`` times four outputs: biases; by ``piece`` groups of inputs and four outputs, the weights
    by group, of wide ones all first words before the second; requants. The last four overlap those before."""
    outputs, inputs = sums.weights.shape
    starts = np.minimum(np.arange(0, outputs, TOGETHER), outputs - TOGETHER)
    index = starts[:, None] + np.arange(TOGETHER)
    groups = inputs // GROUP
    biases, requants = bias_words(sums, groups), (sums.requants & 0xFFFFFFFF).astype(np.uint32)
    words = weight_words(sums, groups)[index].transpose(0, 2, 3, 1)  # [fours, groups, words, outputs]
    parts = []
    for first in range(0, len(index), fours):
        block = slice(first, first + fours)
        parts.append(biases[index[block]])
        parts += [words[block, at : at + piece] for at in range(0, groups, piece)]
        parts.append(requants[index[block]])
    kind = "wide" if sums.kind == WIDE else "packed"
    text = f"m4 dense: {fours} times {TOGETHER} outputs by {piece} of {groups} groups, {kind}"
    data = b"".join(np.ascontiguousarray(part).astype("<u4").tobytes() for part in parts)
    return Constant(data, WORD, text)
