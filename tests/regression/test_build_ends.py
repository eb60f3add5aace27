"""A build that is broken off leaves no process behind: PlatformIO's children once went on for minutes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aurora.build.guarded import run_guarded

WAIT_SECONDS = 20
# as PlatformIO does: a child and a grandchild, and the pids of both for the test
BUILD = "import os, subprocess, sys; child = subprocess.Popen(['sleep', '300']); "
BUILD += "open(sys.argv[1] + '.new', 'w').write(f'{os.getpid()} {child.pid}'); "
BUILD += "os.rename(sys.argv[1] + '.new', sys.argv[1]); child.wait()"


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not what():
        assert time.monotonic() < deadline, "not within the time allowed"
        time.sleep(0.02)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_of_a_build_outlives_its_user(tmp_path: Path, ending: signal.Signals) -> None:
    pids = tmp_path / "pids"
    program = "import os, sys; from aurora.build.guarded import run_guarded; "
    program += "run_guarded([sys.executable, '-c', *sys.argv[1:]], env=os.environ, timeout_s=200)"
    command = [sys.executable, "-c", program, BUILD, str(pids)]
    user = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    wait_for(pids.exists)
    build = [int(pid) for pid in pids.read_text().split()]
    assert all(map(is_alive, build))
    os.kill(user.pid, ending)
    assert user.wait(WAIT_SECONDS) != 0
    wait_for(lambda: not any(map(is_alive, build)))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_build_that_takes_too_long_ends_whole(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(subprocess.TimeoutExpired):
        run_guarded([sys.executable, "-c", BUILD, str(pids)], env=os.environ, timeout_s=3)
    wait_for(lambda: not any(is_alive(int(pid)) for pid in pids.read_text().split()))


def test_what_a_build_prints_and_how_it_ends_is_told() -> None:
    script = "import sys; print('said'); print('loud', file=sys.stderr); sys.exit(7)"
    done = run_guarded([sys.executable, "-c", script], env=os.environ, timeout_s=60)
    assert (done.returncode, done.stdout, done.stderr) == (7, "said\n", "loud\n")


def test_a_closed_terminal_ends_a_command_in_order() -> None:
    program = "import atexit, time; from aurora import cli; atexit.register(print, 'in order', flush=True); "
    program += "cli.group = lambda **_: (print('up', flush=True), time.sleep(60)); cli.main()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGHUP)
        assert process.wait(WAIT_SECONDS) == 129
        assert process.stdout.read() == "in order\n"
