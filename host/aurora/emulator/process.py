"""A child process that never outlives its user, whatever ends the user."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from typing import IO

from aurora.errors import EmulatorFailed

MAX_STDERR_BYTES, SHOWN_LINES = 65536, 6
TERMINATE_SECONDS = 2.0

# The kernel kills the child when the thread that started it ends (Linux). A Python of a few milliseconds
# sets that up and then becomes the program: code between fork and exec is not safe beside other threads.
_LAUNCHER = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
if sys.platform.startswith("linux"):
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""

_alive: weakref.WeakSet[ChildProcess] = weakref.WeakSet()


class ChildProcess:
    """``program`` (an absolute path) with ``arguments``; stdin is a pipe that closes when we end.

    What it prints to stderr is kept for ``failure()``; its stdout can be read from ``stdout``. The thread
    that creates it must live as long as it is needed.
    """

    def __init__(
        self, program: str, arguments: Sequence[str], *, name: str, pass_fds: Sequence[int] = ()
    ) -> None:
        self.name = name
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid())]
        self._process = subprocess.Popen(
            [*launcher, program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            pass_fds=tuple(pass_fds),
            start_new_session=True,  # Ctrl-C reaches us, and we end it in order
        )
        assert self._process.stdout is not None
        self.stdout: IO[bytes] = self._process.stdout
        _alive.add(self)

    @property
    def pid(self) -> int:
        """Process id of the program (the launcher's, which it became)."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def alive(self) -> bool:
        """True while the process runs."""
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it has ended."""
        self._process.send_signal(number)

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; False if it still runs after ``timeout_s``."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def last_words(self) -> str:
        """What it wrote to stderr, joined by " | "; of a register dump the first lines, which matter."""
        self._errors.seek(0)
        lines = self._errors.read(MAX_STDERR_BYTES).decode("utf-8", "replace").splitlines()
        lines = [line.strip() for line in lines if line.strip()]
        shown = lines if len(lines) <= 2 * SHOWN_LINES else [*lines[:SHOWN_LINES], "...", lines[-1]]
        return " | ".join(shown)

    def failure(self, what: str = "ended by itself") -> EmulatorFailed:
        """The error that says how it ended and what it said last."""
        status = self.exit_status
        ended = "" if status is None else f" with status {status}"
        return EmulatorFailed(f"{what}{ended}: {self.last_words() or 'it printed nothing'}", where=self.name)

    def close(self) -> None:
        """End the process if it runs and wait for it; may be called twice."""
        _alive.discard(self)
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(TERMINATE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


@atexit.register
def _close_all() -> None:
    for child in list(_alive):
        child.close()
