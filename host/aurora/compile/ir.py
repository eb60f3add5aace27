"""The compiler's intermediate representation: a checked graph of tensors and operations, then kernel calls.

    .tflite --front--> Graph --passes--> Graph --ops/<op>.lower--> KernelCall ... --emit--> C and constants

Everything is frozen: a pass returns a new value. Shapes are NHWC with batch 1, sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import ModelRefused

ITEM_BYTES = {"int16": 2, "int32": 4, "int64": 8, "float32": 4}  # the others: 1
NAME_SHOWN = 60  # of a tensor's name in a message; fused names run to hundreds of characters


@dataclass(frozen=True)
class Quantisation:
    """real = scale * (stored - zero_point), per tensor or per slice along ``axis``. Scales are exact
    float32."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int


@dataclass(frozen=True, eq=False)
class Tensor:
    """``data`` is None for activations; a constant's is a read-only array of ``shape``."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    quantisation: Quantisation | None
    data: NDArray[Any] | None
    variable: bool = False

    @property
    def elements(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def item_bytes(self) -> int:
        return ITEM_BYTES.get(self.dtype, 1)

    @property
    def bytes(self) -> int:
        return self.elements * self.item_bytes

    @property
    def scale(self) -> float:
        """1 for a float tensor, whose stored values are the real ones."""
        return 1.0 if self.quantisation is None else self.quantisation.scales[0]

    @property
    def zero_point(self) -> int:
        return 0 if self.quantisation is None else self.quantisation.zero_points[0]


@dataclass(frozen=True)
class Operation:
    """``inputs`` may hold -1 for an absent optional operand; ``options`` are those of the op's table."""

    position: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, float | int]


@dataclass(frozen=True)
class Port:
    """An input or output of the whole graph, in our order."""

    name: str
    tensor: int


@dataclass(frozen=True, eq=False)
class Graph:
    tensors: tuple[Tensor, ...]
    operations: tuple[Operation, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    def operand(self, op: Operation, number: int) -> Tensor | None:
        """Input ``number`` of ``op``, None where it is absent."""
        if number >= len(op.inputs) or op.inputs[number] < 0:
            return None
        return self.tensors[op.inputs[number]]

    def activation(self, op: Operation, number: int = 0) -> Tensor:
        """Input ``number`` of ``op`` that must be there."""
        tensor = self.operand(op, number)
        if tensor is None:
            raise refused(op, None, f"has no input {number}")
        return tensor

    def result(self, op: Operation) -> Tensor:
        return self.tensors[op.outputs[0]]


@dataclass(frozen=True)
class Constant:
    """Bytes for the constants file. ``packing`` says in words how they are laid out; it enters the layout
    id."""

    data: bytes
    alignment: int
    packing: str


#: A C initialiser: a number, a list, a struct by field name, or the name of one of the step's instances.
Field = int | str | tuple[int, ...] | Mapping[str, int | str | tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class KernelCall:
    """One step of the program: ``function(&step, constants, inputs..., outputs...[, scratch][, state])``.

    ``fields`` and the offsets of ``constants`` fill the parameter struct. ``facts`` are the facts about
    values that this step was specialised on; they enter the layout id. ``writes_all`` is false for a step
    that fills only a part of its output, after which other steps fill the rest. ``state_bytes`` of the arena
    belong to this step between runs as well; a reset fills them with 0, which the kernel reads as "fresh".

    ``instances`` are lines of C for file scope, which make a kernel for this step's shape; equal lines are
    written once. ``overlaps`` maps the number of an input to a distance in bytes: the step is exact as well
    when its (only) output shares memory with that input, as long as the output starts at least that many
    bytes before the input. ``in_place`` are inputs over which the output may lie byte on byte, and not
    otherwise. Whoever lowers the step proves this; the planner uses it where it can.

    ``room`` gives bytes that a tensor's buffer needs, where the step reads or writes beyond its elements. The
    output of a ``private`` step is in a form that only the variant's own steps know, so traces leave it out.
    """

    function: str
    header: str
    parameters: str
    summary: str
    fields: Mapping[str, Field]
    constants: Mapping[str, Constant]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    macs: int = 0
    scratch_bytes: int = 0
    state_bytes: int = 0
    facts: Mapping[str, int] = field(default_factory=dict)
    instances: tuple[str, ...] = ()
    overlaps: Mapping[int, int] = field(default_factory=dict)
    in_place: tuple[int, ...] = ()
    room: Mapping[int, int] = field(default_factory=dict)
    private: bool = False


def refused(op: Operation, tensor: Tensor | None, reason: str, hint: str = "") -> ModelRefused:
    """The one line for an operation that the engine does not run."""
    if tensor is None:
        return ModelRefused(reason, op=op.kind, where=op.kind, hint=hint)
    shown = tensor.name if len(tensor.name) <= NAME_SHOWN else f"{tensor.name[:NAME_SHOWN]}..."
    return ModelRefused(reason, op=op.kind, tensor=tensor.name, where=f"{op.kind} ({shown})", hint=hint)


def shape_text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"
