"""The data set folder: what every later stage reads, and the only way to write one.

    <folder>/manifest.json                 rate, axes, labels, units, provenance (see manifest.py)
    <folder>/units/<id>/samples.npy        int16 [windows, axes, n]
    <folder>/units/<id>/windows.npz        the per-window columns of ``Unit``

The physical acceleration in g is ``samples * scale_g[..., None]``: the scale belongs to one window and axis,
so a gain is applied to ``scale_g`` (``apply_gain``), never to the integers.

A folder is hostile until loaded: names stay inside it, nothing is unpickled, every length and type is
compared with the manifest before an array is used, and every value has to be possible.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError, NotFiniteError
from aurora.files import folder_atomic, is_plain_name, write_atomic
from aurora.signals import storage
from aurora.signals.manifest import MANIFEST_FILE, Manifest, UnitEntry, read_manifest
from aurora.signals.values import value_problems

# one entry per column of windows.npz: name -> (dtype, has one value per axis)
COLUMNS: dict[str, tuple[str, bool]] = {
    "scale_g": ("<f4", True),
    "rpm": ("<f4", False),
    "load": ("<f4", False),
    "time_s": ("<f8", False),
    "stands_for_s": ("<f4", False),
    "fault": ("<i2", False),
    "ttf_s": ("<f4", False),
}
# Each window keeps the rate it was recorded at: a manifest edited by hand must not move its frequencies.
RATE_COLUMN = "rate_hz"


@dataclass(frozen=True)
class Unit:
    """One physical machine's windows, in time order (w = number of windows).

    ``load`` is in the recording's own unit (rated power fraction, hp, N): comparable within a data set only.
    ``healthy_start_windows``: at least so many of the first windows are known to be healthy; 0 = unknown.
    """

    id: str
    samples: NDArray[np.int16]  # [w, axes, n], raw converter counts
    scale_g: NDArray[np.float32]  # [w, axes], g per count, > 0
    rpm: NDArray[np.float32]  # [w], of the reference shaft; nan = unknown
    load: NDArray[np.float32]  # [w], nan = unknown
    time_s: NDArray[np.float64]  # [w], since the unit's first window or any fixed origin
    stands_for_s: NDArray[np.float32]  # [w], how much machine time this window represents, > 0
    fault: NDArray[np.int16]  # [w], index into DataSet.fault_types, -1 = unlabelled
    ttf_s: NDArray[np.float32]  # [w], time to failure; nan = unlabelled, inf = does not fail
    healthy_start_windows: int

    @property
    def windows(self) -> int:
        return int(self.samples.shape[0])


@dataclass(frozen=True)
class DataSet:
    """A loaded data set. ``samples`` of its units are memory maps: reading them reads the disk."""

    path: Path
    name: str
    rate_hz: float
    n: int  # samples per window and axis
    axes: tuple[str, ...]
    horizon_s: float | None  # "fails within H" means ttf_s <= H; None = no such label
    fault_types: tuple[str, ...]
    nominal_rpm: float | None
    provenance: dict[str, Any]
    units: tuple[Unit, ...]

    @property
    def windows(self) -> int:
        return sum(unit.windows for unit in self.units)

    def unit(self, unit_id: str) -> Unit:
        """The unit of this id; InputError names those there are."""
        for unit in self.units:
            if unit.id == unit_id:
                return unit
        raise InputError(
            f"no unit {unit_id!r}", where=self.path, hint="units: " + ", ".join(u.id for u in self.units[:20])
        )


# Fault types of these names mean "no fault"; the order of DataSet.fault_types is free.
HEALTHY_NAMES = ("healthy", "normal")


def load_dataset(path: Path | str, *, check_values: bool = True) -> DataSet:
    """Load a data set folder.

    Raises InputError (NotFiniteError for NaN or infinity) naming file, key or window for anything that is not
    exactly as the manifest says. ``check_values=False`` leaves impossible values to the caller, who lists
    them all with ``value_problems`` (``aurora data check``).
    """
    path = Path(path)
    manifest = read_manifest(path)
    units = tuple(_load_unit(path, manifest, entry, check_values) for entry in manifest.units)
    if check_values:
        for unit in units:
            _refuse_impossible(unit, len(manifest.fault_types), path / "units" / unit.id / "windows.npz")
    return DataSet(
        path=path,
        name=manifest.name,
        rate_hz=manifest.rate_hz,
        n=manifest.n,
        axes=manifest.axes,
        horizon_s=manifest.horizon_s,
        fault_types=manifest.fault_types,
        nominal_rpm=manifest.nominal_rpm,
        provenance=manifest.provenance,
        units=units,
    )


def write_dataset(
    path: Path | str,
    units: Iterable[Unit],
    *,
    name: str,
    rate_hz: float,
    n: int,
    axes: tuple[str, ...],
    horizon_s: float | None = None,
    fault_types: tuple[str, ...] = (),
    nominal_rpm: float | None = None,
    provenance: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> DataSet:
    """Write a data set folder and load it back; units may be a generator, one is held in memory at a time.

    Nothing stays behind on any error, a full disk included (WriteFailed). An existing folder is refused
    unless ``overwrite`` and it is itself a data set. Raises InputError for units that ``load_dataset`` would
    refuse.
    """
    path = Path(path)
    _refuse_existing(path, overwrite)
    entries: list[UnitEntry] = []
    with folder_atomic(path, replace=overwrite) as folder:
        for unit in units:
            _refuse_misfit(unit, axes, n, path)
            _refuse_impossible(unit, len(fault_types), f"{path}: unit {unit.id}")
            entries.append(_write_unit(folder, unit, float(rate_hz)))
        manifest = Manifest(
            name=name,
            rate_hz=float(rate_hz),
            n=n,
            axes=tuple(axes),
            horizon_s=horizon_s,
            fault_types=tuple(fault_types),
            nominal_rpm=nominal_rpm,
            provenance=provenance or {},
            units=tuple(entries),
        )
        write_atomic(folder / MANIFEST_FILE, manifest.to_json())
        read_manifest(folder)  # what is published has passed the gate that its readers apply
    return load_dataset(path)


def apply_gain(unit: Unit, factor: float) -> Unit:
    """The unit as a sensor whose gain is ``factor`` times as large would have recorded it, in g."""
    return replace(unit, scale_g=(unit.scale_g * np.float32(factor)).astype(np.float32))


def fails_within(unit: Unit, horizon_s: float) -> NDArray[np.float32]:
    """[w]: 1 = fails within ``horizon_s``, 0 = does not, nan = unlabelled."""
    label = (unit.ttf_s <= np.float32(horizon_s)).astype(np.float32)
    return np.where(np.isnan(unit.ttf_s), np.float32(np.nan), label).astype(np.float32)


def is_healthy(dataset: DataSet, unit: Unit) -> NDArray[np.bool_]:
    """[w]: windows known to be healthy: so labelled, of a unit that never fails, or in its healthy start."""
    names = [i for i, name in enumerate(dataset.fault_types) if name in HEALTHY_NAMES]
    start = np.arange(unit.windows) < unit.healthy_start_windows
    faulty = (unit.fault >= 0) & ~np.isin(unit.fault, names)
    healthy: NDArray[np.bool_] = (np.isin(unit.fault, names) | np.isinf(unit.ttf_s) | start) & ~faulty
    return healthy


def _refuse_impossible(unit: Unit, fault_type_count: int, where: object) -> None:
    for problem in value_problems(unit, fault_type_count):
        kind = NotFiniteError if problem.not_finite else InputError
        raise kind(
            f"window {problem.window}: {problem.what}",
            where=f"{where}: {problem.column}",
            hint="correct the source and import it again",
        )


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if not path.exists():
        return
    if not overwrite:
        raise InputError("already exists", where=path, hint="choose another folder or give --overwrite")
    if not (path / MANIFEST_FILE).is_file():
        raise InputError("exists and is not a data set", where=path, hint="choose another folder")


def _refuse_misfit(unit: Unit, axes: tuple[str, ...], n: int, where: object) -> None:
    where = f"{where}: unit {unit.id[:60]!r}"
    if not is_plain_name(unit.id):  # it becomes a folder's name
        raise InputError("id is not a plain name (letters, digits, '.', '_', '-')", where=where)
    w = unit.samples.shape[0] if unit.samples.ndim else 0
    if w == 0:
        raise InputError("has no window", where=where, hint=f"a window takes {n} samples; leave the unit out")
    if unit.samples.dtype != np.int16 or unit.samples.shape != (w, len(axes), n):
        raise InputError(
            f"samples are {unit.samples.dtype} {unit.samples.shape}, not int16 [windows, {len(axes)}, {n}]",
            where=where,
        )
    for name, (_, per_axis) in COLUMNS.items():
        column = getattr(unit, name)
        if column.shape != ((w, len(axes)) if per_axis else (w,)):
            raise InputError(f"{name} has shape {column.shape} for {w} windows", where=where)


def _write_unit(folder: Path, unit: Unit, rate_hz: float) -> UnitEntry:
    home = folder / "units" / unit.id
    home.mkdir(parents=True)
    samples_sha256 = storage.write_npy(home / "samples.npy", np.asarray(unit.samples, dtype="<i2"))
    columns = {name: np.asarray(getattr(unit, name), dtype=dtype) for name, (dtype, _) in COLUMNS.items()}
    columns[RATE_COLUMN] = np.full(unit.windows, rate_hz, "<f8")
    columns_npz = storage.npz_bytes(columns)
    (home / "windows.npz").write_bytes(columns_npz)
    windows_sha256 = hashlib.sha256(columns_npz).hexdigest()
    return UnitEntry(unit.id, unit.windows, unit.healthy_start_windows, samples_sha256, windows_sha256)


def _load_unit(path: Path, manifest: Manifest, entry: UnitEntry, check_values: bool) -> Unit:
    home = path / "units" / entry.id
    if home.is_symlink() or (home / "samples.npy").is_symlink() or (home / "windows.npz").is_symlink():
        raise InputError("is a symbolic link", where=home, hint="a data set holds its own files")
    w, axes = entry.windows, len(manifest.axes)
    samples = storage.map_npy(home / "samples.npy", "<i2", (w, axes, manifest.n))
    expected: dict[str, tuple[str, tuple[int, ...]]] = {
        name: (dtype, (w, axes) if per_axis else (w,)) for name, (dtype, per_axis) in COLUMNS.items()
    }
    columns = storage.read_npz_columns(home / "windows.npz", expected | {RATE_COLUMN: ("<f8", (w,))})
    wrong = columns.pop(RATE_COLUMN) != manifest.rate_hz
    if check_values and wrong.any():
        what = f"window {int(np.argmax(wrong))} was recorded at another rate than {manifest.rate_hz:g} Hz"
        raise InputError(what, where=home / "windows.npz", hint="import the data again")
    return Unit(id=entry.id, samples=samples, healthy_start_windows=entry.healthy_start_windows, **columns)


def recorded_rates(path: Path, unit_id: str) -> NDArray[np.float64]:
    """[w] Hz: the rate that each window of a loaded unit was recorded at, whatever the manifest says."""
    return storage.NpzReader(path / "units" / unit_id / "windows.npz").read(RATE_COLUMN)
