"""Windows without variation, clipped, of absurd scale: defined values and flags, never NaN or denormal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from aurora._device import ffi, lib
from aurora.errors import InputError
from aurora.features import extract
from aurora.spec.chain import compile_chain, default_chain, feature_names
from aurora.spec.signal import SignalSpec

RATE_HZ, N = 20000.0, 1024
SIGNAL = SignalSpec(N, ("x", "y"), RATE_HZ, "known")
CHAIN = compile_chain(default_chain(SIGNAL, 1800.0), SIGNAL)
NOISE = (np.random.default_rng(1).normal(size=(1, 2, N)) * 500).astype(np.int16)
FLOORS = [-30.0, 0.0, 0.0] + [-60.0] * 12 + [-30.0] * 9
SILENT, CONSTANT = lib.FEATURES_FLAG_SILENT, lib.FEATURES_FLAG_CONSTANT
CLIPPED, RPM_UNKNOWN = lib.FEATURES_FLAG_CLIPPED, lib.FEATURES_FLAG_RPM_UNKNOWN
BAD_SCALE = lib.FEATURES_FLAG_BAD_SCALE


def run(windows: np.ndarray, *, scale: object = 1e-3, rate: float = RATE_HZ, rpm: float = 1800.0):
    scales = np.broadcast_to(np.asarray(scale, np.float32), windows.shape[:2])
    return extract(CHAIN, windows, scales, rate, rpm)


def with_axis(values: np.ndarray | int) -> np.ndarray:
    windows = NOISE.copy()
    windows[0, 1] = values
    return windows


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        (0, SILENT | CONSTANT),
        (1, CONSTANT),
        (-77, CONSTANT),
        (32767, CONSTANT | CLIPPED),
        (-32768, CONSTANT | CLIPPED),
    ],
)
def test_an_axis_without_variation_takes_the_floors(value: int, flags: int) -> None:
    features, seen = run(with_axis(value))
    assert features[0, 24:].tolist() == FLOORS
    assert seen[0] == flags
    alone, _ = run(NOISE)
    assert (features[0, :24] == alone[0, :24]).all(), "one axis must not touch another's features"


def test_without_dc_removal_a_constant_has_its_own_rms() -> None:
    from dataclasses import replace

    chain = compile_chain(replace(default_chain(SIGNAL, 1800.0), remove_dc=False), SIGNAL)
    features, flags = extract(chain, with_axis(-512), np.full((1, 2), 2.0**-9), RATE_HZ, 1800.0)
    assert features[0, 24:27].tolist() == [0.0, 0.0, 0.0]  # log2 of 1 g, crest 1, kurtosis 1
    assert flags[0] == CONSTANT


@pytest.mark.parametrize(("rails", "clipped"), [(1, False), (3, False), (4, True), (200, True)])
@pytest.mark.parametrize("rail", [32767, -32767, -32768])
def test_clipping_takes_four_samples_at_a_rail(rail: int, rails: int, clipped: bool) -> None:
    windows = NOISE.copy()
    windows[0, 0, 10 : 10 + rails] = rail
    features, flags = run(windows)
    assert bool(flags[0] & CLIPPED) == clipped
    assert np.isfinite(features).all()


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e-38, 1e-45, 2.0**-41, 2.0**21, np.inf, np.nan])
def test_an_absurd_scale_counts_as_silence_and_says_so(scale: float) -> None:
    features, flags = run(NOISE, scale=[[1e-3, scale]])
    assert features[0, 24:].tolist() == FLOORS
    assert flags[0] == BAD_SCALE


@pytest.mark.parametrize("scale", [2.0**-40, 2.0**-30, 2.0**20])
@pytest.mark.parametrize("amplitude", [1, 32767])
def test_extreme_scales_stay_normal_numbers(scale: float, amplitude: int) -> None:
    windows = (np.random.default_rng(2).integers(-1, 2, (3, 2, N)) * amplitude).astype(np.int16)
    features, _ = run(windows, scale=scale)
    assert np.isfinite(features).all()
    assert ((features == 0) | (np.abs(features) > 1.2e-38)).all()
    assert (features >= np.tile(FLOORS, 2)).all()


@pytest.mark.parametrize("kind", ["impulse", "two rails", "alternating", "ramp", "square"])
def test_worst_cases_stay_finite(kind: str) -> None:
    k = np.arange(N)
    values = {
        "impulse": np.where(k == N // 2, 32767, 0),
        "two rails": np.where(np.random.default_rng(4).random(N) < 0.5, 32767, -32768),
        "alternating": np.where(k % 2, 32767, -32768),
        "ramp": k * 60 - 30000,
        "square": np.where(k % 64 < 32, 32767, -32768),
    }[kind]
    features, _ = run(with_axis(values))
    assert np.isfinite(features).all()
    assert ((features == 0) | (np.abs(features) > 1.2e-38)).all()


@pytest.mark.parametrize("rpm", [np.nan, 0.0, -1.0, 0.001, 2e6, np.inf])
def test_an_unusable_rpm_is_flagged(rpm: float) -> None:
    features, flags = run(NOISE, rpm=rpm)
    assert flags[0] == RPM_UNKNOWN
    nominal, none = run(NOISE, rpm=1800.0)
    assert none[0] == 0
    assert (features[:, :15] == nominal[:, :15]).all()
    assert (features >= nominal).all(), "the search at nominal speed is the wider one"


@pytest.mark.parametrize("rate", [RATE_HZ * 0.49, RATE_HZ * 2.01, np.nan, np.inf, 0.0, -RATE_HZ])
def test_a_rate_far_from_the_chains_is_refused(rate: float) -> None:
    with pytest.raises(InputError, match="rate is not within"):
        run(NOISE, rate=rate)


@pytest.mark.parametrize("missing", [0, 1, 8])
def test_a_small_or_misaligned_workspace_is_refused(missing: int) -> None:
    info = ffi.new("chain_info *")
    assert lib.chain_check(ffi.from_buffer("uint8_t[]", CHAIN), len(CHAIN), info) == 0
    work = np.zeros(info.workspace_bytes // 8 + 2)
    scale = ffi.new("float[2]", [1e-3, 1e-3])
    window = ffi.new("features_window *", {"samples": ffi.from_buffer("int16_t[]", NOISE), "scale_g": scale,
                                           "rate_hz": RATE_HZ, "rpm": 1800.0})  # fmt: skip
    out, flags = ffi.new("float[]", info.features), ffi.new("uint32_t *")
    start = ffi.from_buffer("char[]", work) + (4 if missing == 0 else 0)
    chain = ffi.from_buffer("uint8_t[]", CHAIN)
    code = lib.features_extract(chain, len(CHAIN), window, out, flags, start, info.workspace_bytes - missing)
    assert code == lib.FEATURES_E_WORK


def test_nothing_is_written_outside_the_workspace_and_the_output() -> None:
    info = ffi.new("chain_info *")
    lib.chain_check(ffi.from_buffer("uint8_t[]", CHAIN), len(CHAIN), info)
    work = np.full(info.workspace_bytes + 64, 0xA5, np.uint8)
    out = np.full(info.features + 2, 7.0, np.float32)
    scale = ffi.new("float[2]", [1e-3, 1e-3])
    window = ffi.new("features_window *", {"samples": ffi.from_buffer("int16_t[]", NOISE), "scale_g": scale,
                                           "rate_hz": RATE_HZ, "rpm": 1800.0})  # fmt: skip
    aligned = -work.ctypes.data % 8
    code = lib.features_extract(
        ffi.from_buffer("uint8_t[]", CHAIN), len(CHAIN), window, ffi.from_buffer("float[]", out),
        ffi.new("uint32_t *"), ffi.from_buffer("char[]", work) + aligned, info.workspace_bytes,
    )  # fmt: skip
    assert code == 0
    assert (work[:aligned] == 0xA5).all()
    assert (work[aligned + info.workspace_bytes :] == 0xA5).all()
    assert (out[info.features :] == 7.0).all()


def test_arrays_that_do_not_fit_the_chain_are_refused() -> None:
    with pytest.raises(InputError, match="the chain takes int16"):
        run(NOISE[:, :1])
    with pytest.raises(InputError, match="the chain takes int16"):
        run(NOISE.astype(np.int32))
    with pytest.raises(InputError, match="shape"):
        extract(CHAIN, NOISE, np.ones((1, 3)), RATE_HZ, 1800.0)


@pytest.mark.parametrize("n", [1024, 4096])
def test_peaks_without_bands_are_the_same_peaks(n: int) -> None:
    """A spectrum that serves the envelope alone has no band edges to read."""
    signal = SignalSpec(n=n, axes=("x", "y"), rate_hz=RATE_HZ, rpm="known")
    whole = default_chain(signal, 1800.0)
    alone = replace(whole, statistics=(), log_statistics=(), band_edges_hz=())
    windows = np.random.default_rng(8).integers(-900, 900, (3, 2, n), np.int16)
    values = [
        extract(compile_chain(c, signal), windows, np.ones((3, 2)), RATE_HZ, 1800.0) for c in (whole, alone)
    ]
    of_peaks = [i for i, name in enumerate(feature_names(whole, signal.axes)) if ".order" in name]
    assert values[0][0][:, of_peaks].tobytes() == values[1][0].tobytes()
    assert values[0][1].tobytes() == values[1][1].tobytes()
