"""firmware/lib/core against the standard library and numpy."""

from __future__ import annotations

import hashlib
import zlib

import numpy as np
import pytest
from aurora._device import ffi, lib


@pytest.mark.parametrize("size", [0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 128, 1000])
def test_sha256_whole_and_in_pieces(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    digest = ffi.new("uint8_t[32]")
    lib.sha256_digest(data, size, digest)
    assert bytes(digest) == hashlib.sha256(data).digest()
    state = ffi.new("sha256_state *")
    lib.sha256_init(state)
    for start in range(0, size, 37):
        piece = data[start : start + 37]
        lib.sha256_update(state, piece, len(piece))
    lib.sha256_final(state, digest)
    assert bytes(digest) == hashlib.sha256(data).digest()


@pytest.mark.parametrize("size", [0, 1, 9, 4096])
def test_crc32_is_that_of_zlib(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    assert lib.crc32_update(0, data, size) == zlib.crc32(data)
    half = lib.crc32_update(0, data[: size // 2], size // 2)
    assert lib.crc32_update(half, data[size // 2 :], size - size // 2) == zlib.crc32(data)


def test_log2_within_its_stated_error() -> None:
    rng = np.random.default_rng(1)
    values = np.float32(2.0 ** rng.uniform(-125.9, 127.9, 20000))
    near_one = np.float32(2.0 ** rng.uniform(-1, 1, 20000))
    for v in np.concatenate([values, near_one]):
        exact = np.log2(float(v))
        assert abs(lib.fm_log2(float(v)) - exact) <= 1e-7 + 6.1e-8 * abs(exact), f"log2({v!r})"


@pytest.mark.parametrize("power", [-126, -60, -1, 0, 1, 100, 127])
def test_log2_of_powers_of_two_is_exact(power: int) -> None:
    assert lib.fm_log2(2.0**power) == power


@pytest.mark.parametrize("value", [0.0, -0.0, -1.0, 1e-40, float("nan"), float("inf"), -float("inf")])
def test_log2_of_anything_else_is_defined(value: float) -> None:
    assert lib.fm_log2(value) == -126.0
