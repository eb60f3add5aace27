"""Runs a compiled program on this machine: gcc makes a shared library of it, ctypes calls it."""

from __future__ import annotations

import ctypes
import hashlib
import subprocess
from pathlib import Path

import numpy as np
from aurora.compile import Program

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "firmware" / "lib"
KERNELS = sorted((LIB / "nn" / "kernels").rglob("*.c"))
FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-ffp-contract=off",
         "-fno-tree-vectorize", f"-I{LIB}"]  # fmt: skip
TRACE_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32)


class Trace(ctypes.Structure):
    _fields_ = [("tensor", TRACE_CALLBACK), ("context", ctypes.c_void_p)]


class Model(ctypes.Structure):
    """nn_program of nn.h."""

    _fields_ = [("layout_id", ctypes.c_uint8 * 32),
                ("sizes", ctypes.c_uint32 * 8),
                ("inputs", ctypes.c_void_p), ("outputs", ctypes.c_void_p),
                ("run", ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 5)),
                ("reset", ctypes.CFUNCTYPE(None, ctypes.c_void_p))]  # fmt: skip


def aligned(size: int, alignment: int = 64) -> np.ndarray:
    """``size`` zero bytes that start at a multiple of ``alignment``."""
    block = np.zeros(size + alignment, np.uint8)
    start = -block.ctypes.data % alignment
    return block[start : start + size]


def kernel_objects(folder: Path, flags: list[str] = FLAGS) -> list[Path]:
    """The kernels compiled once per folder and set of flags."""
    target = folder / hashlib.sha256(" ".join(flags).encode()).hexdigest()[:12]
    objects = [target / f"{source.parent.name}_{source.stem}.o" for source in KERNELS]
    if not target.exists():
        target.mkdir(parents=True)
        for source, result in zip(KERNELS, objects, strict=True):
            subprocess.run(["gcc", *flags, "-fPIC", "-c", str(source), "-o", str(result)], check=True)
    return objects


def write_program(program: Program, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "program.h").write_text(program.header)
    (folder / "program.c").write_text(program.source)
    return folder / "program.c"


class HostEngine:
    """A built program; ``constants`` may be another model's of the same layout."""

    GUARD = 64  # bytes around the arena and the output that no step may touch

    def __init__(self, program: Program, folder: Path, objects: list[Path]) -> None:
        source = write_program(program, folder)
        library = folder / f"{program.layout_id.hex()[:16]}.so"
        command = [
            "gcc",
            *FLAGS,
            "-DNN_TRACE",
            f"-I{folder}",
            "-fPIC",
            "-shared",
            str(source),
            *map(str, objects),
        ]
        subprocess.run([*command, "-o", str(library)], check=True)
        self.program = program
        self.model = Model.in_dll(ctypes.CDLL(str(library)), "nn_model")

    def run(
        self, inputs: np.ndarray, constants: bytes | None = None, traces: list | None = None
    ) -> np.ndarray:
        """int8 [w, in_bytes] -> int8 [w, out_bytes]; asserts that nothing was written out of bounds.

        Between rows the arena holds garbage, but for what the program keeps there since its reset.
        """
        blob = constants if constants is not None else self.program.constants
        values = aligned(len(blob) + 1)
        values[: len(blob)] = np.frombuffer(blob, np.uint8)
        out_bytes = sum(port.bytes for port in self.program.outputs)
        arena, out = aligned(self.program.arena_bytes + self.GUARD), aligned(out_bytes + self.GUARD)
        kept = self._state(arena)
        self.model.reset(arena.ctypes.data)
        results = np.empty((len(inputs), out_bytes), np.int8)
        for row, window in enumerate(np.ascontiguousarray(inputs, np.int8).reshape(len(inputs), -1)):
            state = arena[kept]
            arena[:], out[:] = 0xA5, 0x5A
            arena[kept] = state
            window = np.ascontiguousarray(window)
            status = self._call(values, arena, window, out, traces)
            assert status == 0
            assert (arena[self.program.arena_bytes :] == 0xA5).all()
            assert (out[out_bytes:] == 0x5A).all()
            results[row] = out[:out_bytes].view(np.int8)
        return results

    def _state(self, arena: np.ndarray) -> np.ndarray:
        """The bytes of the arena that a reset clears, as a mask."""
        arena[:] = 0xA5
        self.model.reset(arena.ctypes.data)
        cleared = arena == 0
        arena[:] = 0x5A
        self.model.reset(arena.ctypes.data)
        assert np.array_equal(cleared, arena == 0)
        return cleared

    def _call(self, values, arena, window, out, traces) -> int:
        def record(context, number, data, size):
            traces.append((number, np.frombuffer(ctypes.string_at(data, size), np.int8)))

        trace = Trace(TRACE_CALLBACK(record), None) if traces is not None else None
        pointer = ctypes.addressof(trace) if trace is not None else None
        return self.model.run(
            values.ctypes.data, arena.ctypes.data, window.ctypes.data, out.ctypes.data, pointer
        )


def extremes(size: int) -> np.ndarray:
    """Inputs at the ends of the range: rails, zeros, alternating, ramps, halves, one-hot."""
    i = np.arange(size)
    rows = [
        i * 0 - 128,
        i * 0 + 127,
        i * 0,
        np.where(i & 1, 127, -128),
        np.where(i & 1, -128, 127),
        np.where(i // 3 & 1, 127, -128),
        (i + 128) % 256 - 128,
        np.where(i < size // 2, -128, 127),
    ]
    hot = np.unique(np.linspace(0, size - 1, 12).astype(int))
    rows += [np.where(i == k, 127, -128) for k in hot] + [np.where(i == k, -128, 127) for k in hot[:4]]
    return np.array(rows).astype(np.int8)  # fmt: skip


def random_inputs(size: int, count: int, seed: int = 1) -> np.ndarray:
    """Seeded; half of them small, where roundings and zero points show."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(-128, 128, (count, size))
    return (rows >> np.where(np.arange(count) % 2, 0, 1 + np.arange(count) % 5)[:, None]).astype(np.int8)
