"""The firmware as a process behind the one interface."""

from __future__ import annotations

import os
import re
import selectors
import signal
import tempfile
import time
from pathlib import Path

from aurora.emulator.base import Setup
from aurora.emulator.process import ChildProcess
from aurora.errors import EmulatorFailed, InputError

URL = re.compile(rb"socket://127\.0\.0\.1:\d{1,5}\n")


class NativeEmulator:
    """One process of the native firmware; the start is immediate, so there is no pause."""

    def __init__(self, setup: Setup) -> None:
        if setup.paused or setup.extra:
            raise InputError("the native board knows no pause and no arguments", where=setup.board.id)
        self._folder = tempfile.TemporaryDirectory(prefix="aurora-native-")
        arguments = _arguments(setup, Path(self._folder.name))
        self._child = ChildProcess(str(setup.elf.resolve()), arguments, name=f"native firmware {setup.elf}")
        try:
            self.url = self._read_url(setup.timeout_s)
        except BaseException:
            self.close()
            raise

    def _read_url(self, timeout_s: float) -> str:
        """The process prints its URL as its first line."""
        deadline, text = time.monotonic() + timeout_s, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            while not text.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or len(text) > 100:
                    raise self._child.failure("said no URL")
                if selector.select(left):
                    byte = os.read(self._child.stdout.fileno(), 1)
                    if not byte:
                        raise self._ended()
                    text += byte
        if not URL.fullmatch(text):
            raise EmulatorFailed(f"said {text[:60]!r} instead of its URL", where=self._child.name)
        return text.decode().strip()

    def _ended(self) -> EmulatorFailed:
        self._child.wait(1.0)
        return self._child.failure("did not start and ended")

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def exit_status(self) -> int | None:
        return self._child.exit_status

    def alive(self) -> bool:
        return self._child.alive()

    def resume(self) -> None:
        """It runs since its start."""

    def reset(self) -> None:
        self.check()
        self._child.signal(signal.SIGHUP)

    def check(self) -> None:
        if not self.alive():
            raise self._child.failure()

    def close(self) -> None:
        self._child.close()
        self._folder.cleanup()


def _arguments(setup: Setup, folder: Path) -> list[str]:
    arguments = ["--port", "0"]
    if setup.pack is not None:
        (folder / "pack").write_bytes(setup.pack)
        arguments += ["--pack", str(folder / "pack")]
    if setup.memory:
        # one block: the descriptor with the records right behind it
        if len(setup.memory) != 1:
            raise InputError("the native board takes its windows as one block", where=setup.board.id)
        (folder / "windows").write_bytes(setup.memory[0].data)
        arguments += ["--windows", str(folder / "windows")]
    return arguments
