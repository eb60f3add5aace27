"""Front end: a .tflite file to a Graph, with every count, index, size and scale checked before it is used.

The file may be damaged or hostile. Tables are read lazily through the schema's accessors (never unpacked
whole, which a small file could blow up), in bounded numbers, and constants stay views into the file.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compile.ir import Graph, Operation, Port, Quantisation, Tensor
from aurora.compile.ops import supported
from aurora.compile.passes.ways_out import WAYS_OUT
from aurora.compress.binding import FLATBUFFER_ERRORS, bind
from aurora.errors import InputError, ModelRefused

MAX_FILE_BYTES = 16 << 20
MAX_TENSORS = MAX_BUFFERS = 8192
MAX_OPERATIONS = 4096
MAX_OPERANDS = 1024  # an unrolled recurrent layer takes its steps apart at once
MAX_RANK = 6
MAX_ELEMENTS = 1 << 26
MAX_NAME_BYTES = 1024

DTYPES = {"INT8": np.int8, "UINT8": np.uint8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
          "FLOAT32": np.float32, "FLOAT16": np.float16, "BOOL": np.bool_}  # fmt: skip
CALLERS = ("WHILE", "CALL_ONCE")  # operations of the first subgraph that run others
INT4 = "int4"  # two to a byte in the file, the first in the low half; one to a byte from here on
ZERO_POINTS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}


def read_model(tflite: bytes) -> Graph:
    """Parse and check ``tflite``. Raises InputError for a damaged file, ModelRefused for more than one
    subgraph."""
    if len(tflite) > MAX_FILE_BYTES:
        raise InputError(f"a model of {len(tflite)} bytes; the largest taken is {MAX_FILE_BYTES}")
    binding = bind(tflite)
    try:
        return _read(tflite, binding)
    except FLATBUFFER_ERRORS as error:
        detail = " ".join(str(error).split())[:120]
        raise InputError(f"damaged TFLite model: {detail}", hint="convert or download it again") from error


def _read(tflite: bytes, binding: Any) -> Graph:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(tflite, 0)
    kinds = {value: key for key, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    if model.SubgraphsLength() != 1:
        raise _several_subgraphs(model, kinds)
    graph = model.Subgraphs(0)
    type_names = {value: key for key, value in vars(schema.TensorType).items() if isinstance(value, int)}
    count = _bounded(graph.TensorsLength(), MAX_TENSORS, "tensors")
    tensors = tuple(_tensor(model, graph.Tensors(i), i, type_names) for i in range(count))
    count = _bounded(graph.OperatorsLength(), MAX_OPERATIONS, "operations")
    operations = tuple(
        _operation(schema, model, graph.Operators(i), i, kinds, len(tensors)) for i in range(count)
    )
    inputs = tuple(Port(port.name, port.tensor) for port in binding.inputs)
    outputs = tuple(Port(port.name, port.tensor) for port in binding.outputs)
    _check_flow(tensors, operations, inputs, outputs)
    return Graph(tensors, operations, inputs, outputs)


def _several_subgraphs(model: Any, kinds: dict[int, str]) -> ModelRefused:
    """Names the operation that calls the others, where there is one."""
    reason = f"{model.SubgraphsLength()} subgraphs; the engine runs models of one"
    if model.SubgraphsLength():
        graph = model.Subgraphs(0)
        for i in range(_bounded(graph.OperatorsLength(), MAX_OPERATIONS, "operations")):
            kind = _kind(model, graph.Operators(i), i, kinds)
            if kind in CALLERS:
                return ModelRefused(reason, op=kind, where=kind, hint=WAYS_OUT[kind])
    return ModelRefused(reason)


def _bounded(count: int, limit: int, what: str) -> int:
    if not 0 <= count <= limit:
        raise ValueError(f"{count} {what}, more than {limit}")
    return count


def _tensor(model: Any, table: Any, index: int, type_names: dict[int, str]) -> Tensor:
    raw_name = table.Name() or b""
    name = raw_name[:MAX_NAME_BYTES].decode(errors="replace").encode("unicode_escape").decode()
    rank = _bounded(table.ShapeLength(), MAX_RANK, f"axes in tensor {index}")
    shape = tuple(int(table.Shape(axis)) for axis in range(rank))
    elements = math.prod(shape)
    if any(size < 0 for size in shape) or elements > MAX_ELEMENTS:
        raise ValueError(f"tensor {index} has the shape {shape}")
    if table.Sparsity() is not None:
        raise ModelRefused("a sparse tensor", tensor=name, hint="convert without sparse weights")
    dtype = type_names.get(table.Type(), str(table.Type())).lower()
    data = _constant(model, table.Buffer(), dtype, shape, index)
    if table.IsVariable() and data is not None:
        raise ModelRefused("a variable tensor with a value, which TFLite Micro would ignore", tensor=name)
    quantisation = _quantisation(table, dtype, shape, index)
    return Tensor(index, name, shape, dtype, quantisation, data, bool(table.IsVariable()))


def _constant(model: Any, number: int, dtype: str, shape: tuple[int, ...], index: int) -> NDArray[Any] | None:
    _bounded(model.BuffersLength(), MAX_BUFFERS, "buffers")
    if number >= model.BuffersLength():
        raise ValueError(f"tensor {index} lies in buffer {number} of {model.BuffersLength()}")
    buffer = model.Buffers(number)
    size = buffer.DataLength()
    if size == 0:
        return None
    if dtype == INT4:
        return _unpacked(buffer, size, shape, index)
    kind = DTYPES.get(dtype.upper())
    if kind is None:
        return np.zeros(0, np.uint8)  # refused later where an operation reads it
    needed = math.prod(shape) * np.dtype(kind).itemsize
    raw = np.asarray(buffer.DataAsNumpy(), np.uint8)
    if raw.size != size or size != needed:
        raise ValueError(f"tensor {index} of shape {shape} needs {needed} bytes, its buffer holds {size}")
    data: NDArray[Any] = np.frombuffer(raw, kind).reshape(shape)
    data.setflags(write=False)
    return data


def _unpacked(buffer: Any, size: int, shape: tuple[int, ...], index: int) -> NDArray[Any]:
    """int4 values as int8."""
    elements = math.prod(shape)
    raw = np.asarray(buffer.DataAsNumpy(), np.uint8)
    if raw.size != size or size != (elements + 1) // 2:
        raise ValueError(f"tensor {index} of {elements} int4 needs {(elements + 1) // 2} bytes, not {size}")
    halves = np.stack([raw << 4, raw & 0xF0], axis=-1).reshape(-1)[:elements]
    data: NDArray[Any] = (halves.view(np.int8) >> 4).reshape(shape)
    data.setflags(write=False)
    return data


def _quantisation(table: Any, dtype: str, shape: tuple[int, ...], index: int) -> Quantisation | None:
    parameters = table.Quantization()
    if parameters is None or parameters.ScaleLength() == 0:
        return None
    count = parameters.ScaleLength()
    if count != 1 and count not in shape:
        raise ValueError(f"tensor {index} has {count} scales for the shape {shape}")
    scales = tuple(float(parameters.Scale(i)) for i in range(count))
    if not all(math.isfinite(scale) and scale > 0 for scale in scales):
        raise ValueError(f"tensor {index} has a scale that is not a positive number")
    points = parameters.ZeroPointLength()
    if points == 0:
        return None  # TFLite Micro takes such a tensor for one without scales
    if points not in (1, count):
        raise ValueError(f"tensor {index} has {points} zero points for {count} scales")
    zeros = tuple(int(parameters.ZeroPoint(i)) for i in range(points))
    low, high = ZERO_POINTS.get(dtype, (0, 0))
    if not all(low <= zero <= high for zero in zeros):
        raise ValueError(f"tensor {index} has a zero point outside {dtype}")
    return Quantisation(scales, zeros, parameters.QuantizedDimension())


def _operation(
    schema: Any, model: Any, table: Any, position: int, kinds: dict[int, str], tensors: int
) -> Operation:
    kind = _kind(model, table, position, kinds)
    inputs = _indices(table.InputsLength(), table.Inputs, tensors, position, absent=True)
    outputs = _indices(table.OutputsLength(), table.Outputs, tensors, position, absent=False)
    if not outputs or not inputs:
        raise ValueError(f"operation {position} has {len(inputs)} inputs and {len(outputs)} outputs")
    return Operation(position, kind, inputs, outputs, _options(schema, table, kind))


def _kind(model: Any, table: Any, position: int, kinds: dict[int, str]) -> str:
    """The name of an operation; a custom one's own behind CUSTOM."""
    if table.OpcodeIndex() >= model.OperatorCodesLength():
        raise ValueError(f"operation {position} uses operator code {table.OpcodeIndex()}")
    code = model.OperatorCodes(table.OpcodeIndex())
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    kind = kinds.get(number, f"operator {number}")
    if kind == "CUSTOM":
        custom = (code.CustomCode() or b"")[:64].decode(errors="replace")
        kind = f"CUSTOM:{custom.encode('unicode_escape').decode()}"
    return kind


def _indices(count: int, read: Any, tensors: int, position: int, *, absent: bool) -> tuple[int, ...]:
    values = tuple(
        int(read(i)) for i in range(_bounded(count, MAX_OPERANDS, f"operands in operation {position}"))
    )
    if any(not (0 <= value < tensors or (absent and value == -1)) for value in values):
        raise ValueError(f"operation {position} names a tensor that does not exist")
    return values


def _options(schema: Any, table: Any, kind: str) -> dict[str, float | int]:
    """The options that the operation's support asks for; the schema's defaults where the file has none."""
    support = supported().get(kind)
    if support is None or not support.options:
        return {}
    options = getattr(schema, support.table)()
    union = table.BuiltinOptions()
    if union is not None and table.BuiltinOptionsType() == getattr(schema.BuiltinOptions, support.table):
        options.Init(union.Bytes, union.Pos)
    else:
        raise ValueError(f"{kind} carries no {support.table}")
    return {name: getattr(options, getter)() for name, getter in support.options.items()}


def _check_flow(
    tensors: tuple[Tensor, ...],
    operations: tuple[Operation, ...],
    inputs: tuple[Port, ...],
    outputs: tuple[Port, ...],
) -> None:
    """Every tensor is written once, before it is read. What an unsupported operation reads is its own
    affair."""
    ready = {tensor.index for tensor in tensors if tensor.data is not None or tensor.variable}
    given = {port.tensor for port in inputs}
    if ready & given or len(given) < len(inputs):
        raise ValueError("an input of the model is a constant, or there twice")
    ready |= given
    for op in operations:
        missing = [index for index in op.inputs if index >= 0 and index not in ready]
        doubled = ready & set(op.outputs) or len(set(op.outputs)) < len(op.outputs)
        if (missing or doubled) and op.kind in supported():
            raise ValueError(f"operation {op.position} reads or writes a tensor out of order")
        ready |= set(op.outputs)
    if not inputs or not outputs or any(port.tensor not in ready for port in outputs):
        raise ValueError("an input or output of the model is missing")
