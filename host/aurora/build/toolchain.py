"""The compilers, and the one line to say when they are missing."""

from __future__ import annotations

import shutil
import subprocess

from aurora.errors import ToolchainMissing
from aurora.spec.board import Board

CROSS = "arm-none-eabi-"
CROSS_PACKAGES = "apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi"
HOST_PACKAGES = "apt-get install gcc"


def compiler(board: Board) -> str:
    """Path of the C compiler for a board; raises ToolchainMissing with the packages to install."""
    name, packages = ("gcc", HOST_PACKAGES) if board.is_native else (CROSS + "gcc", CROSS_PACKAGES)
    path = shutil.which(name)
    if path is None:
        raise ToolchainMissing(f"{name} is not on the PATH", where=f"board {board.id}", hint=packages)
    return path


def compiler_version(board: Board) -> str:
    """What the compiler calls itself, in one line; part of the build id."""
    command = [compiler(board), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.splitlines()[0]


def machine_flags(board: Board) -> list[str]:
    """What tells the cross compiler a board's processor, as the PlatformIO platform derives it."""
    flags = [f"-mcpu={board.build['cpu']}", "-mthumb"]
    if "fpu" in board.build:
        flags += [f"-mfpu={board.build['fpu']}", f"-mfloat-abi={board.build.get('float_abi', 'hard')}"]
    return flags
