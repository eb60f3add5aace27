"""What ADD, SUB and MUL share: repetition of an operand along axes, as numpy and TFLite have it."""

from __future__ import annotations

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, Tensor, refused, shape_text
from aurora.compile.quantise import WORD, words
from aurora.compile.strided import merged, steps_of


def check_broadcast(graph: Graph, op: Operation) -> None:
    """Refuses operands that do not repeat into the output's shape."""
    a, b, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    if max(len(a.shape), len(b.shape)) > len(out.shape):
        raise refused(op, out, f"{_shapes(a, b)} do not give {shape_text(out.shape)}")
    joined = tuple(
        max(sizes) if 1 in sizes or sizes[0] == sizes[1] else -1
        for sizes in zip(_extended(a, out), _extended(b, out), strict=True)
    )
    if joined != out.shape:
        raise refused(op, out, f"{_shapes(a, b)} do not give {shape_text(out.shape)}")


def _shapes(a: Tensor, b: Tensor) -> str:
    return f"{shape_text(a.shape)} and {shape_text(b.shape)}"


def _extended(tensor: Tensor, out: Tensor) -> tuple[int, ...]:
    return (1,) * (len(out.shape) - len(tensor.shape)) + tensor.shape


def _steps(tensor: Tensor, out: Tensor) -> tuple[int, ...]:
    """Steps of the operand along the output's axes: 0 where it repeats."""
    shape = _extended(tensor, out)
    return tuple(0 if size == 1 else step for size, step in zip(shape, steps_of(shape), strict=True))


def broadcast_call(graph: Graph, op: Operation, function: str, values: list[int], packing: str) -> KernelCall:
    """The step of ``function`` (broadcast.h) over both operands with the constants ``values``."""
    a, b, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    extent, (left, right) = merged(out.shape, _steps(a, out), _steps(b, out))
    return KernelCall(
        function=function,
        header="broadcast.h",
        parameters="nn_broadcast_params",
        summary=f"{op.kind} {_shapes(a, b)} -> {shape_text(out.shape)}",
        fields={"out": {"size": extent}, "a": {"step": left}, "b": {"step": right}},
        constants={"values": Constant(words(values), WORD, packing)},
        inputs=(a.index, b.index),
        outputs=(out.index,),
    )
