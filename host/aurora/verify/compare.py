"""A run's tensors against TFLite Micro's, in TFLite's order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compile import Program
from aurora.compile.front import read_model
from aurora.compile.ir import Graph
from aurora.compress.tflm import TflmInterpreter
from aurora.verify.machine import Run

UNLAYERED = 1 << 30  # sorts graph inputs and what no operation writes behind everything


@dataclass(frozen=True)
class Difference:
    """The first element that differs: of ``tensor``, which ``op`` at ``position`` of the .tflite writes, at
    element ``at``, with input row ``input``. ``only_fused`` says that the unfused program is exact."""

    tensor: str
    op: str | None
    position: int | None
    input: int
    at: int
    expected: int
    got: int
    only_fused: bool = False

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


class Oracle:
    """What TFLite Micro computes for some inputs, every tensor of it kept. Raises InputError."""

    def __init__(self, tflite: bytes, inputs: NDArray[np.uint8], tensors: set[int]) -> None:
        self.graph: Graph = read_model(tflite)
        interpreter = TflmInterpreter(tflite, keep_tensors=True)
        self._outputs = [port.tensor for port in interpreter.binding.outputs]
        wanted = sorted(tensors | set(self._outputs))
        self._rows = [
            {index: np.ascontiguousarray(data).tobytes() for index, data in row.items()}
            for row in (interpreter.tensors(block.view(np.int8), wanted) for block in inputs)
        ]
        self._writer = {out: op for op in self.graph.operations for out in op.outputs}

    def rows_that_differ(self, program: Program, run: Run) -> set[int]:
        """Numbers of the inputs for which any tensor or output of ``run`` is not TFLite Micro's."""
        return {row for row in range(len(self._rows)) for _ in self._differing(program, run, row)}

    def first_difference(self, program: Program, run: Run) -> Difference | None:
        """Of the earliest operation of the model over all inputs; None where everything agrees."""
        found = [pair for row in range(len(self._rows)) for pair in self._differing(program, run, row)]
        return min(found, key=lambda pair: (pair[0], pair[1].input))[1] if found else None

    def _differing(self, program: Program, run: Run, row: int) -> Iterator[tuple[int, Difference]]:
        expected = self._rows[row]
        indices = program.report["traced_tensors"]
        got = [(indices[number], data) for number, data in run.tensors[row].items()]
        at = 0
        for index, port in zip(self._outputs, program.outputs, strict=True):
            got.append((index, run.outputs[row, at : at + port.bytes].tobytes()))
            at += port.bytes
        for index, data in got:
            difference = self._difference(index, expected[index], data, row)
            if difference:
                yield difference.position if difference.position is not None else UNLAYERED, difference

    def _difference(self, index: int, expected: bytes, got: bytes, row: int) -> Difference | None:
        if expected == got:
            return None
        tensor, op = self.graph.tensors[index], self._writer.get(index)
        size = max(1, len(expected) // max(1, tensor.elements))
        at = next((i for i, pair in enumerate(zip(expected, got, strict=False)) if pair[0] != pair[1]), 0)
        return Difference(
            tensor=tensor.name,
            op=op.kind if op else None,
            position=op.position if op else None,
            input=row,
            at=at // size,
            expected=int.from_bytes(expected[at : at + 1], signed=True),
            got=int.from_bytes(got[at : at + 1], signed=True),
        )
