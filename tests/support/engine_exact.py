"""Compares a compiled model, on this machine, with TFLite Micro: every byte of every output."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from aurora.compile import Program, TensorIO, compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_host import HostEngine, extremes, random_inputs

ARENA_BYTES = 1 << 20


def assert_exact(
    tflite: bytes,
    build: Callable[[Program], HostEngine],
    rows: int = 100,
    float_scale: float = 0.037,
    core: str = "host",
) -> None:
    """``float_scale`` sizes the values given to a float input. The kernels of ``core`` must have a C form."""
    program = compile_model(tflite, core)
    inputs = input_blocks(program, rows, float_scale)
    expected = TflmInterpreter(tflite, arena_bytes=ARENA_BYTES).run(inputs)
    actual = build(program).run(inputs)
    differing = np.argwhere(actual != expected)
    assert not len(differing), f"{len(differing)} bytes differ, first at row, byte {differing[0]}"


def input_blocks(program: Program, rows: int, float_scale: float = 0.037) -> np.ndarray:
    """Extreme and ``rows`` random inputs, int8 [w, in_bytes]."""
    blocks = [_port_bytes(port, rows, number, float_scale) for number, port in enumerate(program.inputs)]
    count = min(map(len, blocks))
    return np.concatenate([block[:count] for block in blocks], axis=1)


def _port_bytes(port: TensorIO, rows: int, number: int, float_scale: float) -> np.ndarray:
    size = int(np.prod(port.shape))
    values = np.concatenate([extremes(size), random_inputs(size, rows, seed=1 + number)])
    if port.dtype != "float32":
        return values
    steps = np.random.default_rng(number).choice([0, 0.25, -0.5, 0.5, 0.499], values.shape)
    return np.ascontiguousarray(((values + steps) * 1.5).astype(np.float32) * np.float32(float_scale)).view(
        np.int8
    )
