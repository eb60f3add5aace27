"""What a program takes of flash and RAM, by origin."""

from __future__ import annotations

from dataclasses import dataclass

from aurora.build.map_file import LinkMap, Piece
from aurora.verify.image import Image

CODE, STATIC = (".text", ".rodata", ".data"), (".data", ".bss")
HARNESS = ("main.o", "startup.o", "constants.o")  # of the image, not of what a firmware would hold


@dataclass(frozen=True)
class Sizes:
    """Bytes. ``static_ram`` is .data and .bss of all but the harness; the caller's blocks are apart."""

    engine: int
    program: int
    libc: int
    constants: int
    arena: int
    blocks: int
    static_ram: int

    @property
    def code(self) -> int:
        """Engine and program."""
        return self.engine + self.program

    def ram(self, stack_bytes: int) -> int:
        """Everything an inference needs: arena, input and output block, static data, stack."""
        return self.arena + self.blocks + self.static_ram + stack_bytes


def sizes_of(image: Image) -> Sizes:
    """Read from the link map; read-only data counts as code."""
    program = image.program
    return Sizes(
        engine=_bytes(image.sizes, CODE, "engine"),
        program=_bytes(image.sizes, CODE, "program"),
        libc=_bytes(image.sizes, CODE, "libc"),
        constants=len(program.constants),
        arena=program.arena_bytes,
        blocks=sum(port.bytes for port in (*program.inputs, *program.outputs)),
        static_ram=sum(_bytes(image.sizes, STATIC, origin) for origin in ("engine", "program", "libc")),
    )


def _bytes(sizes: LinkMap, sections: tuple[str, ...], origin: str) -> int:
    return sum(p.bytes for p in sizes.pieces if p.section in sections and _origin(p) == origin)


def _origin(piece: Piece) -> str:
    if piece.object in HARNESS or piece.object == "linker":
        return "harness"
    if piece.object == "program.o":
        return "program"
    return "libc" if ".a(" in piece.object or piece.object.startswith("crt") else "engine"
