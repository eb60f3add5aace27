"""How the turbine is run: wind, load, speed and temperature of every recorded window.

Wind: the deviation of the mean wind speed from its climate mean is a first-order autoregressive process,

    v[i] = v_mean + sigma_v·x[i],   x[i] = a·x[i-1] + sqrt(1 - a²)·e[i],   a = exp(-Δt / tau)

(Brown, Katz & Murphy 1984, J. Climate Appl. Meteor. 23; tau of a few hours). As condition monitoring systems
do (VDI 3834-1; GL Guideline for CMS 2013: measure in a power class), windows are triggered inside a
production band, so v is folded back into it. Power follows v³ up to rated wind, rotor speed follows v at a
constant tip-speed ratio up to its own rated point (Burton et al., Wind Energy Handbook).
Within a window turbulence makes the speed ramp by a fraction of a percent.
Temperature: season + day + heat from losses proportional to the load.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY_S, YEAR_S = 86_400.0, 365.25 * 86_400.0
WIND_MEAN_MS, WIND_STD_MS, WIND_TAU_S = 9.6, 0.9, 5 * 3600.0
WIND_TRIGGER_MS = (7.8, 12.5)
RATED_POWER_WIND_MS, RATED_SPEED_WIND_MS = 11.5, 10.5
RATED_RPM = 1500.0  # high-speed shaft


@dataclass(frozen=True)
class Operation:
    """One row per window (w)."""

    time_s: NDArray[np.float64]
    load: NDArray[np.float64]  # fraction of rated power
    shaft_hz: NDArray[np.float64]  # high-speed shaft, mean over the window
    ramp: NDArray[np.float64]  # relative change of speed from the window's start to its end
    temperature_c: NDArray[np.float64]  # at the sensor


def operate(rng: np.random.Generator, windows: int, interval_s: float) -> Operation:
    """Operating points of ``windows`` recordings, one each ``interval_s``."""
    time_s = np.arange(windows, dtype=np.float64) * interval_s
    wind = WIND_MEAN_MS + WIND_STD_MS * autoregressive(rng, windows, interval_s, WIND_TAU_S)
    low, high = WIND_TRIGGER_MS
    wind = low + np.abs((wind - low + (high - low)) % (2 * (high - low)) - (high - low))
    load = np.minimum(wind / RATED_POWER_WIND_MS, 1.0) ** 3
    shaft_hz = RATED_RPM / 60 * np.minimum(wind / RATED_SPEED_WIND_MS, 1.0)
    season, hour = rng.uniform(0, 2 * np.pi, 2)
    temperature = (
        10.0
        + 9.0 * np.sin(2 * np.pi * time_s / YEAR_S + season)
        + 4.0 * np.sin(2 * np.pi * time_s / DAY_S + hour)
        + 22.0 * load
        + rng.normal(0, 1.0, windows)
    )
    return Operation(
        time_s=time_s,
        load=load,
        shaft_hz=shaft_hz * (1 + rng.normal(0, 0.004, windows)),
        ramp=rng.normal(0, 0.004, windows),
        temperature_c=temperature,
    )


def autoregressive(
    rng: np.random.Generator, count: int, interval_s: float, tau_s: float
) -> NDArray[np.float64]:
    """Unit-variance AR(1) series with correlation time ``tau_s``."""
    a = float(np.exp(-interval_s / tau_s))
    noise = rng.normal(0, np.sqrt(1 - a * a), count)
    series = np.empty(count)
    value = rng.normal()
    for i in range(count):
        value = a * value + noise[i]
        series[i] = value
    return series
