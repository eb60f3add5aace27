"""Chains and windows on which every build of the feature library must give the same bits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from aurora.spec.chain import ChainSpec, compile_chain, default_chain, feature_names, with_normalisation
from aurora.spec.signal import SignalSpec

RATE_HZ = 20000.0
KINDS = (
    "noise", "bursts", "clipped", "constant", "silent", "rails", "one lsb", "two rails", "impulse",
    "alternating", "tone", "offset",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One chain with normalisation, and windows: int16 [w, axes, n] and what belongs to each."""

    name: str
    chain: bytes
    features: int
    samples: np.ndarray
    scale_g: np.ndarray
    rate_hz: np.ndarray
    rpm: np.ndarray


def axis_samples(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """One axis of int16 [n]."""
    t = np.arange(n) / RATE_HZ
    noise = rng.normal(size=n) * 10 ** rng.uniform(-0.5, 3.9)
    x = {
        "noise": lambda: noise + rng.uniform(-2000, 2000),
        "bursts": lambda: noise + 3000 * np.exp(-((t * 107) % 1) * 12) * np.sin(2 * np.pi * 6000 * t),
        "clipped": lambda: noise * 30 + rng.uniform(-20000, 20000),
        "constant": lambda: np.full(n, rng.integers(-32768, 32768)),
        "silent": lambda: np.zeros(n),
        "rails": lambda: np.full(n, rng.choice([-32768, 32767])),
        "one lsb": lambda: rng.integers(-1, 2, n),
        "two rails": lambda: np.where(rng.random(n) < rng.random(), -32768, 32767),
        "impulse": lambda: np.where(np.arange(n) == rng.integers(n), 32767, rng.integers(-1, 2)),
        "alternating": lambda: np.where(np.arange(n) % 2, 32767, -32768),
        "tone": lambda: 30000 * np.sin(2 * np.pi * rng.uniform(0, 0.5) * np.arange(n)),
        "offset": lambda: 32000 + rng.integers(-1, 2, n),
    }[kind]()
    return np.clip(np.round(x), -32768, 32767).astype(np.int16)


def make_case(name: str, spec: ChainSpec, n: int, axes: int, windows: int, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    signal = SignalSpec(n, tuple("abcdefgh"[:axes]), RATE_HZ, "known")
    count = len(feature_names(spec, signal.axes))
    chain = with_normalisation(
        compile_chain(spec, signal),
        rng.normal(0, 1, count),
        rng.uniform(1, 40, count),
        int(rng.integers(-9, 9)),
    )
    kinds = rng.permuted(np.arange(windows * axes) % len(KINDS)).reshape(windows, axes)
    samples = np.array([[axis_samples(KINDS[kind], n, rng) for kind in row] for row in kinds])
    scale = (2.0 ** rng.uniform(-14, -6, (windows, axes))).astype(np.float32)
    odd = rng.random((windows, axes)) < 0.15
    choices = [1e-38, 1e-45, 2.0**-40, 2.0**20, 1e-20, 0.0, np.nan, np.inf, -1.0]
    scale[odd] = rng.choice(choices, int(odd.sum()))
    rate = np.float32(RATE_HZ) * rng.choice([1, 1, 1, 0.5, 0.97, 1.031, 2], windows).astype(np.float32)
    rpm = rng.choice([1800.0, 1753.3, 12.5, 40000.0, 0.0, np.nan, np.inf, -3.0], windows).astype(np.float32)
    return Case(name, chain, count, samples, scale, rate, rpm)


def specs() -> dict[str, tuple[ChainSpec, int, int]]:
    """Name: spec, n, axes. Every path through the library: lengths, parities, windows, modes."""

    def default(n: int, axes: int) -> ChainSpec:
        return default_chain(
            SignalSpec(n, tuple("abcdefgh"[:axes]), RATE_HZ, "known"), 1800.0, calibration_windows=5
        )

    long = default(4096, 1)
    assert long.envelope is not None
    peaks = replace(long, envelope=replace(long.envelope, mode="strongest", log=False, decimation=8))
    bands = replace(long, envelope=None)
    found: dict[str, tuple[ChainSpec, int, int]] = {
        f"default {n}x{axes}": (default(n, axes), n, axes)
        for n, axes in (
            (4096, 3),
            (2560, 2),
            (2048, 1),
            (1000, 5),
            (777, 3),
            (512, 8),
            (256, 1),
            (17, 2),
            (16, 1),
        )
    }
    return found | {
        "strongest": (peaks, 4096, 1),
        "short segments": (replace(peaks, segment=256, hop=128), 4096, 2),
        "raw linear": (replace(default(3001, 1), remove_dc=False, log_statistics=()), 3001, 1),
        "hann 2048": (replace(bands, segment=2048, hop=1024), 4096, 1),
        "hamming 512": (replace(bands, segment=512, hop=100, window="hamming"), 4095, 1),
        "rectangular 4096": (replace(bands, segment=4096, hop=4096, window="rectangular"), 4096, 1),
    }


def cases(windows: int, seed: int = 1) -> list[Case]:
    return [make_case(name, *found, windows, seed + i) for i, (name, found) in enumerate(specs().items())]
