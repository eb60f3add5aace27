"""Inputs and outputs of a .tflite by name: the one order that engine, pack, firmware and host share.

A converter may emit two heads in either order, so nothing downstream may rely on the file's order. An
output's name is the signature's where the file has one (`fault_type`), else the tensor's; the order is by
name. Names that a converter numbers afresh in every run (`keras_tensor_44`) must not distinguish two
trainings of one network, so a single input is always `input`, and a single output without a signature is
`output`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from aurora.errors import InputError

#: What flatbuffers' Python accessors raise on offsets that lead out of the file or to other types.
FLATBUFFER_ERRORS = (struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError)

MAX_PORTS = 64  # inputs or outputs
MAX_NAME_BYTES = 128


@dataclass(frozen=True)
class Port:
    """One input or output. ``position`` is its place in the file's list, ``tensor`` its tensor index."""

    name: str
    position: int
    tensor: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Binding:
    """Ports in our order: sorted by name."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def bind(tflite: bytes) -> Binding:
    """Read the ports of the first subgraph. Raises InputError where the file is no TFLite model."""
    from ai_edge_litert import schema_py_generated as schema

    if len(tflite) < 16 or tflite[4:8] != b"TFL3":
        raise InputError("not a TFLite model", hint="the file must start with a flatbuffer marked TFL3")
    try:
        model = schema.Model.GetRootAs(tflite, 0)
        graph = model.Subgraphs(0)
        signature = model.SignatureDefs(0) if model.SignatureDefsLength() else None
        names = {} if graph.InputsLength() == 1 else _names(signature, "Inputs")
        inputs = _ports(graph, graph.InputsLength(), graph.Inputs, names, "input")
        names = _names(signature, "Outputs")
        outputs = _ports(graph, graph.OutputsLength(), graph.Outputs, names, "output")
    except FLATBUFFER_ERRORS as error:
        raise InputError("damaged TFLite model: its inputs and outputs cannot be read") from error
    return Binding(inputs, outputs)


def _names(signature: Any, kind: str) -> dict[int, str]:
    """Tensor index -> name in the signature."""
    if signature is None:
        return {}
    count = getattr(signature, f"{kind}Length")()
    entries = [getattr(signature, kind)(i) for i in range(_bounded(count))]
    return {entry.TensorIndex(): _text(entry.Name()) for entry in entries}


def _text(name: bytes) -> str:
    if len(name) > MAX_NAME_BYTES:
        raise ValueError(f"a name of {len(name)} bytes")
    return name.decode()


def _ports(graph: Any, count: int, index_of: Any, names: dict[int, str], single: str) -> tuple[Port, ...]:
    ports = []
    for position in range(_bounded(count)):
        index = index_of(position)
        if not 0 <= index < graph.TensorsLength():
            raise IndexError(index)
        tensor = graph.Tensors(index)
        rank = _bounded(tensor.ShapeLength())
        name = names.get(index) or (single if count == 1 else _text(tensor.Name()))
        ports.append(Port(name, position, index, tuple(tensor.Shape(axis) for axis in range(rank))))
    return tuple(sorted(ports, key=lambda port: (port.name, port.position)))


def _bounded(count: int) -> int:
    if count > MAX_PORTS:
        raise ValueError(f"{count} entries")
    return count
