"""Inputs that find mistakes: golden ones where a release has them, seeded noise, the ends of the range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aurora.compile import TensorIO

GOLDEN_SHARE = 4  # at most a quarter of the inputs
PATTERNS: tuple[Callable[[NDArray[np.int64]], NDArray[np.int64]], ...] = (
    lambda i: i * 0 - 128,
    lambda i: i * 0 + 127,
    lambda i: i * 0,
    lambda i: np.where(i & 1, 127, -128),
    lambda i: np.where(i & 1, -128, 127),
    lambda i: np.where(i // 3 & 1, 127, -128),
    lambda i: (i + 128) % 256 - 128,
    lambda i: np.where(i < i.size // 2, -128, 127),
)
# Within what an int32 holds after division by a scale: beyond it TFLite Micro's own QUANTIZE is undefined and
# differs from machine to machine.
FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-30, 0.5, 127.5, -128.5, 3e4, -3e4)


def make_inputs(
    ports: tuple[TensorIO, ...], count: int, golden: NDArray[np.int8] | None = None, seed: int = 1
) -> NDArray[np.uint8]:
    """``count`` input blocks, uint8 [count, bytes]: golden first, then seeded and extreme ones by turns.

    Equal arguments give equal blocks. ``golden`` is int8 [g, bytes].
    """
    size = sum(port.bytes for port in ports)
    rows: list[NDArray[np.uint8]] = []
    if golden is not None and golden.shape[1:] == (size,):
        rows += list(np.ascontiguousarray(golden[: count // GOLDEN_SHARE]).view(np.uint8))
    number = 0
    while len(rows) < count:
        make = _seeded if number % 2 == 0 else _extreme
        rows.append(np.concatenate([make(port, number // 2, seed) for port in ports]))
        number += 1
    return np.array(rows, np.uint8).reshape(count, size)


def seeded_inputs(ports: tuple[TensorIO, ...], count: int, seed: int = 1) -> NDArray[np.uint8]:
    """``count`` blocks of noise only, uint8 [count, bytes]."""
    return np.array([np.concatenate([_seeded(port, n, seed) for port in ports]) for n in range(count)])


def _seeded(port: TensorIO, number: int, seed: int) -> NDArray[np.uint8]:
    """Noise; every other block is small, where roundings and zero points show."""
    rng = np.random.default_rng([seed, number, len(port.name)])
    if port.dtype == "float32":
        return _bytes(rng.normal(0, (1 + number % 8) / 4, port.bytes // 4).astype(np.float32))
    values = rng.integers(-128, 128, port.bytes)
    return _bytes((values >> (0 if number % 2 == 0 else 1 + number % 5)).astype(np.int8))


def _extreme(port: TensorIO, number: int, seed: int) -> NDArray[np.uint8]:
    """The patterns in turn, then single elements that differ from all others."""
    if port.dtype == "float32":
        return _bytes(np.full(port.bytes // 4, FLOATS[number % len(FLOATS)], np.float32))
    i = np.arange(port.bytes)
    if number < len(PATTERNS):
        return _bytes(PATTERNS[number](i).astype(np.int8))
    at = np.random.default_rng([seed, number]).integers(port.bytes)
    high = number % 2 == 0
    return _bytes(np.where(i == at, 127 if high else -128, -128 if high else 127).astype(np.int8))


def _bytes(values: NDArray[np.int8] | NDArray[np.float32]) -> NDArray[np.uint8]:
    return values.view(np.uint8)
