"""Rolling bearing defects: trains of impacts with slip.

Fault orders (per turn of the shaft) from geometry: n balls of diameter d on pitch diameter D, contact
angle α (Harris, Rolling Bearing Analysis; McFadden & Smith 1984, J. Sound Vib. 96):

    BPFO = n/2·(1 - d/D·cos α)    BPFI = n/2·(1 + d/D·cos α)
    BSF  = D/2d·(1 - (d/D·cos α)²)    FTF = 1/2·(1 - d/D·cos α)

A ball defect strikes both races: two impacts per turn of the ball. Each impact of the train

    x(t) = Σ_i A_i·h(t - T_i),   T_{i+1} - T_i = T·(1 + δ_i),   δ_i ~ N(0, sigma²)

is weighed by the load where it happens and by chance. The random slip accumulates, so the signal is
pseudo-cyclostationary (Antoni & Randall 2003, J. Vib. Acoust. 125; Antoni 2007, Mech. Syst. Signal Process.
21); the response h is the housing's (structure.py). Inner race: the defect passes through the load zone
once per turn (Stribeck's distribution); ball: once per turn of the cage; outer race: it stays inside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SLIP = 0.012  # sigma of one interval, relative
LOAD_ZONE = 0.45  # Stribeck's epsilon: below 0.5 less than half the ring is loaded


@dataclass(frozen=True)
class Geometry:
    """A deep-groove bearing; diameters in the same unit.

    The default has the proportions of a 6205 (9 balls, d/D = 0.203), so its orders are those that a model
    looks for unless told otherwise (``spec.chain.DEFAULT_ORDERS``).
    """

    balls: int = 9
    ball_diameter: float = 7.94
    pitch_diameter: float = 39.04
    contact_angle_rad: float = 0.0

    @property
    def ratio(self) -> float:
        return self.ball_diameter / self.pitch_diameter * float(np.cos(self.contact_angle_rad))

    def orders(self) -> dict[str, float]:
        """Impacts per shaft turn by fault type, and the cage's order as "cage"."""
        return {
            "outer_race": self.balls / 2 * (1 - self.ratio),
            "inner_race": self.balls / 2 * (1 + self.ratio),
            "ball": self.pitch_diameter / self.ball_diameter * (1 - self.ratio**2),
            "cage": (1 - self.ratio) / 2,
        }


BEARING = Geometry()


def impact_train(
    rng: np.random.Generator,
    order: float,
    modulation_order: float,
    slip: float,
    shaft_hz: NDArray[np.float64],
    amplitude: NDArray[np.float64],
    samples: int,
    rate_hz: float,
) -> NDArray[np.float32]:
    """[w, samples] impulses; ``modulation_order`` 0 leaves every impact in the load zone.

    An impulse between two samples is shared linearly by them. Its area does not depend on the rate: a force
    of 1 g·s per impact at amplitude 1/1000.
    """
    windows = shaft_hz.size
    duration = samples / rate_hz
    count = int(np.ceil(order * shaft_hz.max() * duration * 1.05)) + 3
    gaps = (1 + slip * rng.normal(size=(windows, count))) / order
    turns = np.cumsum(gaps, axis=1) - gaps[:, :1] * rng.uniform(0, 1, (windows, 1))
    position = turns / shaft_hz[:, None] * rate_hz
    strength = amplitude[:, None] * np.exp(0.25 * rng.normal(size=turns.shape))
    if modulation_order > 0:
        strength = strength * _load_zone(
            2 * np.pi * (modulation_order * turns + rng.uniform(0, 1, (windows, 1)))
        )
    strength = strength * (rate_hz / 12_800)
    index = position.astype(np.int64)
    share = position - index
    inside = (index >= 0) & (index < samples - 1)
    flat = (index + np.arange(windows)[:, None] * samples)[inside]
    size = windows * samples
    force = np.bincount(flat, weights=(strength * (1 - share))[inside], minlength=size)
    force += np.bincount(flat + 1, weights=(strength * share)[inside], minlength=size)
    return force.reshape(windows, samples).astype(np.float32)


def _load_zone(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stribeck: q(ψ) = (1 - (1 - cos ψ)/2ε)^1.5 inside the zone; a little rattle is left outside of it."""
    inside = np.clip(1 - (1 - np.cos(angle)) / (2 * LOAD_ZONE), 0.0, None) ** 1.5
    return np.maximum(inside, 0.1)
