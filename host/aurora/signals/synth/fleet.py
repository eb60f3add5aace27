"""A fleet of synthetic turbines, written as a data set.

Per unit: operation (wind, load, speed) → life (severity, ageing) → forces of gears and bearing → housing →
sensor. Forces are convolved with the housing by FFT over the window plus a lead-in that is cut off, so
nothing wraps around into the window. Every unit has its own random stream, spawned from the seed: a unit is
the same whatever the number of units beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.signals.dataset import DataSet, Unit, write_dataset
from aurora.signals.synth import bearings, degradation, drivetrain, operation, sensor, structure

FAULT_TYPES = ("healthy", "inner_race", "outer_race", "ball", "gear_tooth")
AXES = ("radial_x", "radial_y", "axial", "spare_a", "spare_b", "spare_c", "spare_d", "spare_e")
LEAD_IN_S = 0.04  # longer than any mode rings
# Forces in the unit in which the housing answers with 1 g above its modes. Their sizes were chosen so that a
# logistic regression on band energies ranks the windows of a unit left out with an AUROC of 0.95 to 0.97.
MESH_FORCE = 0.15
BACKGROUND_FORCE, BACKGROUND_SCATTER, BACKGROUND_WEAR = 0.012, 0.03, 0.8
IMPACT_FORCE = {"inner_race": 4.0, "outer_race": 2.5, "ball": 3.5, "gear_tooth": 2.0}  # at severity 1
LOAD_EXPONENT = 0.5
ALIAS_FREE = 0.45  # of the rate
MAX_SAMPLES_PER_AXIS = 1 << 25  # of a unit, which is made in memory
HEALTHY_START_WINDOWS, HEALTHY_UNIT_START_WINDOWS = 40, 200


@dataclass(frozen=True)
class Fleet:
    """What to synthesise; defaults are the demo's."""

    seed: int = 0
    units: int = 18
    healthy: int = 6
    windows: int = 240  # of a failing unit
    healthy_windows: int = 440
    n: int = 4096
    axes: int = 3
    rate_hz: float = 12_800.0
    interval_s: float = 4 * 3600.0
    horizon_share: float = 0.2  # "fails within H": H as a share of a failing unit's record
    spread: float = 1.0  # of mounting, 0 = all units alike

    @property
    def horizon_s(self) -> float:
        """H of the label "fails within H", in whole intervals: 8 days by default."""
        return max(1, round(self.horizon_share * self.windows)) * self.interval_s

    def check(self) -> None:
        """InputError for a fleet that cannot be made."""
        rules = [
            (1 <= self.units <= 10_000, "units must be 1 to 10000"),
            (0 <= self.healthy <= self.units, "healthy units must be 0 to the number of units"),
            (
                10 <= self.windows <= 100_000 and 10 <= self.healthy_windows <= 100_000,
                "windows must be 10 to 100000",
            ),
            (64 <= self.n <= 65_536, "n must be 64 to 65536"),
            (1 <= self.axes <= len(AXES), f"axes must be 1 to {len(AXES)}"),
            (1_000 <= self.rate_hz <= 1_000_000, "rate must be 1000 to 1000000 Hz"),
            (
                max(self.windows, self.healthy_windows) * self.n <= MAX_SAMPLES_PER_AXIS,
                f"windows x n must not exceed {MAX_SAMPLES_PER_AXIS}",
            ),
            (0 < self.interval_s < 1e9, "interval must be above 0 s"),
            (0 < self.horizon_share <= 1, "horizon_share must be above 0 and at most 1"),
            (0 <= self.spread <= 3, "spread must be 0 to 3"),
            (self.seed >= 0, "seed must not be negative"),
        ]
        for good, what in rules:
            if not good:
                raise InputError(what, where="synth")


def synthesise(
    path: Path | str,
    fleet: Fleet | None = None,
    *,
    overwrite: bool = False,
    progress: Callable[[], None] | None = None,
) -> DataSet:
    """Write the data set of ``fleet`` to ``path``; ``progress`` is called once per finished unit."""
    fleet = fleet or Fleet()
    fleet.check()
    return write_dataset(
        path,
        _units(fleet, progress),
        name=f"synthetic-fleet-{fleet.seed}",
        rate_hz=fleet.rate_hz,
        n=fleet.n,
        axes=AXES[: fleet.axes],
        horizon_s=fleet.horizon_s,
        fault_types=FAULT_TYPES,
        nominal_rpm=operation.RATED_RPM,
        provenance={
            "source": "aurora data synth",
            "fleet": asdict(fleet),
            "bearing_orders": bearings.BEARING.orders(),
            "synthetic": True,
        },
        overwrite=overwrite,
    )


def _units(fleet: Fleet, progress: Callable[[], None] | None) -> Iterator[Unit]:
    failing = fleet.units - fleet.healthy
    for i in range(fleet.units):
        rng = np.random.default_rng([fleet.seed, i])
        kind = FAULT_TYPES[1 + i % (len(FAULT_TYPES) - 1)] if i < failing else "healthy"
        yield synthesise_unit(rng, f"wt{i + 1:02d}", kind, fleet)
        if progress:
            progress()


def synthesise_unit(rng: np.random.Generator, unit_id: str, kind: str, fleet: Fleet) -> Unit:
    """One turbine; ``kind`` is one of FAULT_TYPES."""
    fails = kind != "healthy"
    windows = fleet.windows if fails else fleet.healthy_windows
    run = operation.operate(rng, windows, fleet.interval_s)
    if fails:
        life = degradation.failing_life(rng, run.time_s, fleet.interval_s)
    else:
        life = degradation.sound_life(rng, run.time_s)
    samples, scale_g = _record(rng, kind, fleet, run, life)
    labels = np.zeros(windows, np.int16)
    labels[life.onset_window :] = FAULT_TYPES.index(kind)
    start = min(HEALTHY_START_WINDOWS if fails else HEALTHY_UNIT_START_WINDOWS, life.onset_window)
    return Unit(
        id=unit_id,
        samples=samples,
        scale_g=scale_g,
        rpm=(run.shaft_hz * 60).astype(np.float32),
        load=run.load.astype(np.float32),
        time_s=run.time_s,
        stands_for_s=np.full(windows, fleet.interval_s, np.float32),
        fault=labels,
        ttf_s=life.ttf_s.astype(np.float32),
        healthy_start_windows=start,
    )


def _record(
    rng: np.random.Generator, kind: str, fleet: Fleet, run: operation.Operation, life: degradation.Life
) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    lead = int(LEAD_IN_S * fleet.rate_hz)
    total = lead + fleet.n
    t_s = np.arange(total) / fleet.rate_hz
    frequencies = np.fft.rfftfreq(total, 1 / fleet.rate_hz).astype(np.float64)
    mounting = structure.mount(rng, fleet.axes, frequencies, fleet.spread)
    readout = sensor.readout(rng, run.temperature_c, fleet.axes)
    forces = _forces(rng, kind, run, life, t_s, fleet.rate_hz)
    spectra = [np.fft.rfft(force, axis=1).astype(np.complex64) for force in forces]
    background = (
        BACKGROUND_FORCE * run.load**LOAD_EXPONENT * life.ageing * (1 + BACKGROUND_WEAR * life.severity)
    )
    scatter = np.exp(BACKGROUND_SCATTER * rng.normal(size=run.load.size))
    level = (background * scatter * np.sqrt(total / 2))[:, None]  # of a spectral line
    samples = np.empty((run.load.size, fleet.axes, fleet.n), np.int16)
    scale_g = np.empty((run.load.size, fleet.axes), np.float32)
    for axis in range(fleet.axes):
        noise = rng.standard_normal((*spectra[0].shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
        noise *= mounting.noise_shape[axis]
        noise *= level.astype(np.float32)
        for spectrum, transfer in zip(spectra, mounting.transfer, strict=True):
            noise += spectrum * transfer[axis]
        acceleration = np.fft.irfft(noise, total, axis=1)[:, lead:].astype(np.float32)
        samples[:, axis], scale_g[:, axis] = sensor.digitise(rng, acceleration, readout, axis)
    return samples, scale_g


def _forces(
    rng: np.random.Generator,
    kind: str,
    run: operation.Operation,
    life: degradation.Life,
    t_s: NDArray[np.float64],
    rate_hz: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(gear, bearing) forces [w, samples]."""
    turns = drivetrain.shaft_angle(rng.uniform(0, 1, run.load.size), run.shaft_hz, run.ramp, t_s)
    tooth = life.severity if kind == "gear_tooth" else np.zeros_like(life.severity)
    highest_order = ALIAS_FREE * rate_hz / run.shaft_hz.max()
    gear = MESH_FORCE * drivetrain.gear_force(rng, turns, run.load, tooth, life.ageing, highest_order)
    bearing = np.zeros_like(gear)
    if kind == "healthy":
        return gear.astype(np.float32), bearing
    orders = bearings.BEARING.orders() | {"gear_tooth": 1.0}
    modulation = {"inner_race": 1.0, "ball": orders["cage"]}.get(kind, 0.0)
    impacts = bearings.impact_train(
        rng, orders[kind], modulation, 0.0 if kind == "gear_tooth" else bearings.SLIP,
        run.shaft_hz, IMPACT_FORCE[kind] * life.severity * run.load**LOAD_EXPONENT, t_s.size, rate_hz,
    )  # fmt: skip
    if kind == "gear_tooth":
        gear = gear + impacts
    else:
        bearing = impacts
    return gear.astype(np.float32), bearing
