"""Byte layouts that C and Python share: records of the firmware's ``.def`` files, read through the extension.

A ``.def`` file is expanded by C's preprocessor, for the firmware and for ``aurora._device`` alike; here its
table comes back as data, so no offset is written twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Record", "read_records"]

#: Fields of these sizes in bytes are unsigned little-endian numbers; all others are byte strings.
NUMBER_BYTES = (1, 2, 4)


@dataclass(frozen=True)
class Record:
    """Fields by name: (offset, bytes); ``size`` is where the last one ends."""

    name: str
    fields: Mapping[str, tuple[int, int]]

    @property
    def size(self) -> int:
        """Bytes of one record."""
        return max(at + length for at, length in self.fields.values())

    def encode(self, **values: int | bytes) -> bytes:
        """The record with every field given; ValueError names one missing, unknown or too large."""
        if values.keys() != self.fields.keys():
            raise ValueError(f"{self.name}: fields {sorted(values.keys() ^ self.fields.keys())}")
        data = bytearray(self.size)
        for name, value in values.items():
            at, length = self.fields[name]
            data[at : at + length] = self._field_bytes(name, length, value)
        return bytes(data)

    def _field_bytes(self, name: str, length: int, value: int | bytes) -> bytes:
        if isinstance(value, bytes):
            if len(value) != length:
                raise ValueError(f"{self.name}.{name} takes {length} bytes, not {len(value)}")
            return value
        if not 0 <= value < 1 << 8 * length:
            raise ValueError(f"{self.name}.{name} = {value} does not fit {length} bytes")
        return int(value).to_bytes(length, "little")

    def decode(self, data: bytes, at: int = 0) -> dict[str, Any]:
        """Values by name of the record at byte ``at``; ValueError where ``data`` ends before it does."""
        if at < 0 or at + self.size > len(data):
            raise ValueError(f"{self.name}: {len(data)} bytes end before the record at {at} does")
        values: dict[str, Any] = {}
        for name, (start, length) in self.fields.items():
            field = data[at + start : at + start + length]
            values[name] = int.from_bytes(field, "little") if length in NUMBER_BYTES else bytes(field)
        return values


def read_records(table: Any, count: int) -> dict[str, Record]:
    """Records by name of a C table whose rows have ``record``, ``name``, ``at`` and ``bytes``."""
    from aurora._device import ffi

    fields: dict[str, dict[str, tuple[int, int]]] = {}
    for index in range(count):
        row = table[index]
        record, name = (ffi.string(text).decode() for text in (row.record, row.name))
        fields.setdefault(record, {})[name] = (row.at, row.bytes)
    return {name: Record(name, table) for name, table in fields.items()}
