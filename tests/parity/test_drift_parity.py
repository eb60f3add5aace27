"""Drift statistics on a Cortex-M4F in QEMU (soft double, hostile FPSCR): the host's bit for bit."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from aurora.drift.accumulate import accumulate
from aurora.spec.baseline import Baseline, build_baseline
from features_board import CORTEX_M4F, FLAGS, ROOT

SOURCES = Path(__file__).parent
LIBRARY = [
    *sorted((ROOT / "firmware/lib/drift").glob("*.c")),
    *sorted((ROOT / "firmware/lib/core").glob("*.c")),
]
COUNTERS = [("n", "<u4"), ("missing", "<u4"), ("saturated", "<u4"), ("reserved", "<u4")]
STATS = np.dtype([("moments", "<u8", 4), ("bins", "<u4", 32), *COUNTERS])
NOTHING = 0xFFFFFFFF
pytestmark = [
    pytest.mark.emulated,
    pytest.mark.skipif(not shutil.which("qemu-system-arm"), reason="qemu-system-arm is not installed"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the bare-metal image drift.elf and QEMU's instruction counter."""
    folder = tmp_path_factory.mktemp("drift_m4")
    command = ["arm-none-eabi-gcc", *CORTEX_M4F, *FLAGS, "-nostartfiles", "-ereset",
               f"-T{SOURCES}/features_m4/m4.ld", f"{SOURCES}/drift_m4/main.c", *map(str, LIBRARY),
               "-o", str(folder / "drift.elf")]  # fmt: skip
    subprocess.run(command, check=True, timeout=120)
    counter = [
        "gcc",
        "-O2",
        "-shared",
        "-fPIC",
        f"{SOURCES}/features_m4/count.c",
        "-o",
        str(folder / "count.so"),
    ]
    subprocess.run(counter, check=True, timeout=60)
    return folder


def on_board(
    folder: Path, baseline: Baseline, values: np.ndarray, counted: int = NOTHING
) -> tuple[np.ndarray, int]:
    """(statistics per channel, instructions of the push number ``counted``)."""
    part = baseline.to_bytes()
    head = struct.pack("<4I", len(part), len(values), values.shape[1], counted)
    job = head + part + bytes(-len(part) % 4) + np.ascontiguousarray(values, "<f4").tobytes()
    (folder / "job.bin").write_bytes(job)
    symbols = subprocess.run(
        ["arm-none-eabi-nm", "drift.elf"], cwd=folder, check=True, capture_output=True, text=True, timeout=30
    ).stdout
    mark = next(line.split()[0] for line in symbols.splitlines() if line.endswith(" mark"))
    command = ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none",
               "-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel", "drift.elf",
               "-device", "loader,file=job.bin,addr=0x21000000,force-raw=on",
               "-plugin", f"{folder}/count.so,mark=0x{mark},out={folder}/count.txt"]  # fmt: skip
    subprocess.run(command, check=True, cwd=folder, timeout=120)
    counts = [int(line.split()[1]) for line in (folder / "count.txt").read_text().splitlines()]
    return np.frombuffer((folder / "out.bin").read_bytes(), STATS), sum(counts)


def hard_values(windows: int) -> np.ndarray:
    """Channels of every size, denormal, constant, missing, saturated and changing in between."""
    random = np.random.default_rng(windows)
    normal = random.normal(size=(windows, 10))
    scales = np.array([1, 1e-3, 1e3, 1e-9, 1e-20, 1e-38, 1e-42, 3e7, 1, 1])
    values = (normal * scales).astype(np.float32)
    values[:, 8] = np.clip(np.round(values[:, 8] * 100), -128, 127)
    values[:, 9] = 1e6 + values[:, 9]
    values = np.concatenate([values, np.full((windows, 1), 7.25, np.float32)], axis=1)
    values[random.random(values.shape) < 0.01] = np.nan
    values[random.random(values.shape) < 0.01] = -np.inf
    return values


@pytest.mark.parametrize("windows", [1, 64, 65, 3000])
def test_board_and_host_agree_bit_for_bit(folder: Path, windows: int) -> None:
    values = hard_values(windows)
    usable = np.nan_to_num(hard_values(500), posinf=0, neginf=0)
    names = tuple(map(str, range(values.shape[1])))
    baseline = build_baseline(usable[:, :-1], usable[:, -1:].astype(np.int8), names)
    board, _ = on_board(folder, baseline, values)
    assert len(board) == values.shape[1]
    for row, expected in zip(board, accumulate(baseline, values).channels, strict=True):
        moments = np.array([expected.mean, expected.m2, expected.m3, expected.m4])
        assert row["moments"].tolist() == moments.view(np.uint64).tolist(), expected.name
        assert row["bins"].tolist() == expected.bins.tolist()
        assert (row["n"], row["missing"], row["saturated"]) == (
            expected.n,
            expected.missing,
            expected.saturated,
        )


@pytest.mark.parametrize(("push", "limit"), [(10, 260), (63, 4000)], ids=["a-window", "a-block-ends"])
def test_instructions_of_a_channel(folder: Path, push: int, limit: int) -> None:
    """Next to the features' million a window; the bound does not depend on how many windows came before."""
    values = np.random.default_rng(1).normal(size=(640 + push + 1, 12)).astype(np.float32)
    baseline = build_baseline(values, np.zeros((len(values), 0), np.int8), tuple(map(str, range(12))))
    for before in (0, 640):
        _, instructions = on_board(folder, baseline, values, before + push)
        print(f"push {before + push}: {instructions / 12:.0f} instructions a channel")
        assert 0 < instructions <= limit * 12
