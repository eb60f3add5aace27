"""The committed tables are what their generator writes; their values are what they are said to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from aurora.features import tables

FEATURES = Path(__file__).resolve().parents[2] / "firmware" / "lib" / "features"


@pytest.mark.parametrize("name", ["table_twiddle.c", "table_window.c"])
def test_regenerating_gives_the_same_bytes(name: str) -> None:
    assert (FEATURES / name).read_text() == tables.render()[name], "run python -m aurora.features.tables"


@pytest.mark.parametrize(("radix", "m"), [(4, 512), (8, 32), (4, 4)])
def test_twiddles_are_roots_of_unity(radix: int, m: int) -> None:
    values = np.array(tables.twiddles(radix, m)).reshape(m, radix - 1, 2)
    j, q = np.meshgrid(np.arange(m), np.arange(1, radix), indexing="ij")
    expected = np.exp(-2j * np.pi * j * q / (radix * m))
    assert np.abs(values[..., 0] + 1j * values[..., 1] - expected).max() < 1e-15
    exact = np.abs(expected.real) < 1e-9
    assert (values[..., 0][exact] == 0.0).all(), "a quarter turn has an exact zero, not 6e-17"


def test_hann_pairs_are_the_periodic_window() -> None:
    pairs = np.array(tables.hann_pairs()).reshape(-1, 2)
    k = np.arange(1024)
    expected = [0.5 - 0.5 * np.cos(2 * np.pi * (k + shift) / 4096) for shift in (0, 1024)]
    assert np.abs(pairs.T - expected).max() < 1e-15


def test_bit_reversal_is_its_own_inverse() -> None:
    table = np.array(tables.bit_reversal())
    assert (table[table] == np.arange(512)).all()
    assert table[1] == 256
