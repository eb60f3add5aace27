"""STRIDED_SLICE: every n-th position along each axis, forwards or backwards."""

from __future__ import annotations

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.operands import constant_list
from aurora.compile.ops import OpSupport
from aurora.compile.strided import steps_of, strided_copy
from aurora.compile.variant import Variant

MAX_AXES = 4  # TFLite Micro's own


def _axis(size: int, begin: int, end: int, stride: int, open_begin: bool, open_end: bool) -> range:
    """Positions along one axis, as numpy counts them."""
    return range(size)[slice(None if open_begin else begin, None if open_end else end, stride)]


def _positions(graph: Graph, op: Operation) -> list[range]:
    """Positions of the input along each of its axes."""
    x = graph.activation(op)
    names = ("first positions", "ends", "strides")
    lists = [constant_list(op, graph.activation(op, number), names[number - 1]) for number in (1, 2, 3)]
    if any(len(values) != len(x.shape) for values in lists) or len(x.shape) > MAX_AXES:
        raise refused(op, x, f"it slices up to {MAX_AXES} axes, all of them")
    result = []
    for axis, (size, begin, end, stride) in enumerate(zip(x.shape, *lists, strict=True)):
        mask = {name: bool(int(op.options[name]) >> axis & 1) for name in ("begin", "end", "shrink")}
        if stride == 0 or (mask["shrink"] and stride < 0):
            raise refused(op, x, f"its stride {stride} along axis {axis} picks nothing")
        if mask["shrink"]:
            first = 0 if mask["begin"] else begin + size if begin < 0 else begin
            if not 0 <= first < size:
                raise refused(op, x, f"position {begin} is beyond axis {axis} of {shape_text(x.shape)}")
            result.append(range(first, first + 1))
        else:
            result.append(_axis(size, begin, end, stride, mask["begin"], mask["end"]))
    return result


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if op.options["ellipsis"] or op.options["new_axis"] or op.options["offset"]:
        raise refused(op, x, "TFLite Micro knows neither ellipsis nor new axes here", "slice every axis")
    shrunk = int(op.options["shrink"])
    shape = tuple(len(taken) for axis, taken in enumerate(_positions(graph, op)) if not shrunk >> axis & 1)
    if shape != out.shape:
        raise refused(
            op, out, f"{shape_text(x.shape)} gives {shape_text(shape)}, not {shape_text(out.shape)}"
        )


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out, positions = graph.activation(op), graph.result(op), _positions(graph, op)
    dense = steps_of(x.shape)
    steps = [taken.step * step for taken, step in zip(positions, dense, strict=True)]
    start = sum(taken.start * step for taken, step in zip(positions, dense, strict=True))
    summary = f"STRIDED_SLICE {shape_text(x.shape)} -> {shape_text(out.shape)}"
    return (strided_copy(summary, x, out.index, [len(taken) for taken in positions], steps, start),)


SUPPORT = OpSupport(
    kind="STRIDED_SLICE",
    check=check,
    lower=lower,
    table="StridedSliceOptions",
    options={
        "begin": "BeginMask",
        "end": "EndMask",
        "ellipsis": "EllipsisMask",
        "new_axis": "NewAxisMask",
        "shrink": "ShrinkAxisMask",
        "offset": "Offset",
    },
    moves=True,
)
