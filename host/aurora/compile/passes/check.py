"""Shapes, types and scales: everything the engine cannot run is refused here, by operation and tensor."""

from __future__ import annotations

from aurora.compile.ir import Graph, Operation, Tensor, refused, shape_text
from aurora.compile.ops import OpSupport, supported
from aurora.compile.passes.ways_out import STATIC_BATCH, WAYS_OUT
from aurora.errors import ModelRefused

EDGE_TYPES = ("int8", "uint8", "float32")  # of inputs and outputs; QUANTIZE and DEQUANTIZE lead to int8
MOVED_TYPES = ("int8", "float32")
INT8_EDGES = "convert with inference_input_type and inference_output_type = tf.int8"
FULL_INT8 = (
    "convert with optimizations = [tf.lite.Optimize.DEFAULT], a representative_dataset and "
    "supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]"
)


def check(graph: Graph) -> None:
    """Raises ModelRefused for the first operation, in the file's order, that the engine cannot run."""
    for op in graph.operations:
        support = supported().get(op.kind)
        if support is None:
            raise refused(op, graph.result(op), _unsupported(op), WAYS_OUT.get(op.kind, _supported_list()))
        numbers = range(len(op.inputs)) if support.operands is None else support.operands
        takes, gives = _types(support)
        for number in numbers:
            _check_activation(graph, op, graph.activation(op, number), takes)
        for index in op.outputs:
            _check_activation(graph, op, graph.tensors[index], gives)
        if support.alias or support.moves:
            types = {graph.activation(op, number).dtype for number in numbers}
            if any({graph.tensors[index].dtype} != types for index in op.outputs):
                raise refused(op, graph.result(op), "its output has another type than its input")
        support.check(graph, op)
    for port in (*graph.inputs, *graph.outputs):
        _check_port(graph.tensors[port.tensor], port.name)


def _types(support: OpSupport) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The types that it takes and those that it gives."""
    if support.alias:
        return EDGE_TYPES, EDGE_TYPES
    return (MOVED_TYPES, MOVED_TYPES) if support.moves else (support.takes, support.gives)


def _unsupported(op: Operation) -> str:
    if op.kind == "SHAPE":
        return "the model has a dynamic batch, which a program of fixed shapes cannot have"
    if op.kind.startswith("CUSTOM:"):
        return "a custom operation; the engine runs built-in int8 operations"
    return "the engine has no kernel for this operation yet"


def _supported_list() -> str:
    return f"it runs {', '.join(sorted(supported()))}"


def _check_activation(graph: Graph, op: Operation, tensor: Tensor, types: tuple[str, ...]) -> None:
    if tensor.dtype == "float32" and "float32" not in types:
        kinds = {graph.tensors[i].dtype for i in op.inputs if i >= 0}
        if "int8" in kinds:
            reason = "float activations with int8 weights: a dynamic-range model, not an int8 one"
        else:
            reason = "a float model; the engine runs int8"
        raise refused(op, tensor, reason, FULL_INT8)
    if tensor.dtype not in types:
        raise refused(op, tensor, f"{tensor.dtype} activations; the engine runs int8", FULL_INT8)
    if tensor.elements == 0:
        raise refused(op, tensor, f"a shape without elements: {shape_text(tensor.shape)}")
    if tensor.variable:
        raise refused(op, tensor, "a variable tensor outside an LSTM or SVDF")
    if tensor.dtype == "float32":
        return
    if tensor.quantisation is None or len(tensor.quantisation.scales) != 1:
        raise refused(op, tensor, "an activation needs exactly one scale and zero point", FULL_INT8)


def _check_port(tensor: Tensor, name: str) -> None:
    where = f"input or output {name}"
    if tensor.dtype not in EDGE_TYPES or tensor.variable:
        kind = "a variable tensor" if tensor.variable else f"{tensor.dtype}, not int8"
        raise ModelRefused(kind, tensor=tensor.name, where=where, hint=INT8_EDGES)
    if tensor.dtype != "float32" and (tensor.quantisation is None or len(tensor.quantisation.scales) != 1):
        raise ModelRefused(
            "has no single scale and zero point", tensor=tensor.name, where=where, hint=FULL_INT8
        )
    if len(tensor.shape) > 1 and tensor.shape[0] != 1:
        reason = f"a batch of {tensor.shape[0]}; the engine runs one window at a time"
        raise ModelRefused(reason, tensor=tensor.name, where=where, hint=STATIC_BATCH)
