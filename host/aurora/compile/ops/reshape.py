"""RESHAPE: no step at all, the output is the input's bytes. The output's own shape is the truth."""

from __future__ import annotations

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.variant import Variant


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if x.elements != out.elements:
        raise refused(op, out, f"{shape_text(x.shape)} cannot become {shape_text(out.shape)}")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    return ()


SUPPORT = OpSupport(kind="RESHAPE", check=check, lower=lower, alias=True)
