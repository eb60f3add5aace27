"""manifest.json of a data set: read as hostile text, written canonically.

{"format": "aurora-dataset", "version": 1, "name": ..., "rate_hz": ..., "n": ..., "axes": [...],
 "scale_unit": "g", "horizon_s": number or null, "fault_types": [...], "nominal_rpm": number or null,
 "provenance": {...}, "units": [{"id", "windows", "healthy_start_windows", "samples_sha256",
 "windows_sha256"}, ...]}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.errors import InputError, NotFiniteError
from aurora.files import is_plain_name

MANIFEST_FILE = "manifest.json"
FORMAT, VERSION = "aurora-dataset", 1
_AGAIN = "import the data again"
MAX_MANIFEST_BYTES = 16 << 20
MAX_NUMBER = 1e12  # Hz, s and rpm: a whole number of 400 digits is no float at all, and 1e300 s no float32
MAX_UNITS, MAX_WINDOWS_PER_UNIT, MAX_N, MAX_AXES, MAX_FAULT_TYPES = 100_000, 10_000_000, 1 << 20, 64, 1000


@dataclass(frozen=True)
class UnitEntry:
    """One unit's line in the manifest; the hashes are of the two files below ``units/<id>/``."""

    id: str
    windows: int
    healthy_start_windows: int
    samples_sha256: str
    windows_sha256: str


@dataclass(frozen=True)
class Manifest:
    """The checked manifest; fields as in ``dataset.DataSet``."""

    name: str
    rate_hz: float
    n: int
    axes: tuple[str, ...]
    horizon_s: float | None
    fault_types: tuple[str, ...]
    nominal_rpm: float | None
    provenance: dict[str, Any]
    units: tuple[UnitEntry, ...]

    def to_json(self) -> str:
        """Canonical text: sorted keys, one unit per line, ASCII, newline at the end."""
        head = {
            "format": FORMAT, "version": VERSION, "name": self.name, "rate_hz": self.rate_hz, "n": self.n,
            "axes": list(self.axes), "scale_unit": "g", "horizon_s": self.horizon_s,
            "fault_types": list(self.fault_types), "nominal_rpm": self.nominal_rpm,
            "provenance": self.provenance,
        }  # fmt: skip
        text = json.dumps(head, indent=1, sort_keys=True, allow_nan=False)
        units = ",\n  ".join(json.dumps(vars(unit), sort_keys=True) for unit in self.units)
        return f'{text[:-2]},\n "units": [\n  {units}\n ]\n}}\n'


def read_manifest(folder: Path) -> Manifest:
    """Read and check ``folder``/manifest.json; raises InputError naming the key that is wrong."""
    path = folder / MANIFEST_FILE
    if not path.is_file():
        what = "is not a data set (it has no manifest.json)" if folder.is_dir() else "no such data set folder"
        raise InputError(what, where=folder, hint="make one with `aurora data import` or `aurora data synth`")
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise InputError("is larger than any manifest", where=path)
    try:
        raw = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_refuse_constant)
    except NotFiniteError as error:
        raise NotFiniteError(error.what, where=path, hint="use null for unknown") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON: {str(error)[:120]}", where=path, hint=_AGAIN) from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise InputError(f"is not an {FORMAT} manifest", where=path, hint=_AGAIN)
    if raw.get("version") != VERSION or raw.get("scale_unit") != "g":
        found = f"version {raw.get('version')!r} in {raw.get('scale_unit')!r}"
        raise InputError(f"is {found}, this Aurora reads {VERSION} in 'g'", where=path, hint=_AGAIN)
    return _Reader(raw, path).manifest()


def _refuse_constant(word: str) -> float:
    raise NotFiniteError(f"holds {word}")


@dataclass(frozen=True)
class _Reader:
    """Typed access to the manifest's keys: every wrong one ends in one line naming it."""

    raw: dict[str, Any]
    path: Path

    def manifest(self) -> Manifest:
        provenance = self.raw.get("provenance", {})
        if not isinstance(provenance, dict):
            raise self._wrong("provenance", "an object")
        return Manifest(
            name=self._text("name"),
            rate_hz=self._positive("rate_hz"),
            n=self._count(self.raw, "n", 1, MAX_N),
            axes=self._names("axes", 1, MAX_AXES),
            horizon_s=self._positive_or_none("horizon_s"),
            fault_types=self._names("fault_types", 0, MAX_FAULT_TYPES),
            nominal_rpm=self._positive_or_none("nominal_rpm"),
            provenance=provenance,
            units=self._units(),
        )

    def _units(self) -> tuple[UnitEntry, ...]:
        units = self.raw.get("units")
        if not isinstance(units, list) or not 1 <= len(units) <= MAX_UNITS:
            raise self._wrong("units", f"a list of 1 to {MAX_UNITS} units")
        seen: set[str] = set()
        return tuple(self._unit(entry, f"units[{i}]", seen) for i, entry in enumerate(units))

    def _unit(self, entry: Any, key: str, seen: set[str]) -> UnitEntry:
        if not isinstance(entry, dict):
            raise self._wrong(key, "an object")
        unit_id = entry.get("id")
        if not isinstance(unit_id, str) or not is_plain_name(unit_id):
            raise self._wrong(f"{key}.id", "a plain name (letters, digits, '.', '_', '-')")
        if unit_id.lower() in seen:  # folders of these names would be one on some file systems
            raise InputError(f"{key}.id: unit {unit_id!r} is listed twice", where=self.path)
        seen.add(unit_id.lower())
        windows = self._count(entry, "windows", 1, MAX_WINDOWS_PER_UNIT, key)
        hashes = [entry.get("samples_sha256"), entry.get("windows_sha256")]
        if not all(isinstance(h, str) and len(h) == 64 for h in hashes):
            raise self._wrong(f"{key}.samples_sha256 and .windows_sha256", "64 hexadecimal digits")
        healthy = self._count(entry, "healthy_start_windows", 0, windows, key)
        return UnitEntry(unit_id, windows, healthy, str(hashes[0]), str(hashes[1]))

    def _wrong(self, key: str, wanted: str) -> InputError:
        return InputError(f"{key} is not {wanted}", where=self.path, hint=_AGAIN)

    def _text(self, key: str) -> str:
        value = self.raw.get(key)
        if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
            raise self._wrong(key, "a short text")
        return value

    def _positive(self, key: str) -> float:
        value = self.raw.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_NUMBER:
            raise self._wrong(key, f"a number above 0 and at most {MAX_NUMBER:g}")
        return float(value)

    def _positive_or_none(self, key: str) -> float | None:
        return None if self.raw.get(key) is None else self._positive(key)

    def _count(self, raw: dict[str, Any], key: str, low: int, high: int, within: str = "") -> int:
        value = raw.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._wrong(f"{within}.{key}" if within else key, f"a whole number from {low} to {high}")
        return value

    def _names(self, key: str, low: int, high: int) -> tuple[str, ...]:
        value = self.raw.get(key)
        good = isinstance(value, list) and low <= len(value) <= high
        if not good or not all(isinstance(v, str) and is_plain_name(v) for v in value or ()):
            raise self._wrong(key, f"a list of {low} to {high} plain names")
        names = tuple(value or ())
        if len(set(names)) != len(names):
            raise self._wrong(key, "free of duplicates")
        return names
