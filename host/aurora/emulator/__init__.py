"""Boards that run on this computer: QEMU, or the firmware as a process, behind one interface.

with open_emulator(build, pack=path) as board:
    serial.serial_for_url(board.url)
"""

from aurora.emulator.base import Emulator, MemoryBlock
from aurora.emulator.open import open_emulator

__all__ = ["Emulator", "MemoryBlock", "open_emulator"]
