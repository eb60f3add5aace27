"""GNU ld's map file: how much of flash and RAM each symbol and object takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

FLASH_SECTIONS = (
    ".vectors",
    ".info",
    ".text",
    ".rodata",
    ".data",
)  # .data is stored in flash and lives in RAM
RAM_SECTIONS = (".stack", ".data", ".bss", ".kept")

_PLACED = re.compile(
    r"^(?P<indent> ?)(?P<name>[.*A-Z]\S*)?\s+0x(?P<address>[0-9a-f]+)\s+0x(?P<bytes>[0-9a-f]+)(?P<rest>.*)$"
)
_NAME_ALONE = re.compile(r"^ ?[.A-Z]\S*$")


@dataclass(frozen=True)
class Piece:
    """One input section: ``symbol`` is what -ffunction-sections named it after, else its object."""

    section: str
    symbol: str
    object: str
    bytes: int


@dataclass(frozen=True)
class LinkMap:
    """``sections``: bytes of each output section; ``pieces``: what they are made of."""

    sections: dict[str, int]
    pieces: tuple[Piece, ...]

    @property
    def flash_bytes(self) -> int:
        """Bytes stored in flash."""
        return sum(self.sections.get(name, 0) for name in FLASH_SECTIONS)

    @property
    def ram_bytes(self) -> int:
        """Bytes of RAM claimed at start, the stack's reserve included."""
        return sum(self.sections.get(name, 0) for name in RAM_SECTIONS)

    def biggest(self, sections: tuple[str, ...], count: int) -> list[Piece]:
        """The ``count`` largest symbols of some output sections, largest first."""
        chosen = [piece for piece in self.pieces if piece.section in sections and piece.bytes]
        return sorted(chosen, key=lambda piece: (-piece.bytes, piece.symbol))[:count]


def parse_map(text: str) -> LinkMap:
    """Read the part "Linker script and memory map"; lines that are not understood are skipped."""
    sections: dict[str, int] = {}
    pieces: list[Piece] = []
    current = ""
    for indent, name, size, rest in _placed(text):
        if not indent:
            current = name
            sections[name] = sections.get(name, 0) + size
        elif current:
            owner = PurePosixPath(rest.strip() or "linker").name
            pieces.append(Piece(current, _symbol(name, owner), owner, size))
    return LinkMap(sections, tuple(pieces))


def _placed(text: str) -> Iterator[tuple[bool, str, int, str]]:
    """(is an input section, its name, bytes, what follows); a long name stands on a line of its own."""
    _, _, body = text.partition("Linker script and memory map")
    pending = ""
    for line in body.splitlines():
        match = _PLACED.match(line)
        if match and (match["name"] or pending):
            full = (match["indent"] + match["name"]) if match["name"] else pending
            yield full.startswith(" "), full.strip(), int(match["bytes"], 16), match["rest"]
        pending = line.rstrip() if _NAME_ALONE.match(line) else ""


def _symbol(section: str, owner: str) -> str:
    parts = section.split(".", 2)
    return parts[2] if len(parts) == 3 and parts[2] else f"({owner})"
