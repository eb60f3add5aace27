"""PAD with the zero point, up to 4 axes, constant paddings."""

from __future__ import annotations

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, Tensor, refused, shape_text
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import WORD, words
from aurora.compile.variant import Variant
from aurora.compile.window import FIELD_MAX

AXES = 4


def _paddings(graph: Graph, op: Operation, x: Tensor) -> list[tuple[int, int]]:
    """(before, after) per axis."""
    table = graph.activation(op, 1)
    if table.data is None or table.dtype not in ("int32", "int64") or table.elements != 2 * len(x.shape):
        raise refused(op, table, "its paddings are not a constant table of two numbers per axis")
    pairs = table.data.reshape(-1, 2).tolist()
    return [(int(before), int(after)) for before, after in pairs]


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if len(x.shape) > AXES or not x.shape:
        raise refused(op, x, f"{len(x.shape)} axes; it pads up to {AXES}")
    paddings = _paddings(graph, op, x)
    shape = tuple(size + before + after for size, (before, after) in zip(x.shape, paddings, strict=True))
    if any(before < 0 or after < 0 for before, after in paddings) or shape != out.shape:
        raise refused(op, out, f"{shape_text(x.shape)} padded by {paddings} is not {shape_text(out.shape)}")
    if max(out.shape) > FIELD_MAX:
        raise refused(op, out, f"a size beyond {FIELD_MAX}")
    if x.scale != out.scale or x.zero_point != out.zero_point:
        raise refused(op, out, "its input and output must share scale and zero point")


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    return (pad_call(graph, op, graph.result(op).zero_point),)


def pad_call(graph: Graph, op: Operation, value: int) -> KernelCall:
    """The step with the stored ``value`` as border."""
    x, out = graph.activation(op), graph.result(op)
    missing = AXES - len(x.shape)
    before = tuple(pair[0] for pair in _paddings(graph, op, x))
    return KernelCall(
        function="nn_pad",
        header="pad.h",
        parameters="nn_pad_params",
        summary=f"{op.kind} {shape_text(x.shape)} -> {shape_text(out.shape)}",
        fields={
            "in": (1,) * missing + x.shape,
            "before": (0,) * missing + before,
            "out": (1,) * missing + out.shape,
        },
        constants={"value": Constant(words([value]), WORD, "int32 border value")},
        inputs=(x.index,),
        outputs=(out.index,),
    )


SUPPORT = OpSupport(kind="PAD", check=check, lower=lower)
