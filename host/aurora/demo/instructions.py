"""Exact instructions per window on the emulated board: features, and the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aurora.build.firmware import BuildResult
from aurora.demo.selection import take
from aurora.device.session import Session
from aurora.device.windows import windows_blocks, windows_capacity
from aurora.emulator.count import FEATURES_SYMBOL, INFERENCE_SYMBOL, count_functions
from aurora.features import chain_info
from aurora.pack.read import parse_pack
from aurora.signals.dataset import Unit

COUNTED_WINDOWS = 4


def count_instructions(
    firmware: BuildResult, pack: Path, unit: Unit, rate_hz: float
) -> dict[str, int] | None:
    """The largest count over a few windows of ``unit``, whose self-calibration is passed over; None for a
    board that QEMU does not run (a host process counts nothing that a board would)."""
    if "qemu" not in firmware.board.emulators:
        return None
    info = chain_info(parse_pack(pack.read_bytes(), where=pack).parts["chain"])
    room = windows_capacity(firmware.board, firmware.elf, info.n, info.axes)
    rows = np.arange(min(unit.windows, info.calibration_windows + COUNTED_WINDOWS, room))
    part = take(unit, rows)
    blocks = windows_blocks(firmware.board, firmware.elf, part.samples, part.scale_g, rate_hz, part.rpm)

    def drive(url: str) -> None:
        with Session(url) as session:
            for _ in rows:
                session.acquire(detail=False)

    symbols = (FEATURES_SYMBOL, INFERENCE_SYMBOL)
    features, inference = count_functions(firmware, pack, blocks, symbols, drive).values()
    return {"features": max(features), "inference": max(inference)}
