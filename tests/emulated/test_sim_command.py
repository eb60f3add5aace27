"""`aurora sim`, `aurora build` and the instruction counter, as a user meets them."""

import json
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import serial
from aurora.build import build_firmware
from aurora.device.session import Session
from aurora.device.windows import windows_blocks
from aurora.emulator.count import FEATURES_SYMBOL, INFERENCE_SYMBOL, count_functions
from aurora.errors import EmulatorMissing, InputError
from aurora.signals.dataset import Unit, write_dataset
from aurora.spec.board import load_board
from probe import PROBE_APP, Probe, small_release
from small_model import RATE_HZ, small_model

pytestmark = pytest.mark.emulated
WINDOWS, N, AXES = 12, 256, 2
SECONDS = 120  # a bound for a loaded machine that has to build first


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_release(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def unit() -> Unit:
    rng = np.random.default_rng(2)
    return Unit(
        id="u1",
        samples=rng.integers(-9000, 9000, (WINDOWS, AXES, N)).astype(np.int16),
        scale_g=np.full((WINDOWS, AXES), 3e-4, np.float32),
        rpm=np.full(WINDOWS, 1500, np.float32),
        load=np.full(WINDOWS, np.nan, np.float32),
        time_s=np.arange(WINDOWS, dtype=np.float64) * 600,
        stands_for_s=np.full(WINDOWS, 600, np.float32),
        fault=np.full(WINDOWS, -1, np.int16),
        ttf_s=np.full(WINDOWS, np.nan, np.float32),
        healthy_start_windows=0,
    )


def aurora(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "aurora", *arguments]


def test_watch_prints_each_message_as_a_line(release: Path, unit: Unit, tmp_path: Path) -> None:
    write_dataset(
        tmp_path / "data", [unit], name="test", rate_hz=RATE_HZ, n=N, axes=("x", "y"), horizon_s=None,
        fault_types=(), nominal_rpm=1500.0, provenance={"source": "test"},
    )  # fmt: skip
    command = aurora("sim", "--model", str(release), "--windows", str(tmp_path / "data" / "u1"))
    done = subprocess.run(
        [*command, "--watch", "--seconds", "1"], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    url, hello, *rest = done.stdout.splitlines()
    assert re.fullmatch(r"socket://127\.0\.0\.1:\d+", url)
    assert hello.startswith("hello: board mps2_an386") and f"{AXES} x {N} samples" in hello
    assert sum(line.startswith("prediction ") for line in rest) == WINDOWS


def test_it_stays_in_the_foreground_until_interrupted(release: Path) -> None:
    with subprocess.Popen(
        aurora("sim", "--board", "native", "--model", str(release), "--json"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as sim:  # fmt: skip
        assert sim.stdout is not None and sim.stderr is not None
        first = json.loads(sim.stdout.readline())
        assert first["board"] == "native" and Path(f"/proc/{first['pid']}").exists()
        with serial.serial_for_url(first["url"], timeout=1):
            pass
        sim.send_signal(signal.SIGINT)
        assert sim.wait(SECONDS) == 130
        assert sim.stderr.read().strip() == "aurora: interrupted"
        assert not Path(f"/proc/{first['pid']}").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["sim", "--board", "mps2_386"], 32, "did you mean mps2_an386"),
        (["build", "--board", "stm32"], 32, "known boards"),
        (["build", "--model", "/nowhere"], 10, "model.tflite is missing"),
        (["sim", "--model", "/nowhere"], 10, "model.tflite is missing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_is_one_line_and_its_exit_code(arguments: list[str], code: int, words: str) -> None:
    done = subprocess.run(aurora(*arguments), capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == code
    assert words in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(("program", "code"), [("arm-none-eabi-gcc", 30), ("qemu-system-arm", 31)])
def test_a_missing_program_is_one_line_and_its_exit_code(
    program: str, code: int, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PATH with everything but one program."""
    for name in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if name != program:
            (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    for path in Path("/usr/bin").glob("arm-none-eabi-*"):
        if path.name != program and not (tmp_path / path.name).exists():
            (tmp_path / path.name).symlink_to(path)
    monkeypatch.setenv("PATH", str(tmp_path))
    command = aurora("sim", "--model", str(release), "--seconds", "1")
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == code, done.stderr
    assert f"{program} is not on the PATH" in done.stderr and done.stderr.count("\n") == 1


def test_instructions_of_features_and_inference_are_counted(
    release: Path, unit: Unit, tmp_path: Path
) -> None:
    build = build_firmware("mps2_an386", release)
    pack = tmp_path / "pack"
    pack.write_bytes(small_model().pack("mps2_an386"))
    blocks = windows_blocks(build.board, build.elf, unit.samples, unit.scale_g, RATE_HZ, unit.rpm)

    def drive(url: str) -> None:
        with Session(url) as session:
            for _ in range(WINDOWS):
                session.acquire()

    symbols = (FEATURES_SYMBOL, INFERENCE_SYMBOL)
    first, second = (count_functions(build, pack, blocks, symbols, drive) for _ in range(2))
    assert first == second, "the same firmware and data take the same instructions"
    assert len(first[FEATURES_SYMBOL]) == WINDOWS
    assert all(10_000 < count < 1_300_000 for count in first[FEATURES_SYMBOL])
    assert first[INFERENCE_SYMBOL] and all(100 < count < 100_000 for count in first[INFERENCE_SYMBOL])


def test_a_function_is_counted_with_what_it_calls(release: Path, tmp_path: Path) -> None:
    build = build_firmware("mps2_an386", release, app=PROBE_APP)
    pack = tmp_path / "pack"
    pack.write_bytes(b"")

    def drive(url: str) -> None:
        with Probe(url) as line:
            line.wake()
            line.ask(b"w")
            line.ask(b"w")

    counts = count_functions(build, pack, (), ["port_sensor_next", "preloaded_next"], drive)
    opening, later = counts["port_sensor_next"]
    assert counts["preloaded_next"] == [counts["preloaded_next"][0]] * 2
    assert opening > later > counts["preloaded_next"][0] > 3
    with pytest.raises(InputError, match="0 symbols 'nothing'"):
        count_functions(build, pack, (), ["nothing"], drive)
    native = replace(build, board=load_board("native"))
    with pytest.raises(EmulatorMissing, match="only QEMU counts"):
        count_functions(native, pack, (), ["port_wait"], drive)
