"""Windows preloaded into a board's memory, as if its sensor had them: the host of lib/port/preloaded.h.

The board's record says where descriptor and records go; on a board without spare RAM that is the flash
between the firmware's image and slot A, so the ELF file decides how many windows fit.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aurora.build.elf import read_elf
from aurora.emulator.base import MemoryBlock
from aurora.errors import InputError
from aurora.spec.board import Board, WindowsMemory

# as in firmware/lib/port/preloaded.h, whose descriptor and record these are
MAGIC, VERSION = 0x4E495741, 1
ALIGNMENT, MAX_AXES, MAX_N = 32, 8, 4096
DESCRIPTOR = struct.Struct("<IHHIIIII")  # its CRC-32 follows
RECORD = struct.Struct("<2f8f2I")  # rate_hz, rpm, scale_g, sequence, CRC-32 of the samples
IMAGE_END = "linker_image_end"


def windows_capacity(board: Board, elf: Path, n: int, axes: int) -> int:
    """How many windows of ``axes`` x ``n`` samples one start has room for; raises InputError for none."""
    _check_shape(n, axes)
    place = _place(board)
    room = (place.end - _first(place, elf)) // _stride(n, axes)
    if room < 1:
        raise InputError(f"no room for a window of {axes} x {n} samples", where=f"board {board.id}")
    return room


def windows_blocks(
    board: Board,
    elf: Path,
    samples: NDArray[np.int16],
    scale_g: NDArray[np.float32],
    rate_hz: float,
    rpm: NDArray[np.float32] | None = None,
    *,
    first_sequence: int = 0,
) -> tuple[MemoryBlock, ...]:
    """The memory of ``board`` that holds these windows, for ``open_emulator``.

    ``samples`` int16 [windows, axes, n]; ``scale_g`` [windows, axes], g per count; ``rpm`` [windows], 0 or
    NaN where unknown. Window i gets the sequence ``first_sequence + i``. Raises InputError where shapes
    disagree or the windows do not fit behind the firmware of ``elf``.
    """
    if samples.ndim != 3 or scale_g.shape != samples.shape[:2]:
        raise InputError(f"windows {samples.shape} need one scale per window and axis, not {scale_g.shape}")
    count, axes, n = samples.shape
    room = windows_capacity(board, elf, n, axes)
    if not 0 < count <= room:
        raise InputError(f"{count} windows, but the memory takes 1 to {room}", where=f"board {board.id}")
    speeds = np.zeros(count) if rpm is None else np.nan_to_num(np.asarray(rpm, np.float64))
    if speeds.shape != (count,):
        raise InputError(f"{count} windows need one speed each, not {speeds.shape}")
    place, stride = _place(board), _stride(n, axes)
    first = _first(place, elf)
    records = b"".join(
        _record(samples[i], scale_g[i], rate_hz, float(speeds[i]), first_sequence + i).ljust(stride, b"\0")
        for i in range(count)
    )
    fields = DESCRIPTOR.pack(MAGIC, VERSION, axes, n, count, first, stride, 0)
    descriptor = fields + struct.pack("<I", zlib.crc32(fields))
    if first == place.descriptor + len(descriptor):
        return (MemoryBlock(place.descriptor, descriptor + records),)
    return MemoryBlock(first, records), MemoryBlock(place.descriptor, descriptor)


def _record(
    samples: NDArray[np.int16], scale_g: NDArray[np.float32], rate_hz: float, rpm: float, sequence: int
) -> bytes:
    data = np.ascontiguousarray(samples, dtype="<i2").tobytes()
    scales = [*map(float, scale_g), *[0.0] * (MAX_AXES - len(scale_g))]
    return RECORD.pack(rate_hz, rpm, *scales, sequence, zlib.crc32(data)) + data


def _check_shape(n: int, axes: int) -> None:
    if not (1 <= axes <= MAX_AXES and 1 <= n <= MAX_N):
        raise InputError(f"a window has 1 to {MAX_AXES} axes of 1 to {MAX_N} samples, not {axes} x {n}")


def _stride(n: int, axes: int) -> int:
    return -(-(RECORD.size + 2 * n * axes) // ALIGNMENT) * ALIGNMENT


def _place(board: Board) -> WindowsMemory:
    for emulator in board.emulators.values():
        if emulator.windows is not None:
            return emulator.windows
    raise InputError("its record names no memory for preloaded windows", where=f"board {board.id}")


def _first(place: WindowsMemory, elf: Path) -> int:
    return read_elf(elf).symbol(IMAGE_END).address if place.first is None else place.first
