"""MEAN over any axes: a sum and one scaling, into which the division is folded."""

from __future__ import annotations

import math
from itertools import groupby

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.operands import constant_list
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import INT8_MAX, INT8_MIN, WORD, requant_pair, words
from aurora.compile.strided import steps_of
from aurora.compile.variant import Variant

GROUPS = 3  # NN_MEAN_AXES of mean.h
LARGEST_SHIFT = 31


def _axes(graph: Graph, op: Operation) -> frozenset[int]:
    """The axes to average over, each from 0."""
    x, table = graph.activation(op), graph.activation(op, 1)
    axes = [axis + len(x.shape) if axis < 0 else axis for axis in constant_list(op, table, "axes")]
    if not all(0 <= axis < len(x.shape) for axis in axes):
        raise refused(op, table, f"its axes {axes} are beyond the input's {len(x.shape)}")
    return frozenset(axes)


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    kept = [size for axis, size in enumerate(x.shape) if axis not in _axes(graph, op)]
    if [size for size in kept if size > 1] != [size for size in out.shape if size > 1]:
        raise refused(op, out, f"{shape_text(x.shape)} averaged is not {shape_text(out.shape)}")


def _groups(graph: Graph, op: Operation) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(size, step) of the kept and of the averaged axes, neighbours of a kind taken together."""
    x, axes = graph.activation(op), _axes(graph, op)
    listed = [
        (axis in axes, size, step)
        for axis, (size, step) in enumerate(zip(x.shape, steps_of(x.shape), strict=True))
        if size > 1
    ]
    found: dict[bool, list[tuple[int, int]]] = {False: [], True: []}
    for averaged, members in groupby(listed, key=lambda entry: entry[0]):
        group = list(members)
        found[averaged].append((math.prod(size for _, size, _ in group), group[-1][2]))
    fill = [(1, 0)] * GROUPS
    return (fill + found[False])[-GROUPS:], (fill + found[True])[-GROUPS:]


def _values(graph: Graph, op: Operation) -> list[int]:
    """nn_mean_values. The multiplier is divided by the count, kept large by a shift before."""
    x, out = graph.activation(op), graph.result(op)
    count = x.elements // out.elements
    multiplier, shift = requant_pair(op, out, x.scale / out.scale)
    more = min(count.bit_length() - 1, LARGEST_SHIFT + 1, LARGEST_SHIFT + shift)
    scale = [(multiplier << more) // count, shift - more]
    return [-x.zero_point * count, *scale, x.zero_point, out.zero_point, INT8_MIN, INT8_MAX]


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    kept, over = _groups(graph, op)
    return (
        KernelCall(
            function="nn_mean",
            header="mean.h",
            parameters="nn_mean_params",
            summary=f"MEAN {shape_text(x.shape)} -> {shape_text(out.shape)}",
            fields={
                "kept": tuple(size for size, _ in kept),
                "kept_step": tuple(step for _, step in kept),
                "over": tuple(size for size, _ in over),
                "over_step": tuple(step for _, step in over),
            },
            constants={"values": Constant(words(_values(graph, op)), WORD, "nn_mean_values")},
            inputs=(x.index,),
            outputs=(out.index,),
        ),
    )


SUPPORT = OpSupport(kind="MEAN", check=check, lower=lower)
