"""Instructions that functions of the firmware execute, counted one by one by a plugin in QEMU.

These are instructions, not cycles: no wait states, no dual issue, a load of many registers counts once. The
same firmware and data give the same counts, unless an interrupt falls into a call.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from aurora.build.elf import read_elf
from aurora.build.firmware import BuildResult
from aurora.emulator.base import MemoryBlock, Setup, read_pack
from aurora.emulator.plugin import compile_plugin
from aurora.emulator.qemu import QemuEmulator
from aurora.errors import EmulatorFailed, EmulatorMissing

FEATURES_SYMBOL, INFERENCE_SYMBOL = "features_extract", "nn_model_run"  # lib/features, the generated program
PLUGIN = "count_plugin"
QUIT_SECONDS, START_SECONDS = 10.0, 20.0
# a nanosecond an instruction: the timer's interrupt falls into a call once in some 100 million instructions
SLOW_TIME = ("-icount", "shift=0")


def count_functions(
    build: BuildResult,
    pack: Path,
    windows: Sequence[MemoryBlock],
    symbols: Sequence[str],
    drive: Callable[[str], None],
) -> dict[str, list[int]]:
    """Instructions of each call of each function in ``symbols``, callees included, in order of the calls.

    Boots ``build`` with ``pack`` and ``windows`` in QEMU and calls ``drive`` with the serial URL; what the
    board does until ``drive`` returns is counted. Only for boards that QEMU runs. Raises InputError for an
    unknown or ambiguous symbol, EmulatorMissing, EmulatorFailed, ToolchainMissing or BuildFailed.
    """
    board = build.board
    if "qemu" not in board.emulators:
        raise EmulatorMissing("only QEMU counts instructions", where=f"board {board.id}")
    elf = read_elf(build.elf)
    addresses = {elf.symbol(name).address: name for name in symbols}
    qemu = dataclasses.replace(board.emulators["qemu"], arguments=SLOW_TIME)
    with tempfile.TemporaryDirectory(prefix="aurora-count-") as name:
        folder = Path(name)
        out = folder / "counts.txt"
        watches = ",".join(f"watch=0x{address:x}" for address in addresses)
        setup = Setup(
            board=dataclasses.replace(board, emulators={"qemu": qemu}),
            elf=build.elf,
            pack=read_pack(board, pack),
            memory=tuple(windows),
            seed=0,
            paused=False,
            timeout_s=START_SECONDS,
            extra=("-plugin", f"{compile_plugin(PLUGIN, folder)},out={out},{watches}"),
        )
        emulator = QemuEmulator(setup)
        try:
            drive(emulator.url)
            emulator.stop_in_order(QUIT_SECONDS)
        finally:
            emulator.close()
        return _read_counts(out, addresses)


def _read_counts(path: Path, addresses: dict[int, str]) -> dict[str, list[int]]:
    counts: dict[str, list[int]] = {name: [] for name in addresses.values()}
    try:
        for line in path.read_text(encoding="ascii").splitlines():
            address, count = line.split()
            counts[addresses[int(address, 16)]].append(int(count))
    except (OSError, ValueError, KeyError) as error:
        raise EmulatorFailed("the instruction counter left no counts", where="qemu") from error
    return counts
