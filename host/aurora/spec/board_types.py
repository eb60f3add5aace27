"""What a board record holds, once it is checked (see spec/board.py for the file)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Region:
    """A range of flash or RAM; ``erase_bytes`` holds the size of each erase unit in order, empty for RAM."""

    name: str
    origin: int
    bytes: int
    erase_bytes: tuple[int, ...] = field(default=(), repr=False)

    @property
    def end(self) -> int:
        """First address behind the region."""
        return self.origin + self.bytes


@dataclass(frozen=True)
class Uart:
    """The link's port: ``type`` names the peripheral, ``irq`` is its receive interrupt."""

    type: str
    base: int
    irq: int
    baud: int


@dataclass(frozen=True)
class WindowsMemory:
    """Where an emulator preloads windows; ``first`` None: right behind the firmware's image."""

    descriptor: int
    first: int | None
    end: int


@dataclass(frozen=True)
class Emulator:
    """How one emulator runs the board; ``serial_index`` counts the machine's UARTs from 0."""

    kind: str
    machine: str
    serial_index: int
    arguments: tuple[str, ...]
    windows: WindowsMemory | None


@dataclass(frozen=True)
class Board:
    """One checked board record. ``core`` is the processor, with "f" for a float unit: "cortex-m4f"."""

    id: str
    name: str
    family: str
    core: str
    class_name: str
    class_id: int
    clock_hz: int
    ram: Region
    stack_bytes: int
    regions: dict[str, Region]
    uart: Uart | None
    emulators: dict[str, Emulator]
    budget_flash_bytes: int
    budget_ram_bytes: int
    build: dict[str, str]
    path: Path

    @property
    def is_native(self) -> bool:
        """True for the firmware built as a process of the host, which has no linker script of ours."""
        return self.family == "native"
