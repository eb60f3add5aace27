"""Shafts and gears: the force that the meshes put into the housing.

Kinematics of a 1.5 MW class gearbox, one planetary and two parallel stages:

    rotor → carrier; ring 93 (fixed), sun 21, 3 planets:   1 + 93/21 = 5.429
    sun shaft → wheel 97 / pinion 23:                       4.217
    intermediate shaft → wheel 103 / pinion 29:             3.552
    high-speed shaft (generator): 1,500 rpm rated, rotor 18.5 rpm

Mesh force with amplitude and phase modulation at the speed of the shafts that carry the wheels (McFadden
1986, J. Vib. Acoust. 108; Randall 1982, J. Mech. Des. 104), in shaft angle θ, for mesh of z teeth:

    F(θ) = Σ_k A_k·(load)^p · (1 + Σ_j a_j·cos(jθ + α_j)) · cos(k·(zθ + Σ_j b_j·sin(jθ + β_j)) + φ_k)

The planetary mesh is modulated by three planets passing the sensor (Inalpolat & Kahraman 2009, J. Sound Vib.
323). The main shaft's torque dips each time a blade passes the tower (3P; Burton et al., Wind Energy
Handbook) and with it all meshes; unbalance and misalignment put the first three orders of the high-speed
shaft beside them. A cracked tooth makes one mesh per turn softer: a short dip in amplitude and phase lag,
and a small impact when the next tooth takes over (McFadden 1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PLANETARY_RATIO = 1 + 93 / 21
ROTOR_RATIO = PLANETARY_RATIO * (97 / 23) * (103 / 29)  # high-speed shaft turns per rotor turn
PLANETS = 3
BLADES, TOWER_DIP = 3, 0.06
UNBALANCE = (0.25, 0.12, 0.06)  # at rated speed, orders 1 to 3 of the high-speed shaft


@dataclass(frozen=True)
class Mesh:
    """One gear mesh, in orders of the high-speed shaft."""

    name: str
    shaft_order: float  # of the shaft whose errors modulate it
    teeth: int
    amplitude: float
    harmonics: int
    load_exponent: float
    passing_per_turn: int = 1


MESHES = (
    Mesh("high_speed", 1.0, 29, 1.0, 4, 0.6),
    Mesh("intermediate", 29 / 103, 23, 0.9, 4, 0.7),
    Mesh("planetary", 1 / ROTOR_RATIO, 93, 0.8, 3, 0.8, PLANETS),
)


def shaft_angle(
    start: NDArray[np.float64],
    shaft_hz: NDArray[np.float64],
    ramp: NDArray[np.float64],
    t_s: NDArray[np.float64],
) -> NDArray[np.float64]:
    """[w, samples] angle of the high-speed shaft in turns: start + f·(t + ramp·(t²/2T - t/2))."""
    duration = t_s[-1]
    bend = t_s**2 / (2 * duration) - t_s / 2
    turns: NDArray[np.float64] = start[:, None] + shaft_hz[:, None] * (t_s + ramp[:, None] * bend)
    return turns


def gear_force(
    rng: np.random.Generator,
    turns: NDArray[np.float64],
    load: NDArray[np.float64],
    tooth_severity: NDArray[np.float64],
    ageing: NDArray[np.float64],
    highest_order: float,
) -> NDArray[np.float32]:
    """[w, samples] mesh forces of one unit; its manufacturing errors are drawn once and stay.

    ``tooth_severity`` [w] is the depth of a cracked pinion tooth on the high-speed shaft (0 = sound);
    ``ageing`` [w] multiplies amplitudes and modulation (1 = new): benign wear. Tones above ``highest_order``
    are left out, as the converter's anti-alias filter does.
    """
    force = _unbalance(rng, turns, highest_order)
    blade = 2 * np.pi * (BLADES * turns / ROTOR_RATIO + rng.uniform(0, 1, (turns.shape[0], 1)))
    torque = (1 - TOWER_DIP * np.cos(blade)).astype(np.float32)
    for mesh in MESHES:
        angle = turns * mesh.shaft_order
        theta = (2 * np.pi * (angle % 1.0)).astype(np.float32)
        depth = 0.12 * np.exp(0.3 * rng.normal(size=2)) * (mesh.passing_per_turn == 1)
        lag = 0.04 * np.exp(0.3 * rng.normal(size=2))
        alpha, beta = rng.uniform(0, 2 * np.pi, (2, 2)).astype(np.float32)
        envelope = np.ones_like(theta)
        lead = np.zeros_like(theta)
        for j in (1, 2):
            envelope += (depth[j - 1] * ageing[:, None]).astype(np.float32) * np.cos(j * theta + alpha[j - 1])
            lead += np.float32(lag[j - 1]) * np.sin(j * theta + beta[j - 1])
        if mesh.passing_per_turn > 1:
            envelope += np.float32(0.4) * np.cos(mesh.passing_per_turn * theta + alpha[0])
        if mesh.name == "high_speed" and tooth_severity.any():
            dip = _tooth_dip(theta, mesh.teeth) * tooth_severity[:, None].astype(np.float32)
            envelope *= 1 - np.minimum(0.9 * dip, 0.95)
            lead -= np.float32(0.35) * dip
        mesh_phase = (2 * np.pi * ((angle * mesh.teeth) % 1.0)).astype(np.float32) + lead
        harmonics = min(mesh.harmonics, int(highest_order / (mesh.teeth * mesh.shaft_order)))
        force += _harmonics(rng, mesh, harmonics, mesh_phase, load, ageing) * (envelope * torque)
    return force


def _harmonics(
    rng: np.random.Generator,
    mesh: Mesh,
    harmonics: int,
    phase: NDArray[np.float32],
    load: NDArray[np.float64],
    ageing: NDArray[np.float64],
) -> NDArray[np.float32]:
    total = np.zeros_like(phase)
    for k in range(1, harmonics + 1):
        amplitude = mesh.amplitude / k**1.2 * np.exp(0.25 * rng.normal())
        per_window = amplitude * load**mesh.load_exponent * ageing * np.exp(0.04 * rng.normal(size=load.size))
        total += per_window[:, None].astype(np.float32) * np.cos(
            k * phase + np.float32(rng.uniform(0, 6.283))
        )
    return total


def _unbalance(
    rng: np.random.Generator, turns: NDArray[np.float64], highest_order: float
) -> NDArray[np.float32]:
    force = np.zeros(turns.shape, np.float32)
    theta = (2 * np.pi * (turns % 1.0)).astype(np.float32)
    for k, amplitude in enumerate(UNBALANCE, 1):
        size, phase = amplitude * np.exp(0.3 * rng.normal()), rng.uniform(0, 2 * np.pi)
        if k <= highest_order:
            force += np.float32(size) * np.cos(k * theta + np.float32(phase))
    return force


def _tooth_dip(theta: NDArray[np.float32], teeth: int) -> NDArray[np.float32]:
    """Bell of about one tooth's width once per turn."""
    distance = np.minimum(theta, np.float32(2 * np.pi) - theta)
    bell: NDArray[np.float32] = np.exp(-0.5 * (distance * np.float32(teeth / (2 * np.pi) / 0.6)) ** 2)
    return bell
