"""`aurora demo` itself, on a small fleet: its report, its verdict, and that a wrong board is caught."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from aurora.errors import BitsDiffer
from train_samples import small_fleet

KEYS = {
    "windows", "bytes_differing", "auroc_mean", "auroc_per_unit", "auroc_leaky", "accuracy", "instructions",
    "flash_bytes", "flash_limit_bytes", "ram_bytes", "ram_limit_bytes", "drift", "seconds", "board",
    "versions",
}  # fmt: skip
ARMS = {"float", "int8_host", "board"}
LIMIT_S = 400

# the network that the host expects is not the one in the pack: one weight of it was changed
SABOTAGE = """
import numpy as np
from aurora.compress.tflm import TflmInterpreter
from aurora.demo import pipeline
from aurora.errors import AuroraError
run = pipeline.run_board
def run_other(firmware, pack, tflite, *rest, **more):
    right = TflmInterpreter(tflite)
    width = sum(int(np.prod(port.shape)) for port in right.binding.inputs)
    rows = np.resize(np.arange(-60, 60, dtype=np.int8), (1, width))
    for at in range(len(tflite) // 4, len(tflite), 16):
        other = bytearray(tflite)
        other[at] ^= 0x40
        try:
            if (TflmInterpreter(bytes(other)).run(rows) != right.run(rows)).any():
                return run(firmware, pack, bytes(other), *rest, **more)
        except AuroraError:
            continue
    raise SystemExit("no byte of the model changes its output")
pipeline.run_board = run_other
from aurora.cli import main
main()
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet") / "data"
    small_fleet(folder)
    return folder


def run(words: list[str], program: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program, *words], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


@pytest.mark.emulated
def test_demo_on_a_data_set_reports_every_figure(fleet: Path, tmp_path: Path) -> None:
    done = run(["demo", "--data", str(fleet), "--out", str(tmp_path / "demo"), "--json"], ["-m", "aurora"])
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "demo" / "report.json").read_text())
    assert set(report) >= KEYS
    assert report["bytes_differing"] == 0 and report["windows"] > 0
    assert set(report["auroc_mean"]) == ARMS == set(report["accuracy"])
    assert all(scores is None or set(scores) == ARMS for scores in report["auroc_per_unit"].values())
    assert report["instructions"]["features"] > report["instructions"]["inference"] > 100
    assert 0 < report["flash_bytes"] <= report["flash_limit_bytes"]
    assert report["seconds"]["total"] > 0
    assert (tmp_path / "demo" / "report.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.emulated
def test_demo_says_so_when_the_board_computes_something_else(fleet: Path, tmp_path: Path) -> None:
    words = ["demo", "--data", str(fleet), "--out", str(tmp_path), "--board", "native", "--windows", "60"]
    done = run(words, ["-c", SABOTAGE])
    assert done.returncode == BitsDiffer.exit_code, done.stderr
    assert "bytes of the board differ from the host's" in done.stderr
    assert json.loads((tmp_path / "report.json").read_text())["bytes_differing"] > 0
