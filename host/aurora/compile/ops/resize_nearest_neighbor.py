"""RESIZE_NEAREST_NEIGHBOR: which row and column each output position shows is worked out here."""

from __future__ import annotations

import numpy as np

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.operands import constant_list
from aurora.compile.ops import OpSupport
from aurora.compile.variant import Variant
from aurora.compile.window import FIELD_MAX

ALIGNMENT = 4


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    sizes = constant_list(op, graph.activation(op, 1), "sizes")
    if len(x.shape) != 4 or len(sizes) != 2 or out.shape != (x.shape[0], *sizes, x.shape[3]):
        raise refused(op, out, f"{shape_text(x.shape)} resized to {sizes} is not {shape_text(out.shape)}")
    if x.shape[0] != 1 or max(*x.shape, *out.shape) > FIELD_MAX:
        raise refused(op, x, f"needs a batch of 1 and sizes up to {FIELD_MAX}, not {shape_text(x.shape)}")


def _sources(op: Operation, size: int, out: int) -> Constant:
    """The input position that each output position shows, in TFLite's float32 arithmetic."""
    corners = bool(op.options["align_corners"])
    ends = corners and out > 1
    scale = np.float32(size - 1 if ends else size) / np.float32(out - 1 if ends else out)
    offset = np.float32(0.5 if op.options["half_pixel_centers"] else 0)
    places = (np.arange(out, dtype=np.float32) + offset) * scale
    whole = np.floor(places)
    if corners:
        whole += places - whole >= np.float32(0.5)
    return Constant(
        np.clip(whole, 0, size - 1).astype("<u2").tobytes(), ALIGNMENT, "uint16 input position by output's"
    )


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    _, out_h, out_w, channels = out.shape
    return (
        KernelCall(
            function="nn_resize_nearest_neighbor",
            header="resize_nearest_neighbor.h",
            parameters="nn_resize_nearest_neighbor_params",
            summary=f"RESIZE_NEAREST_NEIGHBOR {shape_text(x.shape)} -> {shape_text(out.shape)}",
            fields={"in_w": x.shape[2], "out_h": out_h, "out_w": out_w, "channels": channels},
            constants={
                "rows": _sources(op, x.shape[1], out_h),
                "columns": _sources(op, x.shape[2], out_w),
            },
            inputs=(x.index,),
            outputs=(out.index,),
        ),
    )


SUPPORT = OpSupport(
    kind="RESIZE_NEAREST_NEIGHBOR",
    check=check,
    lower=lower,
    table="ResizeNearestNeighborOptions",
    options={"align_corners": "AlignCorners", "half_pixel_centers": "HalfPixelCenters"},
)
