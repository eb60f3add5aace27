"""A quantised dense network as a .tflite, written directly: the file holds exactly the trained grids.

TFLite's converter takes ranges from calibration rows only; here ranges, weights and biases are ours, so the
file is written through the schema's object interface, in the form that the converter gives for the same
network (static batch of one, signature with the heads' names).

int4: TFLite Micro runs int4 weights in CONV_2D, not in FULLY_CONNECTED, so each layer becomes a convolution
of one by one pixel, which computes the same sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compress.quantised_net import Grid, QuantisedLayer, QuantisedNetwork

RELU = 1
VERSIONS = {"FULLY_CONNECTED": 12, "CONV_2D": 8, "RESHAPE": 1}  # per-channel dense; int4 convolution


def tflite_bytes(network: QuantisedNetwork) -> bytes:
    """Input ``features`` int8 [1, F], outputs named as the heads; the same network gives the same bytes."""
    import flatbuffers

    writer = _Writer(network.weight_bits)
    features = _inputs(network)
    x = start = writer.activation("features", (1, features), network.input)
    if network.weight_bits == 4:
        x = writer.reshape(x, (1, 1, 1, features), network.input)
    for place, layer in enumerate(network.hidden):
        x = writer.layer(f"hidden_{place}", x, layer)
    heads = {name: writer.layer(name, x, layer) for name, layer in sorted(network.heads.items())}
    if network.weight_bits == 4:
        grids = {name: layer.output for name, layer in network.heads.items()}
        heads = {name: writer.reshape(tensor, (1, len(network.heads[name].bias)), grids[name])
                 for name, tensor in heads.items()}  # fmt: skip
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(writer.model(start, heads).Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _inputs(network: QuantisedNetwork) -> int:
    first = network.hidden[0] if network.hidden else next(iter(network.heads.values()))
    return int(first.weights.shape[1])


class _Writer:
    """Collects tensors, operations and buffers; tensors are known by number."""

    def __init__(self, weight_bits: int) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema: Any = schema
        self.weight_bits = weight_bits
        self.graph: Any = schema.SubGraphT()
        self.graph.tensors, self.graph.operators, self.graph.name = [], [], b"main"
        self.buffers = [schema.BufferT()]
        self.codes: dict[str, int] = {}

    def activation(self, name: str, shape: tuple[int, ...], grid: Grid) -> int:
        tensor = self._tensor(name, shape, "INT8")
        self._quantise(tensor, np.array([grid.scale], np.float32), grid.zero_point)
        return len(self.graph.tensors) - 1

    def layer(self, name: str, x: int, layer: QuantisedLayer) -> int:
        """One dense layer, its ReLU fused."""
        outputs, inputs = layer.weights.shape
        entering = self.graph.tensors[x].quantization.scale[0]
        shape: tuple[int, ...] = (outputs, inputs)
        result: tuple[int, ...] = (1, outputs)
        kind = "FULLY_CONNECTED"
        if self.weight_bits == 4:
            kind, shape, result = "CONV_2D", (outputs, 1, 1, inputs), (1, 1, 1, outputs)
            weights = self._constant(f"{name}/weights", shape, "INT4", _halves(layer.weights))
        else:
            weights = self._constant(f"{name}/weights", shape, "INT8", layer.weights)
        self._quantise(self.graph.tensors[weights], layer.scales, 0)
        bias = self._constant(f"{name}/bias", (outputs,), "INT32", layer.bias)
        self._quantise(self.graph.tensors[bias], (entering * layer.scales).astype(np.float32), 0)
        out = self.activation(name, result, layer.output)
        options = self._operation(kind, (x, weights, bias), out)
        options.fusedActivationFunction = RELU if layer.relu else 0
        if kind == "CONV_2D":
            options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
            options.padding = self.schema.Padding.VALID
        return out

    def reshape(self, x: int, shape: tuple[int, ...], grid: Grid) -> int:
        """The same values in another shape."""
        wanted = self._constant(f"shape {shape}", (len(shape),), "INT32", np.array(shape, np.int32))
        out = self.activation(f"{self.graph.tensors[x].name.decode()}/reshaped", shape, grid)
        self._operation("RESHAPE", (x, wanted), out).newShape = list(shape)
        return out

    def model(self, start: int, heads: dict[str, int]) -> Any:
        """The whole file as a schema.ModelT."""
        schema = self.schema
        signature, model = schema.SignatureDefT(), schema.ModelT()
        signature.signatureKey = b"serving_default"
        signature.inputs = [self._entry("features", start)]
        signature.outputs = [self._entry(name, tensor) for name, tensor in heads.items()]
        self.graph.inputs, self.graph.outputs = [start], list(heads.values())
        model.version, model.description = 3, b"Aurora"
        model.subgraphs, model.buffers, model.signatureDefs = [self.graph], self.buffers, [signature]
        model.operatorCodes = [self._code(kind) for kind in self.codes]
        return model

    def _tensor(self, name: str, shape: tuple[int, ...], kind: str) -> Any:
        tensor = self.schema.TensorT()
        tensor.name, tensor.shape = name.encode(), list(shape)
        tensor.type, tensor.hasRank = getattr(self.schema.TensorType, kind), True
        self.graph.tensors.append(tensor)
        return tensor

    def _constant(self, name: str, shape: tuple[int, ...], kind: str, values: NDArray[Any]) -> int:
        tensor, buffer = self._tensor(name, shape, kind), self.schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        tensor.buffer = len(self.buffers)
        self.buffers.append(buffer)
        return len(self.graph.tensors) - 1

    def _quantise(self, tensor: Any, scales: NDArray[np.float32], zero_point: int) -> None:
        tensor.quantization = self.schema.QuantizationParametersT()
        tensor.quantization.scale = scales
        tensor.quantization.zeroPoint = np.full(len(scales), zero_point, np.int64)
        tensor.quantization.quantizedDimension = 0

    def _operation(self, kind: str, inputs: tuple[int, ...], output: int) -> Any:
        table = {"FULLY_CONNECTED": "FullyConnectedOptions", "CONV_2D": "Conv2DOptions",
                 "RESHAPE": "ReshapeOptions"}[kind]  # fmt: skip
        operation = self.schema.OperatorT()
        operation.opcodeIndex = self.codes.setdefault(kind, len(self.codes))
        operation.inputs, operation.outputs = list(inputs), [output]
        operation.builtinOptionsType = getattr(self.schema.BuiltinOptions, table)
        operation.builtinOptions = getattr(self.schema, f"{table}T")()
        self.graph.operators.append(operation)
        return operation.builtinOptions

    def _code(self, kind: str) -> Any:
        code = self.schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(self.schema.BuiltinOperator, kind)
        code.version = VERSIONS[kind]
        return code

    def _entry(self, name: str, tensor: int) -> Any:
        entry = self.schema.TensorMapT()
        entry.name, entry.tensorIndex = name.encode(), tensor
        return entry


def _halves(weights: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Two int4 to a byte, the first in the low half."""
    low = weights.reshape(-1).view(np.uint8) & 15
    padded = np.append(low, np.zeros(low.size % 2, np.uint8))
    return np.asarray(padded[::2] | padded[1::2] << 4, np.uint8)
