"""Runs a compiled program, built for a Cortex-M4F, in QEMU (mps2-an386); every process is bounded."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from aurora.compile import Program
from engine_host import KERNELS, LIB, write_program

SOURCES = Path(__file__).with_name("engine_m4")
CORTEX_M4F = "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16".split()
FLAGS = f"-std=c11 -O2 -ffp-contract=off -fno-tree-vectorize -ffunction-sections -I{LIB}".split()
HEADER_BYTES, ALIGNMENT, PSRAM_BYTES, QEMU_LIMIT_S = 64, 64, 16 << 20, 120


@cache
def kernel_objects() -> list[Path]:
    """The kernels, compiled once; they go when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="engine_m4_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    objects = [folder / f"{source.parent.name}_{source.stem}.o" for source in KERNELS]
    for source, target in zip(KERNELS, objects, strict=True):
        command = ["arm-none-eabi-gcc", *CORTEX_M4F, *FLAGS, "-c", str(source), "-o", str(target)]
        subprocess.run(command, check=True, timeout=60)
    return objects


def build(program: Program, folder: Path) -> Path:
    """The bare-metal image of ``program``."""
    source = write_program(program, folder)
    elf = folder / "engine_m4.elf"
    kernels = kernel_objects()
    command = ["arm-none-eabi-gcc", *CORTEX_M4F, *FLAGS, f"-I{folder}", "-nostartfiles", "--specs=nano.specs",
               "-Wl,--gc-sections", "-ereset", f"-T{SOURCES}/m4.ld", str(SOURCES / "main.c"), str(source),
               *map(str, kernels), "-o", str(elf)]  # fmt: skip
    subprocess.run(command, check=True, timeout=120)
    return elf


def run(program: Program, constants: bytes, inputs: np.ndarray, folder: Path, plugin: str = "") -> np.ndarray:
    """int8 [w, in_bytes] through the board, with ``constants`` as if from a pack: int8 [w, out_bytes]."""
    elf = folder / "engine_m4.elf"
    if not elf.exists():
        build(program, folder)
    at = HEADER_BYTES + -(-len(constants) // ALIGNMENT) * ALIGNMENT
    header = np.array([len(inputs), HEADER_BYTES, at], "<u4").tobytes().ljust(HEADER_BYTES, b"\0")
    job = (header + constants).ljust(at, b"\0") + np.ascontiguousarray(inputs, np.int8).tobytes()
    assert len(job) <= PSRAM_BYTES, "more than the board's PSRAM"
    (folder / "job.bin").write_bytes(job)
    command = "qemu-system-arm -M mps2-an386 -display none -monitor none -serial none".split()
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", elf.name]
    command += ["-device", "loader,file=job.bin,addr=0x21000000,force-raw=on"]
    if plugin:
        command += ["-plugin", plugin]
    subprocess.run(command, check=True, cwd=folder, timeout=QEMU_LIMIT_S)
    size = sum(port.bytes for port in program.outputs)
    rows = np.frombuffer((folder / "out.bin").read_bytes(), [("status", "<i4"), ("out", "i1", size)])
    assert len(rows) == len(inputs)
    assert not rows["status"].any()
    return rows["out"].reshape(len(inputs), size)
