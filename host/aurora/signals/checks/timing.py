"""What time stamps say about the rate and about missing recordings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aurora.signals.checks.finding import Finding, Severity
from aurora.signals.dataset import DataSet, Unit, recorded_rates

CONTIGUOUS = 0.2  # a unit whose windows stand for no more than 1.2 window lengths was recorded without pause
RATE_TOLERANCE = 0.01
GAP = 1.5  # in units of what the earlier and the later window stand for
EMPTY_BAND = 0.45  # of the band up to half the rate
BAND_WINDOWS = 16


def timing_findings(dataset: DataSet) -> Iterator[Finding]:
    """Time that stands still or runs back, overlaps, gaps, and a rate that time or spectrum contradicts."""
    length_s = dataset.n / dataset.rate_hz
    for unit in dataset.units:
        yield from _recorded_rate(dataset, unit)
        if unit.windows > 1 and np.isfinite(unit.time_s).all() and np.isfinite(unit.stands_for_s).all():
            yield from _unit_findings(unit, length_s, dataset.rate_hz)
        yield from _empty_band(unit, dataset.rate_hz)


def _recorded_rate(dataset: DataSet, unit: Unit) -> Iterator[Finding]:
    rates = recorded_rates(dataset.path, unit.id)
    wrong = rates != dataset.rate_hz
    if wrong.any():
        first = int(np.argmax(wrong))
        what = f"was recorded at {rates[first]:g} Hz, the manifest says {dataset.rate_hz:g} Hz"
        yield Finding("error", "wrong_rate", what, "import the data again", unit.id, first, int(wrong.sum()))


def _unit_findings(unit: Unit, length_s: float, rate_hz: float) -> Iterator[Finding]:
    step = np.diff(unit.time_s)
    back = step <= 0
    if back.any():
        what, do = "time does not go on from the window before", "sort the recording by time"
        yield Finding("error", "time_order", what, do, unit.id, int(np.argmax(back)) + 1, int(back.sum()))
        return
    typical = float(np.median(step))
    contiguous = float(np.median(unit.stands_for_s)) <= (1 + CONTIGUOUS) * length_s
    if typical < length_s * (1 - RATE_TOLERANCE) or (
        contiguous and typical > length_s * (1 + RATE_TOLERANCE)
    ):
        likely = rate_hz * length_s / typical
        what = f"windows follow each other every {typical:.6g} s but last {length_s:.6g} s at {rate_hz:g} Hz"
        if typical < length_s:
            do = f"they overlap or the rate is nearer {likely:.6g} Hz: correct rate or time"
        else:
            do = f"samples were dropped or the rate is nearer {likely:.6g} Hz: correct rate or time"
        yield Finding("error", "wrong_rate", what, do, unit.id, 1, unit.windows - 1)
        return
    reach = np.maximum(unit.stands_for_s[1:], unit.stands_for_s[:-1]).astype(np.float64)
    gaps = step > (reach * (1 + RATE_TOLERANCE) if contiguous else reach * GAP)
    if gaps.any():
        first = int(np.argmax(gaps))
        what = (
            f"{step[first]:.6g} s after the window before, which stands for {unit.stands_for_s[first]:.6g} s"
        )
        what += ": recordings are missing"
        severity: Severity = "error" if contiguous else "warning"
        do = "samples were dropped: export again" if contiguous else "expected if the machine stood still"
        yield Finding(severity, "time_gap", what, do, unit.id, first + 1, int(gaps.sum()))


def _empty_band(unit: Unit, rate_hz: float) -> Iterator[Finding]:
    """A spectrum that ends far below half the rate was resampled upwards: the rate is not the converter's."""
    rows = np.unique(np.linspace(0, unit.windows - 1, BAND_WINDOWS).astype(int))
    block = np.asarray(unit.samples[rows], np.float32)
    block -= block.mean(axis=-1, keepdims=True)
    n = block.shape[-1]
    power = (np.abs(np.fft.rfft(block * np.hanning(n).astype(np.float32), axis=-1)) ** 2).mean(axis=(0, 1))
    rounding = 0.375 * n / 12  # of one count's rounding under this window function
    heard = np.flatnonzero(power > 8 * rounding)
    if heard.size and heard[-1] < (1 - EMPTY_BAND) * (power.size - 1) and power.sum() > 1e3 * rounding:
        top = heard[-1] / (power.size - 1) * rate_hz / 2
        what = f"nothing is recorded above {top:.0f} Hz at a rate of {rate_hz:g} Hz"
        yield Finding("note", "empty_band", what, "expected of a low-pass; else check the rate", unit.id)
