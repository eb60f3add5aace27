"""What AVERAGE_POOL_2D and MAX_POOL_2D share."""

from __future__ import annotations

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.variant import Variant
from aurora.compile.window import Window, window_of

SCALE_TOLERANCE = 1e-6  # TFLite Micro's own


def _window(graph: Graph, op: Operation) -> Window:
    taps = (int(op.options["taps_h"]), int(op.options["taps_w"]))
    return window_of(graph, op, taps, graph.activation(op).shape[-1])


def _check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if not x.shape:
        raise refused(op, x, "a scalar cannot be pooled")
    _window(graph, op)
    if abs(x.scale - out.scale) > SCALE_TOLERANCE or x.zero_point != out.zero_point:
        raise refused(op, out, "a pool's input and output must share scale and zero point")


def pool_support(kind: str, function: str) -> OpSupport:
    """Support for the pool ``kind`` computed by the kernel ``function``."""

    def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
        x, out = graph.activation(op), graph.result(op)
        window = _window(graph, op)
        low, high = activation_range(op, out, int(op.options["activation"]))
        return (
            KernelCall(
                function=function,
                header="pool_2d.h",
                parameters="nn_pool_2d_params",
                summary=f"{kind} {shape_text(x.shape)} -> {shape_text(out.shape)}, {window.text}",
                fields={"window": window.fields},
                constants={"levels": levels_constant(x, out, low, high)},
                inputs=(x.index,),
                outputs=(out.index,),
            ),
        )

    options = {"activation": "FusedActivationFunction", "padding": "Padding", "stride_h": "StrideH",
               "stride_w": "StrideW", "taps_h": "FilterHeight", "taps_w": "FilterWidth"}  # fmt: skip
    return OpSupport(kind=kind, check=_check, lower=lower, table="Pool2DOptions", options=options)
