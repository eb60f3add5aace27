"""Where the instructions of an inference go: by layer, and by address with its disassembly."""

from __future__ import annotations

import bisect
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aurora.build.elf import Elf, read_elf
from aurora.errors import BuildFailed
from aurora.verify.cycles import instructions_of, weight
from aurora.verify.image import Image

SHOWN_ADDRESSES = 40
TOOL_SECONDS = 60
_STEP = re.compile(r"&step_(\d+)\b")
_FRAME = re.compile(r"program\.c:(\d+)")


@dataclass(frozen=True)
class Layer:
    """Instructions that one step of the program spends; ``step`` -1 is what lies between the steps."""

    step: int
    summary: str
    macs: int
    instructions: int


@dataclass(frozen=True)
class Address:
    """One instruction: how often it runs, and the cycles it is weighted with, taken branches apart."""

    address: int
    function: str
    text: str
    executed: int
    cycles: int


@dataclass(frozen=True)
class Profile:
    """``layers`` in order of the program; ``addresses`` by cycles, the most expensive first."""

    layers: tuple[Layer, ...]
    addresses: tuple[Address, ...]

    def text(self) -> str:
        """For people: one line a layer, then the addresses."""
        total = sum(layer.instructions for layer in self.layers) or 1
        lines = ["instructions  share  per MAC  layer"]
        for layer in self.layers:
            per_mac = f"{layer.instructions / layer.macs:7.2f}" if layer.macs else "      -"
            share = 100 * layer.instructions / total
            lines.append(f"{layer.instructions:12,} {share:5.1f}% {per_mac}  {layer.summary}")
        lines += ["", "    executed      cycles  address   instruction"]
        lines += [
            f"{row.executed:12,} {row.cycles:11,}  {row.address:08x}  {row.text}  ({row.function})"
            for row in self.addresses
        ]
        return "\n".join(lines) + "\n"


def profile_of(image: Image, counts: NDArray[np.void]) -> Profile:
    """Of one inference's counts (machine.COUNTS)."""
    return Profile(layers_of(image, counts), _addresses(image, counts))


def layers_of(image: Image, counts: NDArray[np.void]) -> tuple[Layer, ...]:
    """What each step of the program spent, and last what lies between them."""
    spent: Counter[int] = Counter()
    sites = counts[counts["account"] > 0]
    steps = _steps_at(image, [int(address) for address in sites["address"]])
    for site, step in zip(sites, steps, strict=True):
        spent[step] += int(site["account"])
    layers = [
        Layer(number, step["summary"], step["macs"], spent[number])
        for number, step in enumerate(image.program.layout["steps"])
    ]
    return (*layers, Layer(-1, "between the layers", 0, spent[-1]))


def _steps_at(image: Image, addresses: list[int]) -> list[int]:
    """The step whose call holds each address of the program's function, -1 for none.

    A step's kernel may be inlined: the debug information names the lines around, the
    outermost last.
    """
    if not addresses:
        return []
    command = ["arm-none-eabi-addr2line", "-a", "-i", "-e", str(image.elf), *(f"{at:#x}" for at in addresses)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False)
    blocks = re.split(r"^0x[0-9a-f]+\n", done.stdout, flags=re.MULTILINE)[1:]
    if done.returncode != 0 or len(blocks) != len(addresses):
        raise BuildFailed("addr2line cannot read it", where=image.elf)
    source = (image.folder / "program.c").read_text().splitlines()
    return [_step_of(block, source) for block in blocks]


def _step_of(frames: str, source: list[str]) -> int:
    lines = [int(match) for match in _FRAME.findall(frames)]
    found = [_STEP.search(source[line - 1]) for line in lines if 0 < line <= len(source)]
    steps = [int(match[1]) for match in found if match]
    return steps[-1] if steps else -1


def _addresses(image: Image, counts: NDArray[np.void]) -> tuple[Address, ...]:
    code, functions = instructions_of(image.elf), _functions(read_elf(image.elf))
    starts = [start for start, _ in functions]
    rows = []
    for row in counts:
        at, executed = int(row["address"]), int(row["executed"])
        name, operands = code.get(at, ("?", ""))
        cycles = executed * weight(name, operands) + 2 * int(row["jumped"])
        place = bisect.bisect_right(starts, at) - 1
        function = functions[place][1] if place >= 0 else "?"
        rows.append(Address(at, function, f"{name} {operands}".strip(), executed, cycles))
    return tuple(sorted(rows, key=lambda row: (-row.cycles, row.address))[:SHOWN_ADDRESSES])


def _functions(elf: Elf) -> list[tuple[int, str]]:
    return sorted(
        (symbol.address, name)
        for name, symbols in elf.symbols.items()
        for symbol in symbols
        if symbol.bytes and not name.startswith("$")
    )


def write_profile(profile: Profile, path: Path) -> None:
    """As text; raises WriteFailed."""
    from aurora.files import write_atomic

    write_atomic(path, profile.text())
