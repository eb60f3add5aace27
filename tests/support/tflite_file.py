"""Builds small .tflite files of any operation through the schema's own object interface, in milliseconds."""

from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

NONE, RELU, RELU_N1_TO_1, RELU6 = 0, 1, 2, 3
SAME, VALID = 0, 1
VERSIONS = {"FULLY_CONNECTED": 4, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "RESHAPE": 1}  # the others: 2
TABLES = {
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "ADD": "AddOptions",
    "SOFTMAX": "SoftmaxOptions",
    "RESHAPE": "ReshapeOptions",
    "PAD": "PadOptions",
    "CONCATENATION": "ConcatenationOptions",
    "SUB": "SubOptions",
    "MUL": "MulOptions",
    "MEAN": "ReducerOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "HARD_SWISH": "HardSwishOptions",
    "SPLIT": "SplitOptions",
    "SLICE": "SliceOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "TRANSPOSE": "TransposeOptions",
    "SQUEEZE": "SqueezeOptions",
    "EXPAND_DIMS": "ExpandDimsOptions",
    "QUANTIZE": "QuantizeOptions",
    "DEQUANTIZE": "DequantizeOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "SVDF": "SVDFOptions",
    "PADV2": "PadV2Options",
    "MIRROR_PAD": "MirrorPadOptions",
    "PACK": "PackOptions",
    "UNPACK": "UnpackOptions",
    "SHAPE": "ShapeOptions",
}
TYPES = {np.dtype(np.int8): "INT8", np.dtype(np.int32): "INT32", np.dtype(np.float32): "FLOAT32",
         np.dtype(np.int16): "INT16", np.dtype(np.uint8): "UINT8"}  # fmt: skip


class TfliteFile:
    """Collects tensors and operations; `bytes` gives the file. Tensor numbers are returned and taken."""

    def __init__(self) -> None:
        self.buffers = [schema.BufferT()]
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.codes: list[Any] = []

    def tensor(
        self,
        shape: Sequence[int],
        scale: float | Sequence[float] | None = None,
        zero: int = 0,
        *,
        data: np.ndarray | None = None,
        axis: int = 0,
        dtype: type = np.int8,
        name: str | None = None,
        int4: bool = False,
        variable: bool = False,
    ) -> int:
        """A tensor; ``data`` of int8 may be stored as ``int4``."""
        table = schema.TensorT()
        table.name = (name or f"t{len(self.tensors)}").encode()
        table.shape = [int(size) for size in shape]
        table.type = getattr(schema.TensorType, TYPES[np.dtype(dtype if data is None else data.dtype)])
        if scale is not None:
            table.quantization = schema.QuantizationParametersT()
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            table.quantization.scale = scales
            table.quantization.zeroPoint = np.full(len(scales), zero, np.int64)
            table.quantization.quantizedDimension = axis
        if int4:
            table.type = schema.TensorType.INT4
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            if int4:
                halves = np.append(buffer.data & 15, np.zeros(buffer.data.size % 2, np.uint8))
                buffer.data = halves[::2] | halves[1::2] << 4
            self.buffers.append(buffer)
            table.buffer = len(self.buffers) - 1
        table.isVariable = variable
        self.tensors.append(table)
        return len(self.tensors) - 1

    def op(self, kind: str, inputs: Sequence[int], outputs: Sequence[int], **options: Any) -> int:
        """Append an operation; returns its first output. Options carry the schema's own names."""
        code = schema.OperatorCodeT()
        number = getattr(schema.BuiltinOperator, kind)
        code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
        code.version = VERSIONS.get(kind, 2)
        if kind == "CUSTOM":
            code.customCode = options.pop("customCode")
        self.codes.append(code)
        table = schema.OperatorT()
        table.opcodeIndex = len(self.codes) - 1
        table.inputs, table.outputs = list(inputs), list(outputs)
        if kind in TABLES:
            table.builtinOptionsType = getattr(schema.BuiltinOptions, TABLES[kind])
            table.builtinOptions = getattr(schema, f"{TABLES[kind]}T")()
            for name, value in options.items():
                assert hasattr(table.builtinOptions, name), name
                setattr(table.builtinOptions, name, value)
        self.operators.append(table)
        return int(outputs[0])

    def dense(
        self,
        rng: np.random.Generator,
        x: int,
        inputs: int,
        out: int,
        scale: float | Sequence[float] = 0.01,
        *,
        activation: int = NONE,
        bias: bool = True,
    ) -> int:
        """FULLY_CONNECTED from ``x`` to the tensor ``out`` with random weights."""
        outputs = int(self.tensors[out].shape[-1])
        weights = self.tensor(
            (outputs, inputs), scale, data=rng.integers(-127, 128, (outputs, inputs)).astype(np.int8)
        )
        operands = [x, weights]
        if bias:
            operands.append(self._bias(rng, x, outputs, scale))
        return self.op("FULLY_CONNECTED", operands, [out], fusedActivationFunction=activation)

    def conv(
        self,
        rng: np.random.Generator,
        x: int,
        taps: tuple[int, int],
        out: int,
        scale: float | Sequence[float] = 0.01,
        *,
        depthwise: bool = False,
        bias: bool = True,
        **options: Any,
    ) -> int:
        """CONV_2D, or DEPTHWISE_CONV_2D, from ``x`` to ``out`` with random weights of extreme values."""
        channels, inputs = int(self.tensors[out].shape[-1]), int(self.tensors[x].shape[-1])
        shape = (1, *taps, channels) if depthwise else (channels, *taps, inputs)
        values = rng.integers(-127, 128, shape).astype(np.int8)
        weights = self.tensor(shape, scale, data=values, axis=3 if depthwise else 0)
        operands = [x, weights] + ([self._bias(rng, x, channels, scale)] if bias else [])
        options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1} | options
        if depthwise:
            options["depthMultiplier"] = channels // inputs
        return self.op("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", operands, [out], **options)

    def _bias(self, rng: np.random.Generator, x: int, channels: int, scale: float | Sequence[float]) -> int:
        product = np.float32(self.tensors[x].quantization.scale[0]) * np.asarray(scale, np.float32)
        return self.tensor((channels,), product, data=rng.integers(-9000, 9000, channels).astype(np.int32))

    def bytes(
        self, inputs: Sequence[int], outputs: Sequence[int], names: Mapping[str, int] | None = None
    ) -> bytes:
        """The file; ``names`` maps names to outputs in a signature."""
        graph, model = schema.SubGraphT(), schema.ModelT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = list(inputs), list(outputs)
        if names is not None:
            signature = schema.SignatureDefT()
            signature.signatureKey = b"serving_default"
            signature.inputs = [_entry(f"x{i}", tensor) for i, tensor in enumerate(inputs)]
            signature.outputs = [_entry(name, tensor) for name, tensor in names.items()]
            model.signatureDefs = [signature]
        model.version, model.subgraphs, model.buffers = 3, [graph], self.buffers
        model.operatorCodes = self.codes
        return packed(model)


def packed(model: Any) -> bytes:
    """The file of a schema.ModelT."""
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _entry(name: str, tensor: int) -> Any:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name.encode(), tensor
    return entry
