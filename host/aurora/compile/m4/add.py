"""ADD of two tensors of one shape: nn_m4_add."""

from __future__ import annotations

from aurora.compile.affine_add import affine_add_call
from aurora.compile.groups import Group
from aurora.compile.ir import Graph, Operation
from aurora.compile.variant import Variant

KINDS = ("ADD",)


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    call = affine_add_call(graph, op, variant, "m4")
    return None if call is None else Group((call,))
