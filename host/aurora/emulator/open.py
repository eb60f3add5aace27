"""Opening a board's emulator for a built firmware."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aurora.build.firmware import BuildResult
from aurora.emulator.base import Emulator, MemoryBlock, Setup, read_pack
from aurora.emulator.native import NativeEmulator
from aurora.emulator.qemu import QemuEmulator
from aurora.errors import EmulatorMissing, InputError, LinkDead
from aurora.spec.board import Board

START_SECONDS = 20.0
END_SECONDS = 1.0


@contextmanager
def open_emulator(
    firmware: BuildResult | Path,
    board: Board | None = None,
    pack: Path | None = None,
    windows: Sequence[MemoryBlock] = (),
    *,
    seed: int | None = None,
    paused: bool = False,
    timeout_s: float = START_SECONDS,
    extra: Sequence[str] = (),
) -> Iterator[Emulator]:
    """Run ``firmware`` (a build, or an ELF file with its ``board``) and end it when the block ends.

    ``pack`` lies in slot A, ``windows`` (from aurora.device.windows) where the record says. ``seed`` is a
    32-bit number for port_boot_id(), random by default. A dead link inside the block becomes EmulatorFailed
    if the emulator has ended. Raises EmulatorMissing, EmulatorFailed, InputError.
    """
    if isinstance(firmware, BuildResult):
        board, elf = firmware.board, firmware.elf
    else:
        elf = firmware
    if board is None:
        raise InputError("an ELF file needs its board named", where=elf)
    if not elf.is_file():
        raise InputError("no such firmware", where=elf, hint=f"aurora build --board {board.id}")
    setup = Setup(
        board=board,
        elf=elf,
        pack=None if pack is None else read_pack(board, pack),
        memory=tuple(windows),
        seed=secrets.randbits(32) if seed is None else seed,
        paused=paused,
        timeout_s=timeout_s,
        extra=tuple(extra),
    )
    emulator = _start(setup)
    try:
        yield emulator
    except LinkDead:
        # a process that was killed closes its line a moment before it can be waited for
        deadline = time.monotonic() + END_SECONDS
        while emulator.alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        emulator.check()
        raise
    finally:
        emulator.close()


def _start(setup: Setup) -> Emulator:
    if "qemu" in setup.board.emulators:
        return QemuEmulator(setup)
    if "native" in setup.board.emulators:
        return NativeEmulator(setup)
    raise EmulatorMissing("its record names no emulator", where=f"board {setup.board.id}")
