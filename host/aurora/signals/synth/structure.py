"""The housing between a force and the accelerometer: modes, and what differs from one unit to the next.

Accelerance of axis a to a force of source s (modal superposition; Ewins, Modal Testing, 2nd ed., ch. 2):

    H_sa(f) = Σ_m  phi_sm·phi_am · r² / (1 - r² + 2jζ_m·r),   r = f / f_m

A second-order mass line below the modes and the mounted resonance of the sensor above them (ISO 5348) come
out of the same sum. Mounting spread: each unit has its own mode frequencies (bolt preload, casting), its own
participations (sensor position and orientation) and one transfer gain per axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MODES_HZ = np.array([310.0, 870.0, 1640.0, 2750.0, 3900.0, 5600.0])
DAMPING = np.array([0.06, 0.05, 0.04, 0.035, 0.03, 0.045])
# Participation of the modes of the design: rows are sources, then axes (radial, radial, axial).
GEAR, BEARING = 0, 1
SOURCE_SHAPE = np.array([[1.0, 0.9, 0.6, 0.35, 0.2, 0.15], [0.25, 0.45, 0.8, 1.0, 0.9, 0.6]])
AXIS_SHAPE = np.array(
    [[1.0, -0.8, 0.9, 0.7, -0.8, 0.6], [0.8, 0.9, -0.7, 0.9, 0.7, -0.5], [0.4, 0.5, 0.6, -0.5, 0.6, 0.8]]
)


@dataclass(frozen=True)
class Mounting:
    """What is particular to one installed sensor."""

    transfer: NDArray[np.complex64]  # [source, axis, bin]
    noise_shape: NDArray[np.float32]  # [axis, bin], amplitude of the broadband background


def mount(
    rng: np.random.Generator, axes: int, frequencies_hz: NDArray[np.float64], spread: float
) -> Mounting:
    """One unit's transfer functions; ``spread`` scales the departures from the design."""
    modes = MODES_HZ * (1 + 0.035 * spread * rng.normal(size=MODES_HZ.size))
    damping = DAMPING * np.exp(0.15 * spread * rng.normal(size=DAMPING.size))
    participation = SOURCE_SHAPE[:, None, :] * AXIS_SHAPE[np.arange(axes) % len(AXIS_SHAPE)][None]
    participation = participation * np.exp(0.22 * spread * rng.normal(size=participation.shape))
    gain = np.exp(0.12 * spread * rng.normal(size=(1, axes, 1)))
    r = frequencies_hz[None, :] / modes[:, None]
    modal = r**2 / (1 - r**2 + 2j * damping[:, None] * r)  # [mode, bin]
    transfer = gain * np.einsum("sam,mf->saf", participation, modal)
    # Flow, lubrication and roughness excite all modes at once, through both paths.
    background = np.abs(transfer[GEAR]) ** 2 + np.abs(transfer[BEARING]) ** 2
    return Mounting(transfer.astype(np.complex64), np.sqrt(background + 0.05).astype(np.float32))
