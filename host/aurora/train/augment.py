"""Copies of a machine's recording as another turbine, sensor or day would have given it.

What belongs to the installation is drawn once per copy: the sensor's gain and offset, how it sits on its
bearing housing, a dead axis. What belongs to the hour is drawn per window: speed, load, noise. Labels stay.
The order is that of the field: machine (speed, load), housing (mounting), sensor (noise, gain, offset, dead
axis), converter (int16 with a scale per window and axis). Seeded: the same seed gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.signals.dataset import Unit

Floats = NDArray[np.float64]

#: of the speed's resampling: linear interpolation between so many points per sample loses < 0.1 dB
OVERSAMPLING = 8
FULL_SCALE = (
    32000  # counts of a copy's largest value: a little below the rail, so that nothing counts as clipped
)
WINDOWS_AT_ONCE = 64


@dataclass(frozen=True)
class AugmentSpec:
    """How far a copy may go; 0 leaves that out.

    ``speed``: largest relative change of the shaft's speed. All of the vibration is resampled with it; real
    resonances would stay where they are, so it is kept small. ``load`` and ``gain``: standard deviations in
    factors of two, of the vibration on all axes and of each sensor axis. ``offset_g``: largest offset of an
    axis. ``noise``: of each window, relative to its own standard deviation. ``mounting_deg``: standard
    deviation of the angle by which the sensor is turned. ``missing_axis``: probability that one axis is dead.
    """

    speed: float = 0.03
    load: float = 0.2
    gain: float = 0.2
    offset_g: float = 0.05
    noise: float = 0.05
    mounting_deg: float = 10.0
    missing_axis: float = 0.0

    def __post_init__(self) -> None:
        values = np.array([self.load, self.gain, self.offset_g, self.noise, self.mounting_deg])
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise InputError("augment: load, gain, offset_g, noise and mounting_deg must be 0 or more")
        if not (0 <= self.speed <= 0.2 and 0 <= self.missing_axis <= 1):
            raise InputError(
                f"augment: speed {self.speed}, missing_axis {self.missing_axis}",
                hint="speed 0 to 0.2, missing_axis 0 to 1",
            )


def augment_unit(unit: Unit, spec: AugmentSpec, seed: int) -> Unit:
    """A copy of ``unit`` under the id ``<id>~<seed>``; times and labels are those of the original."""
    rng = np.random.default_rng([seed, *unit.id.encode()])
    axes = int(unit.samples.shape[1])
    turn = mounting(axes, np.deg2rad(spec.mounting_deg), rng)
    gain = np.exp2(spec.gain * rng.normal(size=axes))
    offset = rng.uniform(-spec.offset_g, spec.offset_g, size=axes)
    dead = int(rng.integers(axes)) if axes > 1 and rng.random() < spec.missing_axis else None
    faster = 1.0 + spec.speed * rng.uniform(-1.0, 1.0, size=unit.windows)
    load = np.exp2(spec.load * rng.normal(size=unit.windows))
    samples = np.empty_like(unit.samples)
    scale = np.empty_like(unit.scale_g)
    for start in range(0, unit.windows, WINDOWS_AT_ONCE):
        rows = slice(start, start + WINDOWS_AT_ONCE)
        g: Floats = unit.samples[rows].astype(np.float64) * unit.scale_g[rows, :, None]
        g = change_speed(g, faster[rows]) if spec.speed else g
        g = np.einsum("ab,wbn->wan", turn, g * load[rows, None, None])
        g += spec.noise * g.std(axis=2, keepdims=True) * rng.normal(size=g.shape)
        g = g * gain[:, None] + offset[:, None]
        if dead is not None:
            g[:, dead] = 0.0
        samples[rows], scale[rows] = convert(g)
    return replace(
        unit, id=f"{unit.id}~{seed}", samples=samples, scale_g=scale,
        rpm=(unit.rpm * faster).astype(np.float32) if spec.speed else unit.rpm,
    )  # fmt: skip


def change_speed(g: Floats, faster: Floats) -> Floats:
    """[w, axes, n] as a shaft ``faster`` [w] times as fast gives it: x(faster * t).

    Band-limited: what would lie beyond half the rate afterwards is removed before. A faster copy needs more
    than the window holds; it goes on with the window's mirror image.
    """
    n = g.shape[2]
    longer = np.concatenate([g, g[:, :, ::-1]], axis=2)  # periodic without a jump
    spectrum = np.fft.rfft(longer, axis=2)
    kept = np.arange(spectrum.shape[2])[None] <= n / np.maximum(faster, 1.0)[:, None]
    spectrum = spectrum * kept[:, None]
    fine = np.fft.irfft(spectrum, OVERSAMPLING * 2 * n, axis=2) * OVERSAMPLING
    at = faster[:, None] * np.arange(n) * OVERSAMPLING
    left = at.astype(np.int64)
    part = (at - left)[:, None]
    before = np.take_along_axis(fine, np.broadcast_to(left[:, None], g.shape), axis=2)
    after = np.take_along_axis(fine, np.broadcast_to(left[:, None] + 1, g.shape), axis=2)
    out: Floats = before * (1.0 - part) + after * part
    return out


def mounting(axes: int, spread_rad: float, rng: np.random.Generator) -> Floats:
    """[axes, axes] rotation: the sensor turned in each plane of two axes by an angle of this spread."""
    turn: Floats = np.eye(axes)
    for a in range(axes):
        for b in range(a + 1, axes):
            angle = spread_rad * rng.normal()
            plane = np.eye(axes)
            plane[a, a] = plane[b, b] = np.cos(angle)
            plane[a, b], plane[b, a] = -np.sin(angle), np.sin(angle)
            turn = plane @ turn
    return turn


def convert(g: Floats) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """int16 [w, axes, n] and scale [w, axes] of accelerations in g, each window and axis at full scale."""
    largest = np.abs(g).max(axis=2)
    scale = np.where(largest > 0, largest / FULL_SCALE, 1.0).astype(np.float32)
    counts = np.rint(g / scale[:, :, None].astype(np.float64))
    return counts.astype(np.int16), scale
