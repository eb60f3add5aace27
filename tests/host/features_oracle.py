"""The features of a chain in numpy float64, written from their definitions: the C must agree with this.

Nothing here knows how the C computes them: whole complex transforms, no pairing, no fused passes.
"""

from __future__ import annotations

import itertools

import numpy as np
from aurora.spec.chain import ChainSpec, EnvelopeSpec

LOG_AMPLITUDE_FLOOR, LOG_POWER_FLOOR = -30.0, -60.0
COEFFICIENTS = {"rectangular": (1.0, 0.0), "hann": (0.5, 0.5), "hamming": (0.54, 0.46)}


def window_of(name: str, length: int) -> np.ndarray:
    a, b = COEFFICIENTS[name]
    return a - b * np.cos(2 * np.pi * np.arange(length) / length)


def statistics(spec: ChainSpec, x: np.ndarray, scale: float) -> list[float]:
    d = x - (x.mean() if spec.remove_dc else 0.0)
    m2 = np.mean(d**2)
    live = m2 > 0
    values = {
        "rms": np.sqrt(m2) * scale,
        "crest": np.abs(d).max() / np.sqrt(m2) if live else 0.0,
        "kurtosis": np.mean(d**4) / m2**2 if live else 0.0,
    }
    floors = {"rms": LOG_AMPLITUDE_FLOOR, "crest": 0.0, "kurtosis": 0.0}
    result = []
    for name in ("rms", "crest", "kurtosis"):
        if name in spec.statistics:
            value = values[name]
            if name in spec.log_statistics:
                value = max(np.log2(value), floors[name]) if value > 0 else floors[name]
            result.append(float(value))
    return result


def edge_lines(spec: ChainSpec, rate_hz: float) -> list[int]:
    """The line nearest to each edge; every band keeps a line, none reaches half the rate."""
    lines, least = [], 1
    for i, edge in enumerate(spec.band_edges_hz):
        most = spec.segment // 2 - (len(spec.band_edges_hz) - 1 - i)
        lines.append(min(max(int(np.floor(edge * spec.segment / rate_hz + 0.5)), least), most))
        least = lines[-1] + 1
    return lines


def segment_spectra(spec: ChainSpec, x: np.ndarray) -> np.ndarray:
    d = x - (x.mean() if spec.remove_dc else 0.0)
    starts = range(0, len(x) - spec.segment + 1, spec.hop)
    w = window_of(spec.window, spec.segment)
    return np.array([np.fft.fft(w * d[s : s + spec.segment]) for s in starts])


def bands(spec: ChainSpec, x: np.ndarray, scale: float, rate_hz: float) -> list[float]:
    w = window_of(spec.window, spec.segment)
    power = (np.abs(segment_spectra(spec, x)) ** 2).mean(0) * 2 / (spec.segment**2 * np.mean(w**2))
    lines = edge_lines(spec, rate_hz)
    sums = [power[a:b].sum() * scale**2 for a, b in itertools.pairwise(lines)]
    return [max(float(np.log2(s)), LOG_POWER_FLOOR) if s > 0 else LOG_POWER_FLOOR for s in sums]


def envelope_signal(spec: ChainSpec, x: np.ndarray, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """The decimated envelope in counts and the weight of each of its samples."""
    e = spec.envelope
    assert e is not None
    width = spec.segment // (2 * e.decimation)
    first = int(np.floor(e.low_hz * spec.segment / rate_hz + 0.5)) & ~1
    first = min(max(first, 2), spec.segment // 2 - width - 2)
    length, hop = spec.segment // e.decimation, spec.hop // e.decimation
    spectra = segment_spectra(spec, x)
    points = (len(spectra) + 1) * hop
    analytic, weight = np.zeros(points, complex), np.zeros(points)
    w = window_of("hann", spec.segment)[:: e.decimation]
    for i, spectrum in enumerate(spectra):
        band = np.zeros(length, complex)
        band[:width] = spectrum[first : first + width]
        analytic[i * hop : i * hop + length] += np.fft.ifft(band) * length * 2 / spec.segment
        weight[i * hop : i * hop + length] += w
    return np.abs(analytic), weight


def envelope_spectrum(spec: ChainSpec, x: np.ndarray, rate_hz: float) -> tuple[np.ndarray, float]:
    """Amplitudes in counts of the lines 0 .. transform/2 - 1, and the lines' distance in Hz."""
    e = spec.envelope
    assert e is not None
    envelope, weight = envelope_signal(spec, x, rate_hz)
    transform = max(64, 1 << int(np.ceil(np.log2(len(envelope)))))
    centred = envelope - envelope.sum() / weight.sum() * weight
    amplitude = np.abs(np.fft.rfft(centred, transform))[: transform // 2] * 2 / weight.sum()
    amplitude[0] = 0
    return amplitude, rate_hz / e.decimation / transform


def _at_orders(e: EnvelopeSpec, amplitude: np.ndarray, line_hz: float, rpm: float) -> list[float]:
    known = 0.01 <= rpm <= 1e6
    shaft_hz = (rpm if known else e.nominal_rpm) / 60
    search = e.search if known else e.search_nominal
    values = []
    for order in e.orders:
        for harmonic in range(1, e.harmonics + 1):
            line = order * shaft_hz * harmonic / line_hz
            if shaft_hz == 0 or line >= len(amplitude) - 0.5:
                values.append(0.0)
                continue
            center, reach = int(np.floor(line + 0.5)), 1 + int(line * search)
            values.append(float(amplitude[max(center - reach, 1) : center + reach + 1].max()))
    return values


def peaks(spec: ChainSpec, x: np.ndarray, scale: float, rate_hz: float, rpm: float) -> list[float]:
    e = spec.envelope
    assert e is not None
    amplitude, line_hz = envelope_spectrum(spec, x, rate_hz)
    if e.mode == "strongest":
        inner = amplitude[1:-1]
        tops = inner[(inner > amplitude[:-2]) & (inner >= amplitude[2:])]
        wanted = len(e.orders) * e.harmonics
        values = [*sorted(tops, reverse=True), *[0.0] * wanted][:wanted]
    else:
        values = _at_orders(e, amplitude, line_hz, rpm)
    scaled = [float(value) * scale for value in values]
    if not e.log:
        return scaled
    return [max(np.log2(v), LOG_AMPLITUDE_FLOOR) if v > 0 else LOG_AMPLITUDE_FLOOR for v in scaled]


def features(
    spec: ChainSpec, window: np.ndarray, scale: np.ndarray, rate_hz: float, rpm: float
) -> np.ndarray:
    """float64 [F] of one window int16 [axes, n] with live axes (not constant)."""
    values: list[float] = []
    for axis, counts in enumerate(window):
        x = counts.astype(float)
        values += statistics(spec, x, float(scale[axis]))
        if spec.band_edges_hz:
            values += bands(spec, x, float(scale[axis]), rate_hz)
        if spec.envelope is not None:
            values += peaks(spec, x, float(scale[axis]), rate_hz, rpm)
    return np.array(values)
