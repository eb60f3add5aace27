"""Weighted cycles: instruction counts weighted by what a Cortex-M4's manual says they take at least.

ALU 1, a load 2, a transfer of n registers n + 1, a taken branch 3. No wait states, no dual issue and no
pipeline beyond that: a figure to compare programs by, not milliseconds of a chip.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aurora.errors import BuildFailed

OBJDUMP_SECONDS = 60
TAKEN_EXTRA = 2  # beside the 1 of every instruction
_LINE = re.compile(r"^ *([0-9a-f]+):\t+(\S+)(?:\s+(.*))?$")
_MULTIPLE = re.compile(r"(push|pop|ldm|stm|vpush|vpop|vldm|vstm)")
_PAIR = re.compile(r"(ldrd|strd)")
_LOAD = re.compile(r"(ldr|vldr|vld[24]|tb[bh])")
_RANGE = re.compile(r"([rsdq])(\d+)-[rsdq](\d+)")


def instructions_of(elf: Path) -> dict[int, tuple[str, str]]:
    """Address -> (mnemonic, operands) of all code, from objdump."""
    command = ["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", str(elf)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=OBJDUMP_SECONDS, check=False)
    if done.returncode != 0:
        raise BuildFailed("objdump cannot read it", where=elf)
    return parse_listing(done.stdout)


def parse_listing(listing: str) -> dict[int, tuple[str, str]]:
    """The same from objdump's text, whose addresses of eight digits begin their line.

    Debian's objdump does not know the long shifts of Armv8.1-M: they stand there as "@ <UNDEFINED>".
    """
    found = filter(None, map(_LINE.match, listing.splitlines()))
    return {int(match[1], 16): (match[2], match[3] or "") for match in found}


def weight(mnemonic: str, operands: str) -> int:
    """Cycles of one instruction, a branch taken as not taken."""
    name = mnemonic.split(".")[0]
    if _MULTIPLE.match(name):
        return 1 + _registers(operands)
    if _PAIR.match(name):
        return 3
    if _LOAD.match(name):
        return 3 if operands.startswith("d") else 2
    return 1


def _registers(operands: str) -> int:
    """Words in a list like {r4-r7, lr}; double registers count twice."""
    listed = operands[operands.find("{") :]
    count = listed.count(",") + 1
    count += sum(int(last) - int(first) for _, first, last in _RANGE.findall(listed))
    return count * (2 if "{d" in listed else 1)


def weighted_cycles(code: dict[int, tuple[str, str]], counts: NDArray[np.void]) -> int:
    """Of one inference's counts (machine.COUNTS)."""
    weights = np.array([weight(*code[int(address)]) for address in counts["address"]], np.int64)
    executed, jumped = counts["executed"].astype(np.int64), counts["jumped"].astype(np.int64)
    return int((executed * weights).sum() + TAKEN_EXTRA * jumped.sum())
