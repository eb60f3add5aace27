"""Which steps are this variant's, and in which form they want what they read."""

from __future__ import annotations

from dataclasses import dataclass

from aurora.compile.ir import Graph, Operation, Tensor
from aurora.compile.m55 import add, conv_2d, depthwise_conv_2d
from aurora.compile.m55.form import producer, window_border
from aurora.compile.m55.windowed import window
from aurora.compile.variant import Variant


@dataclass(frozen=True)
class Want:
    border: tuple[int, int, int, int]
    planes: bool


def reads(graph: Graph, op: Operation, tensor: Tensor, variant: Variant) -> Want | None:
    """How ``op`` wants ``tensor``; None where it takes the plain form alone."""
    if op.kind in conv_2d.KINDS and op.inputs[0] == tensor.index and conv_2d.takes(graph, op):
        return Want(window_border(window(graph, op)), planes=False)
    if op.kind == "DEPTHWISE_CONV_2D" and op.inputs[0] == tensor.index and depthwise_conv_2d.takes(graph, op):
        return Want(window_border(window(graph, op)), planes=True)
    if op.kind == "ADD" and add.takes(graph, op):
        return Want((0, 0, 0, 0), planes=False)
    return None


def writes(graph: Graph, tensor: Tensor, variant: Variant) -> str:
    """Forms in which the step that makes ``tensor`` can leave it: "any", "pixels", or "" (the plain one)."""
    op = producer(graph, tensor)
    if op is None:
        return ""
    if op.kind == "MAX_POOL_2D":
        before = producer(graph, graph.activation(op))
        if before is None or before.kind not in conv_2d.KINDS:
            return ""
        return "any" if conv_2d.pooled(graph, before, variant) is op else ""
    if op.kind in conv_2d.KINDS and conv_2d.takes(graph, op):
        return "any"
    if op.kind == "DEPTHWISE_CONV_2D":
        return "any" if depthwise_conv_2d.takes(graph, op) else ""
    return "pixels" if op.kind == "ADD" and add.takes(graph, op) else ""
