"""Runs a compiled program, built for a Cortex-M55, in QEMU (mps3-an547); every process is bounded."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from aurora.compile import Program
from engine_host import KERNELS, LIB, write_program

SOURCES = Path(__file__).with_name("engine_m55")
COUNT = Path(__file__).with_name("features_m4") / "count.c"
CORTEX_M55 = "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard".split()
FLAGS = (
    f"-std=c11 -O2 -Wall -Wextra -Wconversion -Werror -ffp-contract=off -fno-tree-vectorize "
    f"-ffunction-sections -fdata-sections -I{LIB}"
).split()
HARNESS = "run_row reset mark put semihost untouched stack_used fault memset vectors".split()
COUNTED = 0x1FFFF  # address bits that the counting plugin keeps
HEADER_BYTES, ALIGNMENT, MEMORY_BYTES, QEMU_LIMIT_S = 64, 64, 16 << 20, 120


@dataclass(frozen=True)
class Run:
    """Outputs int8 [w, out_bytes]; bytes of stack that the deepest row took."""

    outputs: np.ndarray
    stack_bytes: int


class M55Engine:
    """A built image; the kernels are compiled once a folder of ``objects``."""

    def __init__(self, program: Program, folder: Path, objects: list[Path]) -> None:
        self.program, self.folder = program, folder
        self.elf = folder / "engine_m55.elf"
        source = write_program(program, folder)
        link = ["-nostartfiles", "--specs=nosys.specs", "-Wl,--gc-sections", "-ereset", f"-T{SOURCES}/m55.ld"]
        sources = [str(SOURCES / "main.c"), str(source), *map(str, objects)]
        command = ["arm-none-eabi-gcc", *CORTEX_M55, *FLAGS, f"-I{folder}", *link, *sources]
        command += ["-o", str(self.elf)]
        subprocess.run(command, check=True, timeout=120)

    def run(self, inputs: np.ndarray, constants: bytes | None = None, plugin: str = "") -> Run:
        """int8 [w, in_bytes] through the board, with ``constants`` as if from a pack."""
        blob = self.program.constants if constants is None else constants
        at = HEADER_BYTES + -(-len(blob) // ALIGNMENT) * ALIGNMENT
        header = np.array([len(inputs), HEADER_BYTES, at], "<u4").tobytes().ljust(HEADER_BYTES, b"\0")
        job = (header + blob).ljust(at, b"\0") + np.ascontiguousarray(inputs, np.int8).tobytes()
        assert len(job) <= MEMORY_BYTES, "more than the board's memory"
        (self.folder / "job.bin").write_bytes(job)
        command = "qemu-system-arm -M mps3-an547 -display none -monitor none -serial none".split()
        command += ["-semihosting-config", "enable=on,target=native", "-kernel", self.elf.name]
        command += ["-device", "loader,file=job.bin,addr=0x70000000,force-raw=on"]
        command += ["-plugin", plugin] if plugin else []
        subprocess.run(command, check=True, cwd=self.folder, timeout=QEMU_LIMIT_S)
        size = sum(port.bytes for port in self.program.outputs)
        row = np.dtype([("status", "<i4"), ("stack", "<i4"), ("guards", "<i4"), ("out", "i1", size)])
        rows = np.frombuffer((self.folder / "out.bin").read_bytes(), row)
        assert len(rows) == len(inputs)
        assert not rows["status"].any()
        assert rows["guards"].all(), "wrote beyond the arena or the output"
        return Run(rows["out"].reshape(len(inputs), size), int(rows["stack"].max()))

    def counts(self, row: np.ndarray) -> dict[str, int]:
        """Exact instructions of one inference by function."""
        plugin = self.folder / "count.so"
        if not plugin.exists():
            command = ["gcc", "-O2", "-shared", "-fPIC", str(COUNT), "-o", str(plugin)]
            subprocess.run(command, check=True, timeout=60)
        symbols = self.symbols()
        start = next(address for address, _, name in symbols if name == "mark")
        self.run(row[None], plugin=f"{plugin},mark={start:#x},out={self.folder}/count.txt")
        found: dict[str, int] = {}
        for line in (self.folder / "count.txt").read_text().splitlines():
            address, executed = map(int, line.split())
            near = (name for at, size, name in symbols if 0 <= address - (at & COUNTED) < size)
            name = next(near, "?")
            if name not in HARNESS:
                found[name] = found.get(name, 0) + executed
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def symbols(self) -> list[tuple[int, int, str]]:
        """(address, bytes, name) of code and constants in flash."""
        command = ["arm-none-eabi-nm", "-S", str(self.elf)]
        text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
        rows = re.findall(r"^(\w+) (\w+) [tTrR] (\S+)$", text, re.MULTILINE)
        return [(int(address, 16), int(size, 16), name) for address, size, name in rows]

    def code_bytes(self) -> int:
        return sum(size for _, size, name in self.symbols() if name not in HARNESS)


def kernel_objects(folder: Path) -> list[Path]:
    """The kernels for Cortex-M55, compiled into ``folder``."""
    objects = []
    for source in (source for source in KERNELS if source.parent.name != "m4"):
        objects.append(folder / f"{source.parent.name}_{source.stem}.o")
        command = ["arm-none-eabi-gcc", *CORTEX_M55, *FLAGS, "-c", str(source), "-o", str(objects[-1])]
        subprocess.run(command, check=True, timeout=60)
    return objects
