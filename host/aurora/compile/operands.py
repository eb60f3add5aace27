"""Operands that are no activations: constant lists (axes, sizes, permutations), and the state of an LSTM."""

from __future__ import annotations

from aurora.compile.ir import Graph, Operation, Tensor, refused

MAX_NUMBERS = 64
LARGEST = (1 << 31) - 1


def constant_list(op: Operation, tensor: Tensor, what: str) -> list[int]:
    """The numbers of ``tensor``; refuses one that is no constant list of int32."""
    if tensor.data is None or tensor.dtype not in ("int32", "int64") or tensor.elements > MAX_NUMBERS:
        raise refused(op, tensor, f"its {what} are not a short constant list", "write them into the model")
    values = [int(value) for value in tensor.data.reshape(-1)]
    if any(abs(value) > LARGEST for value in values):
        raise refused(op, tensor, f"its {what} hold a number beyond 32 bits")
    return values


def own_state(graph: Graph, op: Operation, number: int, dtypes: tuple[str, ...], elements: int) -> Tensor:
    """The variable tensor that is operand ``number``; refuses one that other operations or ports see too."""
    tensor = graph.activation(op, number)
    if not tensor.variable or tensor.dtype not in dtypes or tensor.elements != elements:
        raise refused(op, tensor, f"its state is not a variable tensor of {elements} {' or '.join(dtypes)}")
    if tensor.quantisation is None or len(tensor.quantisation.scales) != 1:
        raise refused(op, tensor, "its state carries no single scale")
    uses = sum(
        other.inputs.count(tensor.index) + other.outputs.count(tensor.index) for other in graph.operations
    )
    if uses != 1 or tensor.data is not None:
        raise refused(op, tensor, "its state is shared, or has a value in the file")
    return tensor


def constant_matrix(op: Operation, tensor: Tensor, shape: tuple[int, ...], dtypes: tuple[str, ...]) -> Tensor:
    """``tensor`` if it is a constant of ``shape`` with one symmetric scale; refuses others."""
    if tensor.data is None or tensor.dtype not in dtypes or tensor.shape != shape:
        raise refused(op, tensor, f"not a constant of {shape} {' or '.join(dtypes)}")
    scales = tensor.quantisation
    if scales is None or len(scales.scales) != 1 or any(scales.zero_points):
        raise refused(op, tensor, "needs one scale and zero point 0")
    return tensor
