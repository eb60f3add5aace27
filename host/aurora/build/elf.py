"""What later stages ask of a firmware's ELF file: its load segments and the addresses of its symbols."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from aurora.errors import InputError

MAX_ELF_BYTES = 64 << 20
_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
_SEGMENT = struct.Struct("<IIIIIIII")
_SECTION = struct.Struct("<10I")
_SYMBOL = struct.Struct("<IIIBBH")
_PT_LOAD, _SHT_SYMTAB, _EM_ARM = 1, 2, 40


@dataclass(frozen=True)
class Symbol:
    """Address (bit 0 cleared: Thumb functions carry it set) and size in bytes."""

    address: int
    bytes: int


@dataclass(frozen=True)
class Elf:
    """``segments``: (physical address, bytes) of all that is stored in flash, ascending; symbols by name."""

    path: Path
    segments: tuple[tuple[int, int], ...]
    symbols: dict[str, list[Symbol]]

    @property
    def flash_bytes(self) -> int:
        """Bytes of flash that the image occupies, gaps between regions not counted."""
        return sum(size for _, size in self.segments)

    def symbol(self, name: str) -> Symbol:
        """The symbol ``name``; raises InputError where the firmware has none or, of static ones, several."""
        found = self.symbols.get(name, [])
        if len(found) != 1:
            raise InputError(f"the firmware has {len(found)} symbols {name!r}, not one", where=self.path)
        return found[0]


def read_elf(path: Path) -> Elf:
    """Read a 32-bit little-endian Arm ELF file; raises InputError where it is anything else."""
    try:
        if path.stat().st_size > MAX_ELF_BYTES:
            raise InputError(f"larger than {MAX_ELF_BYTES} bytes", where=path)
        data = path.read_bytes()
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", where=path) from error
    if data[:7] != b"\x7fELF\x01\x01\x01":
        raise InputError("not a 32-bit little-endian ELF file", where=path, hint="build the firmware first")
    try:
        header = _HEADER.unpack_from(data)
        if header[2] != _EM_ARM:
            raise InputError("an ELF file, but not for Arm", where=path)
        segments = _segments(data, header)
        return Elf(path, segments, _symbols(data, header))
    except (struct.error, ValueError, IndexError) as error:
        raise InputError("a damaged ELF file", where=path, hint="build the firmware again") from error


def _segments(data: bytes, header: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    offset, count = header[5], header[10]
    rows = [_SEGMENT.unpack_from(data, offset + i * _SEGMENT.size) for i in range(count)]
    return tuple(sorted((row[3], row[4]) for row in rows if row[0] == _PT_LOAD and row[4]))


def _symbols(data: bytes, header: tuple[int, ...]) -> dict[str, list[Symbol]]:
    offset, count = header[6], header[12]
    sections = [_SECTION.unpack_from(data, offset + i * _SECTION.size) for i in range(count)]
    symbols: dict[str, list[Symbol]] = {}
    for section in sections:
        if section[1] != _SHT_SYMTAB:
            continue
        names = sections[section[6]][4]
        for start in range(section[4], section[4] + section[5], _SYMBOL.size):
            name, address, size, info, _, _ = _SYMBOL.unpack_from(data, start)
            end = data.index(b"\0", names + name)
            function = info & 15 == 2
            text = data[names + name : end].decode("ascii", "replace")
            symbols.setdefault(text, []).append(Symbol(address & ~1 if function else address, size))
    return symbols
