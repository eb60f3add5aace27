"""The accelerometer and its converter.

Reading of an acceleration a at temperature T (IEPE data sheets give about 0.05 %/K and a bias that moves):

    y = (1 + k_T·(T - 20) + g(t))·a + o_0 + o_T·(T - 20) + noise,   g a slow random walk

The programmable amplifier then takes the smallest range of its ladder that holds the window's peak, so every
window and axis has its own scale: counts = round(y / scale_g), clipped at int16's rails.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RANGES_G = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0], np.float32)
HEADROOM = 1.1
NOISE_G = 0.004  # rms over the band


@dataclass(frozen=True)
class Readout:
    """Per window and axis: what the sensor does to the acceleration."""

    gain: NDArray[np.float32]  # [w, axes]
    offset_g: NDArray[np.float32]  # [w, axes]


def readout(rng: np.random.Generator, temperature_c: NDArray[np.float64], axes: int) -> Readout:
    """Gain and offset of one unit's sensor over its record."""
    windows = temperature_c.size
    warm = (temperature_c - 20.0)[:, None]
    slope = rng.normal(4e-4, 2e-4, (1, axes))
    walk = np.cumsum(rng.normal(0, 3e-4, (windows, axes)), axis=0)
    gain = 1.0 + slope * warm + walk
    offset = rng.normal(0, 0.03, (1, axes)) + rng.normal(0, 5e-4, (1, axes)) * warm
    return Readout(gain.astype(np.float32), offset.astype(np.float32))


def digitise(
    rng: np.random.Generator, acceleration_g: NDArray[np.float32], sensor: Readout, axis: int
) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Counts [w, n] and scale_g [w] of one axis; ``acceleration_g`` is overwritten."""
    y = acceleration_g
    y *= sensor.gain[:, axis, None]
    y += np.float32(NOISE_G) * rng.standard_normal(y.shape, dtype=np.float32)
    y += sensor.offset_g[:, axis, None]
    peak = np.maximum(y.max(axis=1), -y.min(axis=1)) * np.float32(HEADROOM)
    range_g = RANGES_G[np.minimum(np.searchsorted(RANGES_G, peak), RANGES_G.size - 1)]
    scale_g = (range_g / np.float32(32768)).astype(np.float32)
    y *= (1 / scale_g)[:, None]
    np.rint(y, out=y)
    return np.clip(y, -32768, 32767, out=y).astype(np.int16), scale_g
