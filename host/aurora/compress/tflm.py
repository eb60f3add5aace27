"""TFLite Micro's own Python interpreter: the oracle of every bit that the engine computes.

The wheel (PyPI ``tflite_micro``) holds the same reference kernels that run on a device, unlike LiteRT's,
which differ on up to 2 % of windows. It crashes the process on an arena that is too small for some models,
so the arena is tried in a subprocess first. Sizes found here are those of a 64-bit host, not a device's.
"""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compress.binding import Binding, Port, bind
from aurora.errors import InputError

PROBE_TIMEOUT_S = 60
ARENA_START_BYTES, ARENA_MAX_BYTES = 1 << 19, 1 << 28
ARENA_GROWTH = 8
ARENA_STEP = 256

_PROBE = """
import sys
from tflite_micro.python.tflite_micro import runtime
interpreter = runtime.Interpreter.from_bytes(
    sys.stdin.buffer.read(), arena_size=int(sys.argv[1]),
    intrepreter_config=runtime.InterpreterConfig(int(sys.argv[2])))
interpreter.invoke()
"""


class TflmInterpreter:
    """One int8 model in TFLite Micro.

    Inputs and outputs are concatenated bytes, as int8, in the order of their names (compress.binding), the
    same block that the engine and the board use; where a model takes or gives floats, those are their bytes.
    ``arena_bytes`` skips the search, for a caller who knows a size that serves. ``keep_tensors`` makes
    `tensors` available. Raises InputError where TFLM does not load or run the model.
    """

    def __init__(self, tflite: bytes, *, arena_bytes: int | None = None, keep_tensors: bool = False) -> None:
        from tflite_micro.python.tflite_micro import runtime

        self.binding: Binding = bind(tflite)
        mode = runtime.InterpreterConfig(int(keep_tensors))
        self.arena_bytes = arena_bytes or find_arena(tflite, keep_tensors=keep_tensors)
        self._tflite = tflite  # TFLM reads constants in place
        self._interpreter: Any = runtime.Interpreter.from_bytes(
            tflite, arena_size=self.arena_bytes, intrepreter_config=mode
        )

    def run(self, inputs: NDArray[np.int8]) -> NDArray[np.int8]:
        """int8 ``[w, ...]``, one window per row, to int8 ``[w, out_bytes]``. What the model keeps between
        windows carries over from row to row.

        Raises InputError where a row has another number of bytes than the model's inputs together.
        """
        if len(inputs) == 0:
            return np.zeros((0, sum(map(self._output_bytes, self.binding.outputs))), np.int8)
        rows = np.ascontiguousarray(inputs, dtype=np.int8).reshape(len(inputs), -1)
        return np.stack([self._run_one(row) for row in rows])

    def tensors(self, row: NDArray[np.int8], indices: list[int]) -> dict[int, NDArray[Any]]:
        """Run one input row and return the tensors ``indices`` as they stand afterwards (needs
        keep_tensors)."""
        self._run_one(np.ascontiguousarray(row, dtype=np.int8).reshape(-1))
        return {index: np.array(self._interpreter.GetTensor(index, 0)["tensor_data"]) for index in indices}

    def reset(self) -> None:
        """Forget what the model keeps between windows."""
        self._interpreter.reset()

    def _output_bytes(self, port: Port) -> int:
        dtype = np.dtype(self._interpreter.get_output_details(port.position)["dtype"])
        size: int = math.prod(port.shape) * dtype.itemsize
        return size

    def _run_one(self, row: NDArray[np.int8]) -> NDArray[np.int8]:
        values, at = [], 0
        for port in self.binding.inputs:
            dtype = np.dtype(self._interpreter.get_input_details(port.position)["dtype"])
            size = int(np.prod(port.shape)) * dtype.itemsize
            values.append(row[at : at + size])
            at += size
            if values[-1].size == size:
                values[-1] = values[-1].view(dtype).reshape(port.shape)
        if at != row.size or at == 0:
            raise InputError(f"an input of {row.size} bytes, the model takes {at}")
        for port, value in zip(self.binding.inputs, values, strict=True):
            self._interpreter.set_input(value, port.position)
        self._interpreter.invoke()
        outputs = [self._interpreter.get_output(port.position) for port in self.binding.outputs]
        return np.concatenate([np.ascontiguousarray(value).view(np.int8).reshape(-1) for value in outputs])


def smallest_arena(tflite: bytes) -> int:
    """The smallest arena in bytes, to 1 part in 32, in which this 64-bit host runs the model.

    A device's pointers are smaller; what its optimised kernels ask for beyond that is not in it.
    """
    enough, short = find_arena(tflite), 0
    while enough - short > max(ARENA_STEP, enough >> 5):
        middle = (enough + short) // 2 // ARENA_STEP * ARENA_STEP
        if _runs(tflite, middle):
            enough = middle
        else:
            short = middle
    return enough


def _runs(tflite: bytes, arena_bytes: int) -> bool:
    command = [sys.executable, "-c", _PROBE, str(arena_bytes), "0"]
    try:
        done = subprocess.run(
            command, input=tflite, capture_output=True, timeout=PROBE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def find_arena(tflite: bytes, *, keep_tensors: bool = False) -> int:
    """The first arena in bytes, doubling from a guess, in which a subprocess loads the model and runs it
    once."""
    size, last = max(ARENA_START_BYTES, 4 * len(tflite)), ""
    while size <= ARENA_MAX_BYTES:
        command = [sys.executable, "-c", _PROBE, str(size), str(int(keep_tensors))]
        try:
            done = subprocess.run(
                command, input=tflite, capture_output=True, timeout=PROBE_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise InputError("TFLite Micro does not finish one inference of this model") from error
        if done.returncode == 0:
            return size
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines else f"exit status {done.returncode}"
        size *= ARENA_GROWTH
    raise InputError(f"TFLite Micro does not run this model: {last}")
