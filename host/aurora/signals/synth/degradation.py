"""From a sound machine to failure, and how sound machines age.

Severity s(t) of a failing unit, 0 before its onset, with u = (t - onset)/(life - onset):

    ln s(t) = ln s_0 + (ln s_f - ln s_0)·u^p + σ_s·x(t) - dip·exp(-((u - u_d)/w_d)²)

Exponential growth with random coefficients and autocorrelated error is the degradation signal model of
Gebraeel et al. 2005 (IIE Transactions 37); its power p follows Paris' law seen from outside: slow first,
then fast (Li et al. 1999, Mech. Syst. Signal Process. 13). The dip is "healing": rolling smooths the edges
of a spall and vibration falls for a while (Williams et al. 2001, Mech. Syst. Signal Process. 15). s_f, the
level at which this unit breaks, differs between units, so no fixed level says when.
Sound machines run in and wear: amplitudes rise by a few percent over the whole record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.signals.synth.operation import autoregressive


@dataclass(frozen=True)
class Life:
    """One unit's fate; rows are windows."""

    severity: NDArray[np.float64]  # 0 = sound, about 1 at failure
    ageing: NDArray[np.float64]  # benign wear, 1 = new
    ttf_s: NDArray[np.float64]  # inf = does not fail
    onset_window: int  # first window with a defect; number of windows if none


def sound_life(rng: np.random.Generator, time_s: NDArray[np.float64]) -> Life:
    """A unit that only ages."""
    windows = time_s.size
    return Life(np.zeros(windows), _ageing(rng, windows), np.full(windows, np.inf), windows)


def failing_life(rng: np.random.Generator, time_s: NDArray[np.float64], interval_s: float) -> Life:
    """A unit that runs from sound to failure just after its last window."""
    windows = time_s.size
    fails_at = time_s[-1] + interval_s * rng.uniform(0.1, 1.0)
    onset = fails_at * rng.uniform(0.35, 0.6)
    u = np.clip((time_s - onset) / (fails_at - onset), 0.0, 1.0)
    first, last = 0.06 * np.exp(0.3 * rng.normal()), np.exp(0.4 * rng.normal())
    growth = np.log(last / first) * u ** rng.uniform(0.6, 1.8)
    wander = 0.35 * autoregressive(rng, windows, interval_s, 8 * interval_s)
    wander = wander + 0.2 * rng.normal(size=windows)
    dip = rng.uniform(0.0, 0.8) * np.exp(-(((u - rng.uniform(0.45, 0.8)) / 0.12) ** 2))
    severity = np.where(time_s >= onset, np.exp(np.log(first) + growth + wander - dip), 0.0)
    return Life(severity, _ageing(rng, windows), fails_at - time_s, int(np.searchsorted(time_s, onset)))


def _ageing(rng: np.random.Generator, windows: int) -> NDArray[np.float64]:
    total = 0.02 * float(np.exp(0.5 * rng.normal()))
    return np.linspace(1.0, 1.0 + total, windows)
