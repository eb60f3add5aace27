"""The pack's .def files as data, and its low-level writer."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from aurora._device import ffi, lib
from aurora.spec.records import Record, read_records

__all__ = ["Extension", "Part", "assemble", "error_name", "error_text", "part_types", "records"]

MAGIC = int.from_bytes(b"AUPK", "little")
CELL_BYTES = 32  # flash is programmed in cells of this size: parts start on one
CRITICAL = 1  # flag bit of parts and extensions
CRC_BYTES = 4


@dataclass(frozen=True)
class Part:
    """One blob of a pack; ``type`` as in parts.def."""

    type: int
    data: bytes
    alignment: int = CELL_BYTES
    critical: bool = False


@dataclass(frozen=True)
class Extension:
    """A typed addition to the header; a reader that does not know a critical one refuses the pack."""

    type: int
    data: bytes
    critical: bool = False


@cache
def records() -> Mapping[str, Record]:
    """Records of header.def by name."""
    return read_records(lib.pack_fields, lib.pack_fields_count)


@cache
def part_types() -> Mapping[str, int]:
    """Name in parts.def, in lower case -> type."""
    kinds = [lib.pack_part_kinds[i] for i in range(lib.pack_part_kinds_count)]
    return {ffi.string(kind.name).decode().lower(): kind.value for kind in kinds}


def error_name(code: int) -> str:
    """PACK_E_* of a code that the C returned."""
    return str(ffi.string(lib.pack_error_name(code)).decode())


def error_text(code: int) -> str:
    """The plain sentence of errors.def."""
    return str(ffi.string(lib.pack_error_text(code)).decode())


def assemble(
    fields: Mapping[str, int | bytes], parts: Sequence[Part], extensions: Sequence[Extension] = ()
) -> bytes:
    """A pack of ``parts`` in this order; ``fields`` are those of the header that do not follow from them.

    Same arguments, same bytes: gaps are zeros, and nothing here looks at a clock.
    """
    added = b"".join(_extension_bytes(extension) for extension in extensions)
    header_bytes = records()["HEADER"].size + len(parts) * records()["PART"].size + len(added) + CRC_BYTES
    body, table = bytearray(), bytearray()
    for part in parts:
        offset = _aligned(header_bytes + len(body), part.alignment)
        body += bytes(offset - header_bytes - len(body)) + part.data
        table += records()["PART"].encode(
            type=part.type, flags=CRITICAL * part.critical, offset=offset, length=len(part.data),
            alignment=part.alignment, sha256=hashlib.sha256(part.data).digest(),
        )  # fmt: skip
    counted = {
        "magic": MAGIC, "major": lib.PACK_MAJOR, "minor": lib.PACK_MINOR, "header_bytes": header_bytes,
        "total_bytes": header_bytes + len(body), "part_count": len(parts),
        "extension_count": len(extensions), "extension_bytes": len(added),
    }  # fmt: skip
    header = records()["HEADER"].encode(**{**counted, **fields}) + table + added
    return bytes(header + zlib.crc32(header).to_bytes(CRC_BYTES, "little") + body)


def _extension_bytes(extension: Extension) -> bytes:
    head = records()["EXTENSION"].encode(
        type=extension.type, flags=CRITICAL * extension.critical, length=len(extension.data)
    )
    return head + extension.data + bytes(-len(extension.data) % 4)


def _aligned(offset: int, alignment: int) -> int:
    return offset + -offset % alignment
