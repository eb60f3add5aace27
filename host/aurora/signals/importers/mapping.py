"""The mapping file: which columns of a CSV, or keys of an NPZ, are what. TOML, every key checked.

rate_hz = 12800            # NPZ: or the name of the key that holds it
n = 4096                   # samples per window
axes = ["radial", "axial"]
scale_g = 0.10197          # g per recorded unit (here m/s²); default 1; NPZ: or the name of a key
name = "pump-house"        # the rest of this block is optional
unit = "P1"                # where no column tells machines apart
horizon_s = 86400          # label "fails within a day"
fault_types = ["healthy", "inner_race"]
nominal_rpm = 1500
healthy_start_windows = 20 # so many first windows of every unit are known to be healthy
stands_for_s = 600         # machine time a window represents; default: the time step, or n / rate
delimiter = ";"            # CSV

[columns]                  # CSV: the header's names
samples = ["acc_x", "acc_z"]   # one per axis; these are required, all others optional
unit = "machine"           # also: time (s), rpm, load, fault (name), ttf (s), window (rows of one value
rpm = "speed"              #   are one window; without it every n rows of a unit are)

[keys]                     # NPZ, in place of [columns]
samples = "x"              # [records, axes, samples], cut into windows of n; or [axes, samples]
unit = "bearing"           # also: time, rpm, load, fault, ttf: one value, or one per record
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aurora.errors import InputError
from aurora.files import is_plain_name
from aurora.signals.manifest import MAX_AXES, MAX_N, MAX_NUMBER

MAX_MAP_BYTES = 1 << 20
OPTIONAL_FIELDS = ("unit", "time", "rpm", "load", "fault", "ttf")
_TOP = {
    "rate_hz", "n", "axes", "scale_g", "name", "unit", "horizon_s", "fault_types", "nominal_rpm",
    "healthy_start_windows", "stands_for_s", "delimiter",
}  # fmt: skip


@dataclass(frozen=True)
class Mapping:
    """A checked mapping file. ``fields`` maps unit, time, rpm, load, fault, ttf, window to column or key."""

    path: Path
    rate_hz: float | str
    n: int
    axes: tuple[str, ...]
    samples: tuple[str, ...]  # CSV: a column per axis; NPZ: the one key
    scale_g: float | str = 1.0
    name: str = ""
    unit: str = "unit"
    horizon_s: float | None = None
    fault_types: tuple[str, ...] | None = None
    nominal_rpm: float | None = None
    healthy_start_windows: int = 0
    stands_for_s: float | None = None
    delimiter: str = ","
    fields: dict[str, str] = field(default_factory=dict)


def load_map(path: Path, table: str) -> Mapping:
    """Read a mapping file; ``table`` is "columns" (CSV) or "keys" (NPZ). InputError names the wrong key."""
    try:
        if path.stat().st_size > MAX_MAP_BYTES:
            raise InputError("is larger than any mapping file", where=path)
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError("no such mapping file", where=path) from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"is not TOML: {str(error)[:120]}", where=path) from error
    return _Checker(path, raw, table).mapping()


@dataclass(frozen=True)
class _Checker:
    path: Path
    raw: dict[str, Any]
    table: str

    def mapping(self) -> Mapping:
        other = {"columns": "keys", "keys": "columns"}[self.table]
        if other in self.raw:
            raise self._error(f"has [{other}], this source needs [{self.table}]")
        strange = sorted(set(self.raw) - _TOP - {self.table})
        if strange:
            raise self._error(f"unknown key {strange[0][:60]!r}", hint="known: " + ", ".join(sorted(_TOP)))
        npz = self.table == "keys"
        axes = self._names("axes", required=True) or ()
        return Mapping(
            path=self.path,
            rate_hz=self._number("rate_hz", or_key=npz, required=True),
            n=self._count("n", 1, MAX_N, None),
            axes=axes,
            samples=self._samples(len(axes)),
            scale_g=self._number("scale_g", or_key=npz, default=1.0),
            name=self._text("name", ""),
            unit=self._text("unit", "unit"),
            horizon_s=self._optional("horizon_s"),
            fault_types=self._names("fault_types", required=False),
            nominal_rpm=self._optional("nominal_rpm"),
            healthy_start_windows=self._count("healthy_start_windows", 0, 1 << 30, 0),
            stands_for_s=self._optional("stands_for_s"),
            delimiter=self._delimiter(),
            fields=self._fields(),
        )

    def _error(self, what: str, hint: str = "see aurora data import --help") -> InputError:
        return InputError(what, where=self.path, hint=hint)

    def _number(self, key: str, *, or_key: bool, required: bool = False, default: float = 0.0) -> Any:
        value = self.raw.get(key, None if required else default)
        if or_key and isinstance(value, str) and value:
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_NUMBER:
            raise self._error(f"{key} is {'missing' if value is None else 'not a number above 0'}")
        return float(value)

    def _optional(self, key: str) -> float | None:
        return None if key not in self.raw else float(self._number(key, or_key=False))

    def _count(self, key: str, low: int, high: int, default: int | None) -> int:
        value = self.raw.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            wrong = "missing" if value is None else f"not a whole number from {low} to {high}"
            raise self._error(f"{key} is {wrong}")
        return value

    def _text(self, key: str, default: str) -> str:
        value = self.raw.get(key, default)
        if not isinstance(value, str) or (value and not is_plain_name(value)):
            raise self._error(f"{key} is not a plain name (letters, digits, '.', '_', '-')")
        return value

    def _names(self, key: str, *, required: bool) -> tuple[str, ...] | None:
        value = self.raw.get(key)
        if value is None and not required:
            return None
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_AXES:
            raise self._error(f"{key} is {'missing' if value is None else 'not a list of names'}")
        if not all(isinstance(v, str) and is_plain_name(v) for v in value) or len(set(value)) != len(value):
            raise self._error(
                f"{key} is not a list of different plain names (letters, digits, '.', '_', '-')"
            )
        return tuple(value)

    def _delimiter(self) -> str:
        value = self.raw.get("delimiter", ",")
        if not isinstance(value, str) or len(value) != 1 or value in '"\r\n':
            raise self._error("delimiter is not one character")
        return value

    def _samples(self, axes: int) -> tuple[str, ...]:
        value = self._table().get("samples")
        if self.table == "keys":
            if not isinstance(value, str) or not value:
                raise self._error("[keys] samples is not the name of a key")
            return (value,)
        if not isinstance(value, list) or len(value) != axes or not all(isinstance(v, str) for v in value):
            raise self._error(f"[columns] samples is not a list of {axes} column names, one per axis")
        if len(set(value)) != len(value):
            raise self._error("[columns] samples names one column twice")
        return tuple(value)

    def _fields(self) -> dict[str, str]:
        known = {*OPTIONAL_FIELDS, "window"} if self.table == "columns" else set(OPTIONAL_FIELDS)
        fields = {key: value for key, value in self._table().items() if key != "samples"}
        for key, value in fields.items():
            if key not in known:
                hint = "known: samples, " + ", ".join(sorted(known))
                raise self._error(f"[{self.table}] unknown key {key[:60]!r}", hint=hint)
            if not isinstance(value, str) or not value:
                raise self._error(f"[{self.table}] {key} is not a name")
        return fields

    def _table(self) -> dict[str, Any]:
        table = self.raw.get(self.table)
        if not isinstance(table, dict):
            raise self._error(f"table [{self.table}] is missing")
        return table
