"""Every feature against numpy float64 (features_oracle.py), over lengths, rates, segments and windows.

Tolerances: log2 features 1e-4 absolute (a band 80 dB below the others is limited by float32, all else is
near 4e-6), linear ones 1e-5 of the window's RMS or of the value.
"""

from __future__ import annotations

from dataclasses import replace

import features_oracle as oracle
import numpy as np
import pytest
from aurora.features import chain_info, extract
from aurora.spec.chain import ChainSpec, compile_chain, default_chain
from aurora.spec.signal import SignalSpec

RATE_HZ, NOMINAL_RPM, RPM = 20000.0, 1800.0, 1753.0
WINDOWS = 4


def windows_of(n: int, axes: int, rate_hz: float) -> np.ndarray:
    """Noise over four decades with an offset, and a bearing's bursts: int16 [WINDOWS, axes, n]."""
    rng = np.random.default_rng(n)
    t = np.arange(n) / rate_hz
    x = rng.normal(size=(WINDOWS, axes, n)) * 10 ** rng.uniform(0.5, 3.5, (WINDOWS, axes, 1))
    x[1] += 3000 * np.exp(-((t * 107) % 1) * 12) * np.sin(2 * np.pi * 0.3 * rate_hz * t)
    x += rng.uniform(-3000, 3000, (WINDOWS, axes, 1))
    return np.clip(np.round(x), -32768, 32767).astype(np.int16)


def compare(spec: ChainSpec, n: int, axes: int, *, rate_hz: float = RATE_HZ, rpm: float = RPM) -> None:
    """``rate_hz`` is the windows' own; the chain is compiled for RATE_HZ."""
    chain = compile_chain(spec, SignalSpec(n, tuple("abcdefgh"[:axes]), RATE_HZ))
    windows = windows_of(n, axes, rate_hz)
    scale = np.random.default_rng(1).uniform(1e-4, 1e-2, (WINDOWS, axes)).astype(np.float32)
    features, _ = extract(chain, windows, scale, rate_hz, rpm)
    expected = np.array(
        [oracle.features(spec, w, s, rate_hz, rpm) for w, s in zip(windows, scale, strict=True)]
    )
    assert features.shape == expected.shape == (WINDOWS, chain_info(chain).feature_count)
    np.testing.assert_allclose(features, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("n", [256, 300, 512, 777, 1000, 1024, 2048, 2560, 3001, 4000, 4095, 4096])
def test_default_chain_at_any_length(n: int) -> None:
    compare(default_chain(SignalSpec(n, ("x",), RATE_HZ, "known"), NOMINAL_RPM), n, 2)


@pytest.mark.parametrize("axes", [1, 3, 5, 6, 8])
def test_default_chain_with_any_number_of_axes(axes: int) -> None:
    signal = SignalSpec(512, tuple("abcdefgh"[:axes]), RATE_HZ, "known")
    compare(default_chain(signal, NOMINAL_RPM), 512, axes)


@pytest.mark.parametrize("n", [16, 17, 100, 255])
def test_short_windows_have_statistics_only(n: int) -> None:
    spec = default_chain(SignalSpec(n, ("x",), RATE_HZ), NOMINAL_RPM)
    assert spec.segment == 0
    compare(spec, n, 3)


@pytest.mark.parametrize("factor", [0.5, 0.97, 1.05, 2.0])
def test_bands_and_peaks_follow_the_windows_own_rate(factor: float) -> None:
    spec = default_chain(SignalSpec(2048, ("x",), RATE_HZ, "known"), NOMINAL_RPM)
    compare(spec, 2048, 1, rate_hz=RATE_HZ * factor)


@pytest.mark.parametrize(
    ("segment", "hop", "window", "n"),
    [
        (4096, 4096, "hann", 4096),
        (2048, 1024, "hann", 4096),
        (2048, 512, "hamming", 4096),
        (2048, 2048, "hann", 2048),
        (1024, 300, "hamming", 4096),
        (1024, 1024, "rectangular", 4000),
        (512, 128, "rectangular", 4096),
        (256, 32, "hann", 700),
    ],
)
def test_segments_hops_and_windows(segment: int, hop: int, window: str, n: int) -> None:
    spec = default_chain(SignalSpec(n, ("x",), RATE_HZ, "known"), NOMINAL_RPM)
    compare(replace(spec, segment=segment, hop=hop, window=window, envelope=None), n, 2)


@pytest.mark.parametrize("decimation", [4, 8, 16])
@pytest.mark.parametrize("segment", [256, 512, 1024])
@pytest.mark.parametrize("mode", ["orders", "strongest"])
def test_envelopes(segment: int, decimation: int, mode: str) -> None:
    spec = default_chain(SignalSpec(4096, ("x",), RATE_HZ, "known"), NOMINAL_RPM)
    assert spec.envelope is not None
    envelope = replace(spec.envelope, decimation=decimation, mode=mode, log=mode == "orders", search=0.03)
    for n in (1024, 2500, 4096):
        compare(replace(spec, segment=segment, hop=segment // 2, envelope=envelope), n, 1)


@pytest.mark.parametrize("rpm", [float("nan"), 0.0, -5.0, float("inf")])
@pytest.mark.parametrize("nominal_rpm", [NOMINAL_RPM, None])
def test_unknown_rpm_is_sought_at_the_nominal_speed(rpm: float, nominal_rpm: float | None) -> None:
    spec = default_chain(SignalSpec(2048, ("x",), RATE_HZ, "known"), nominal_rpm)
    compare(spec, 2048, 1, rpm=rpm)


def test_linear_statistics_without_dc_removal() -> None:
    spec = default_chain(SignalSpec(2048, ("x",), RATE_HZ, "known"), NOMINAL_RPM)
    compare(replace(spec, remove_dc=False, log_statistics=(), statistics=("rms", "kurtosis")), 2048, 2)


def test_a_modulated_resonance_is_found_at_its_order() -> None:
    """The reason for the envelope: a fault's rate, invisible in the spectrum, stands out of it."""
    signal = SignalSpec(4096, ("x",), RATE_HZ, "known")
    spec = default_chain(signal, NOMINAL_RPM)
    t = np.arange(4096) / RATE_HZ
    shaft_hz = RPM / 60
    noise = np.random.default_rng(3).normal(size=(2, 1, 4096)) * 300
    bursts = 3000 * np.exp(-((t * 5.415 * shaft_hz) % 1) * 10) * np.sin(2 * np.pi * 6000 * t)
    noise[1] += bursts
    windows = np.round(noise).astype(np.int16)
    features, _ = extract(compile_chain(spec, signal), windows, np.full((2, 1), 1e-3), RATE_HZ, RPM)
    rise = (features[1] - features[0])[-9:].reshape(3, 3)  # orders x harmonics
    assert rise[1, 0] > 3.0
    assert rise[1, 0] > rise[0, 0] + 1
    assert rise[1, 0] > rise[2, 0] + 1


def test_the_overlap_added_envelope_is_that_of_the_whole_window() -> None:
    """Against scipy's Hilbert transform of the band-passed window, away from its faded ends."""
    from scipy.signal import hilbert

    signal = SignalSpec(4096, ("x",), RATE_HZ, "known")
    spec = default_chain(signal, NOMINAL_RPM)
    x = windows_of(4096, 1, RATE_HZ)[1, 0].astype(float)
    spectrum = np.fft.fft(x - x.mean())
    line = RATE_HZ / 4096
    assert spec.envelope is not None
    first = round(spec.envelope.low_hz / line)
    spectrum[:first] = 0
    spectrum[first + 512 : 4096 - first - 511] = 0
    spectrum[4096 - first + 1 :] = 0
    whole = np.abs(hilbert(np.fft.ifft(spectrum).real))[::4]
    ours, weight = oracle.envelope_signal(spec, x, RATE_HZ)
    inside = slice(150, len(weight) - 150)
    assert np.abs(weight[inside] - 1).max() < 1e-12
    assert np.corrcoef(whole[inside], ours[inside])[0, 1] > 0.98
