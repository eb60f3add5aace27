"""What every emulator offers, and what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aurora.errors import InputError
from aurora.spec.board import Board


@dataclass(frozen=True)
class MemoryBlock:
    """Bytes that lie at ``address`` before the board starts, and again after each reset."""

    address: int
    data: bytes

    @property
    def end(self) -> int:
        """First address behind the block."""
        return self.address + len(self.data)


@dataclass(frozen=True)
class Setup:
    """What to run: the firmware, the pack in slot A (None: an erased slot), preloaded memory, a start number.

    ``seed`` is the word that makes port_boot_id() new; ``paused`` waits for ``resume()``; ``extra`` are
    further arguments for the emulator.
    """

    board: Board
    elf: Path
    pack: bytes | None
    memory: tuple[MemoryBlock, ...]
    seed: int
    paused: bool
    timeout_s: float
    extra: tuple[str, ...] = ()


class Emulator(Protocol):
    """A running board. ``url`` is what pyserial opens; it serves one client at a time."""

    @property
    def url(self) -> str: ...

    @property
    def pid(self) -> int: ...

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""

    def alive(self) -> bool:
        """True while the emulator runs."""

    def resume(self) -> None:
        """Let a paused board start."""

    def reset(self) -> None:
        """Press the reset button; RAM keeps its content. Raises EmulatorFailed."""

    def check(self) -> None:
        """Raise EmulatorFailed, with what the emulator said last, if it has ended."""

    def close(self) -> None:
        """End it; may be called twice."""


def read_pack(board: Board, path: Path) -> bytes:
    """A pack's bytes; raises InputError where the file is missing or larger than the slot."""
    slot = board.regions["slot_a"]
    try:
        with path.open("rb") as file:
            data = file.read(slot.bytes + 1)
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", where=path) from error
    if len(data) > slot.bytes:
        raise InputError(f"larger than slot A of {board.id} ({slot.bytes} bytes)", where=path)
    return data
