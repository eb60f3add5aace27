"""ADD of two tensors of one shape: nn_m3_add."""

from __future__ import annotations

from dataclasses import replace

from aurora.compile.affine_add import affine_add
from aurora.compile.groups import Group
from aurora.compile.ir import Constant, Graph, Operation
from aurora.compile.ops import supported
from aurora.compile.quantise import WORD, words
from aurora.compile.variant import Variant

KINDS = ("ADD",)


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    """Whether the affine form holds is a word of the constants, so that it does not change the layout."""
    (portable,) = supported()[op.kind].lower(graph, op, variant)
    if portable.function != "nn_add":
        return None
    found = affine_add(graph, op)
    values = [0, 0, 0, 0] if found is None else [*found, 1]
    call = replace(
        portable,
        function="nn_m3_add",
        header="m3/add.h",
        parameters="nn_m3_add_params",
        constants={
            "values": Constant(words(values), WORD, "nn_m3_add_values"),
            "exact": portable.constants["values"],
        },
        overlaps={0: 0, 1: 0},
    )
    return Group((call,))
