"""Runs the feature library in QEMU on given chains and windows, built for a board (a Cortex-M4F by default).

Builds are kept in a folder of the caller's; every process is bounded.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from aurora.build.toolchain import machine_flags
from aurora.spec.board import load_board

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).with_name("features_m4")
LIBRARY = sorted((ROOT / "firmware/lib").glob("core/*.c")) + sorted(
    (ROOT / "firmware/lib").glob("features/*.c")
)
CORTEX_M4F = "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16".split()
FLAGS = f"-std=c11 -O2 -ffp-contract=off -fno-tree-vectorize -Wall -Wextra -I{ROOT}/firmware/lib".split()
JOB_MAGIC, QEMU_LIMIT_S = 0x4A4E4843, 120
M4F_BOARD = "mps2_an386"
RAM_BYTES = 65536  # of data, results and stack


@dataclass(frozen=True)
class Job:
    """One chain and the windows for it: samples int16 [w, axes, n], scale_g [w, axes], rate and rpm [w]."""

    chain: bytes
    samples: np.ndarray
    scale_g: np.ndarray
    rate_hz: np.ndarray
    rpm: np.ndarray


@dataclass(frozen=True)
class Result:
    """What the board computed: error codes and flags [w], the rest [w, F]; raw bits, not values."""

    errors: np.ndarray
    flags: np.ndarray
    features: np.ndarray
    calibrated: np.ndarray
    inputs: np.ndarray


def build(folder: Path, board_id: str = M4F_BOARD) -> Path:
    """The bare-metal image; compiled once per folder and board."""
    elf = folder / f"features_{board_id}.elf"
    if not elf.exists():
        board = load_board(board_id)
        places = {"board_flash": board.regions["boot"].origin, "board_ram": board.ram.origin}
        defines = {"JOB_ADDRESS": _jobs_at(board_id), "STACK_TOP": board.ram.origin + RAM_BYTES}
        command = ["arm-none-eabi-gcc", *machine_flags(board), *FLAGS, "-nostartfiles", "-ereset",
                   *(f"-D{name}={value:#x}" for name, value in defines.items()),
                   *(f"-Wl,--defsym={name}={value:#x}" for name, value in places.items()),
                   f"-T{SOURCES}/m4.ld", str(SOURCES / "main.c"), *map(str, LIBRARY),
                   "-o", str(elf), "-lm"]  # fmt: skip
        subprocess.run(command, check=True, timeout=120)
    return elf


def _jobs_at(board_id: str) -> int:
    windows = load_board(board_id).emulators["qemu"].windows
    assert windows is not None
    return windows.descriptor


def run(
    folder: Path, jobs: list[Job], features: list[int], plugin: str = "", board_id: str = M4F_BOARD
) -> list[Result]:
    """Run ``jobs``, whose chains give so many ``features``; results come from out.bin in ``folder``."""
    elf = build(folder, board_id)
    machine = load_board(board_id).emulators["qemu"].machine
    (folder / "jobs.bin").write_bytes(b"".join(map(_job_bytes, jobs)) + bytes(64))
    assert (folder / "jobs.bin").stat().st_size <= 16 << 20, "more than the board's PSRAM"
    command = ["qemu-system-arm", "-M", machine, "-display", "none", "-monitor", "none",
               "-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel", str(elf),
               "-device", f"loader,file=jobs.bin,addr={_jobs_at(board_id):#x},force-raw=on"]  # fmt: skip
    if plugin:
        command += ["-plugin", plugin]
    subprocess.run(command, check=True, cwd=folder, timeout=QEMU_LIMIT_S)
    words = (folder / "out.bin").read_bytes()
    results, at = [], 0
    for job, count in zip(jobs, features, strict=True):
        assert words[at : at + 4] == bytes(4), "the board refused the chain"
        padded = (count + 3) // 4 * 4
        row = np.dtype([("error", "<i4"), ("flags", "<u4"), ("features", "<u4", count),
                        ("calibrated", "<u4", count), ("inputs", "i1", padded)])  # fmt: skip
        table = np.frombuffer(words, row, len(job.samples), at + 4)
        at += 4 + table.nbytes
        results.append(Result(table["error"], table["flags"], table["features"], table["calibrated"],
                              table["inputs"][:, :count]))  # fmt: skip
    assert at == len(words)
    return results


@dataclass(frozen=True)
class Cost:
    """What one features_extract call takes on the Cortex-M4F: exact instructions, and cycles by `_cycles`."""

    instructions: int
    weighted_cycles: int
    per_function: dict[str, int]


def cost(folder: Path, job: Job, features: int) -> Cost:
    """Cost of the job's first window."""
    elf = build(folder)
    plugin = folder / "count.so"
    if not plugin.exists():
        command = ["gcc", "-O2", "-shared", "-fPIC", str(SOURCES / "count.c"), "-o", str(plugin)]
        subprocess.run(command, check=True, timeout=60)
    symbols = _symbols(elf)
    mark = next(address for address, _, name in symbols if name == "mark")
    run(folder, [job], [features], f"{plugin},mark={mark},out={folder}/count.txt")
    listing = _tool("objdump", "-d", "--no-show-raw-insn", str(elf))
    code = {
        int(m[1], 16): (m[2], m[3]) for m in re.finditer(r"^ +(\w+):\t(\S+)\t?(.*)$", listing, re.MULTILINE)
    }
    per_function: Counter[str] = Counter()
    cycles = 0
    for line in (folder / "count.txt").read_text().splitlines():
        address, executed = map(int, line.split())
        name = next(name for start, size, name in symbols if start <= address < start + size)
        per_function[name] += executed
        cycles += executed * _cycles(*code[address])
    return Cost(per_function.total(), cycles, dict(per_function.most_common()))


def _cycles(mnemonic: str, operands: str) -> int:
    """Cycles of one instruction as the Cortex-M4 manual lists them: no wait states, every branch taken."""
    name = mnemonic.split(".")[0]
    if re.fullmatch(r"(b|bl|bx|blx|cbn?z|b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le))", name):
        return 3
    if name in ("vsqrt", "vdiv"):
        return 14
    if re.match(r"vml[as]", name):
        return 3
    if re.match(r"(v?push|v?pop|v?ldm|v?stm|stmdb|ldmia)", name):
        listed = operands[operands.find("{") :]
        registers = listed.count(",") + 1
        for first, last in re.findall(r"[rds](\d+)-[rds](\d+)", listed):
            registers += int(last) - int(first)
        return 1 + registers * (2 if "d" in listed else 1)
    if name in ("vldr", "vstr", "ldrd", "strd"):
        return 3 if operands.startswith("d") or name.endswith("d") else 2
    return 2 if name.startswith("ldr") else 1


def _symbols(elf: Path) -> list[tuple[int, int, str]]:
    """(address, bytes, name) of each function."""
    rows = [line.split() for line in _tool("nm", "-S", str(elf)).splitlines()]
    return [(int(r[0], 16), int(r[1], 16), r[3]) for r in rows if len(r) == 4 and r[2] in "tT"]


def _tool(name: str, *arguments: str) -> str:
    command = [f"arm-none-eabi-{name}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


def _job_bytes(job: Job) -> bytes:
    w, axes, n = job.samples.shape
    sample_bytes = axes * n * 2
    record_bytes = 64 + (sample_bytes + 63) // 64 * 64
    chain = job.chain + bytes(-len(job.chain) % 64)
    records = np.zeros((w, record_bytes), np.uint8)
    head = np.zeros((w, 16), np.float32)
    head[:, 0], head[:, 1], head[:, 2 : 2 + axes] = job.rate_hz, job.rpm, job.scale_g
    records[:, :64] = head.view(np.uint8)
    records[:, 64 : 64 + sample_bytes] = np.ascontiguousarray(job.samples).reshape(w, -1).view(np.uint8)
    total = 64 + len(chain) + records.nbytes
    header = np.zeros(16, "<u4")
    header[:5] = JOB_MAGIC, total, len(job.chain), w, record_bytes
    return header.tobytes() + chain + records.tobytes()
