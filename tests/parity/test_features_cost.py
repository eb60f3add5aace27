"""What the default chain costs on a Cortex-M4F: exact instruction counts from QEMU, and memory."""

from __future__ import annotations

import shutil
from pathlib import Path

import features_board
import numpy as np
import pytest
from aurora.features import chain_info
from aurora.spec.chain import compile_chain, default_chain
from aurora.spec.signal import SignalSpec

RATE_HZ, NOMINAL_RPM = 20000.0, 1800.0


def job(n: int, axes: int, kind: str = "noise") -> tuple[features_board.Job, int]:
    """One window for the default chain, and the number of its features."""
    signal = SignalSpec(n, tuple("abcdefgh"[:axes]), RATE_HZ, "known")
    chain = compile_chain(default_chain(signal, NOMINAL_RPM), signal)
    samples = np.random.default_rng(1).normal(size=(1, axes, n)) * (60000 if kind == "clipped" else 1000)
    samples = np.clip(np.round(samples), -32768, 32767).astype(np.int16)
    if kind == "one at the rail":
        samples[..., -1] = 32767
    scale, rate, rpm = np.full((1, axes), 1e-3), np.full(1, RATE_HZ), np.full(1, NOMINAL_RPM)
    return features_board.Job(chain, samples, scale, rate, rpm), chain_info(chain).feature_count


@pytest.mark.emulated
@pytest.mark.skipif(not shutil.which("qemu-system-arm"), reason="qemu-system-arm is not installed")
@pytest.mark.parametrize(
    ("kind", "limit"), [("noise", 1_200_000), ("clipped", 1_240_000), ("one at the rail", 1_240_000)]
)
def test_instructions_of_a_window_of_three_axes(kind: str, limit: int, tmp_path: Path) -> None:
    """A window that touches a rail is looked through for more of it, sample by sample."""
    assert features_board.cost(tmp_path, *job(4096, 3, kind)).instructions <= limit


@pytest.mark.parametrize("n", [256, 1000, 2048, 2560, 4096])
def test_the_workspace_is_at_most_20_kilobytes(n: int) -> None:
    assert chain_info(job(n, 3)[0].chain).workspace_bytes <= 20480
