"""An emulator never outlives its user, and says in one line why it cannot run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aurora.build import BuildResult
from aurora.build.elf import read_elf
from aurora.emulator import MemoryBlock, open_emulator
from aurora.emulator.process import ChildProcess
from aurora.errors import EmulatorFailed, EmulatorMissing, InputError, LinkDead
from aurora.spec.board import load_board
from probe import Probe, build_probe

pytestmark = pytest.mark.emulated
HOLD = """
import sys, time
from pathlib import Path
from aurora.emulator import open_emulator
from aurora.spec.board import load_board
with open_emulator(Path(sys.argv[1]), load_board(sys.argv[2])) as emulator:
    print(emulator.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module", params=["mps2_an386", "native"])
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build_probe(request.param, tmp_path_factory.mktemp("release"))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def ends(pid: int) -> bool:
    for _ in range(200):
        if not is_running(pid):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_it_dies_with_its_user(build: BuildResult, death: signal.Signals) -> None:
    command = [sys.executable, "-c", HOLD, str(build.elf), build.board.id]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True
    ) as user:
        assert user.stdout is not None
        pid = int(user.stdout.readline())
        assert is_running(pid)
        user.send_signal(death)
        user.wait(20)
    assert ends(pid)


def test_it_ends_with_its_block_also_after_an_error(build: BuildResult) -> None:
    pids = []
    with open_emulator(build) as emulator:
        pids.append(emulator.pid)
    with pytest.raises(ZeroDivisionError), open_emulator(build) as emulator:
        pids.append(emulator.pid)
        raise ZeroDivisionError
    assert not any(is_running(pid) for pid in pids)


def test_a_native_board_ends_when_its_pipe_closes(build: BuildResult) -> None:
    if not build.board.is_native:
        pytest.skip("QEMU does not read stdin; the kernel ends it")
    process = subprocess.Popen(
        [str(build.elf)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0


def test_an_emulator_that_ended_says_so_instead_of_a_dead_link(build: BuildResult) -> None:
    with (
        pytest.raises(EmulatorFailed, match="ended by itself with status -9"),
        open_emulator(build) as emulator,
    ):
        os.kill(emulator.pid, signal.SIGKILL)
        raise LinkDead("the line is closed")


def test_a_locked_up_processor_ends_qemu_and_its_registers_are_told(
    tmp_path: Path, build: BuildResult
) -> None:
    """A vector table of zeros: the first fetch faults, and so does its handler."""
    if build.board.is_native:
        pytest.skip("a process has no lock-up")
    broken = tmp_path / "broken.elf"
    data = build.elf.read_bytes()
    assert read_elf(build.elf).segments[0][0] == 0
    vectors = data.find((0x20000000 + build.board.stack_bytes).to_bytes(4, "little"))
    assert vectors > 0
    broken.write_bytes(data[:vectors] + bytes(16) + data[vectors + 16 :])
    with (
        pytest.raises(EmulatorFailed, match=r"ended by itself.*Lockup.*R15="),
        open_emulator(broken, build.board) as emulator,
    ):
        assert ends(emulator.pid)
        emulator.check()


@pytest.mark.parametrize("board_id", ["mps2_an386", "disco_f407vg"])
def test_missing_qemu_is_one_line(board_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    elf = tmp_path / "firmware.elf"
    elf.touch()
    with (
        pytest.raises(EmulatorMissing, match="qemu-system-arm is not on the PATH") as caught,
        open_emulator(elf, load_board(board_id)),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_hostile_inputs_are_refused(tmp_path: Path, build: BuildResult) -> None:
    big = tmp_path / "big.pack"
    big.write_bytes(bytes(build.board.regions["slot_a"].bytes + 1))
    with pytest.raises(InputError, match="larger than slot A"), open_emulator(build, pack=big):
        pass
    with pytest.raises(InputError, match="No such file"), open_emulator(build, pack=tmp_path / "none"):
        pass
    with pytest.raises(InputError, match="no such firmware"), open_emulator(tmp_path / "x.elf", build.board):
        pass
    if not build.board.is_native:
        over_code = [MemoryBlock(build.board.regions["app"].origin + 64, bytes(64))]
        with (
            pytest.raises(InputError, match="the firmware and preloaded memory overlap"),
            open_emulator(build, windows=over_code),
        ):
            pass
        text = tmp_path / "text.elf"
        text.write_text("not an ELF file")
        with pytest.raises(InputError, match="not a 32-bit"), open_emulator(text, build.board):
            pass


def test_a_client_may_leave_and_come_back(build: BuildResult) -> None:
    with open_emulator(build) as board:
        for _ in range(2):
            with Probe(board.url) as line:
                line.wake()
                assert line.ask(b"s")["slot"] == build.board.regions["slot_a"].bytes


def test_what_a_child_says_last_is_in_its_failure() -> None:
    child = ChildProcess("/bin/sh", ["-c", "echo one >&2; echo two >&2; exit 3"], name="a shell")
    try:
        assert child.wait(20)
        assert str(child.failure()) == "a shell: ended by itself with status 3: one | two"
    finally:
        child.close()
        child.close()
