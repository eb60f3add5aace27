"""The probe firmware (tests/emulated/probe_app): builds it for a board and talks to it, letter by letter."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from types import TracebackType

import serial
from aurora.build import BuildResult, build_firmware
from small_model import small_model

PROBE_APP = Path(__file__).resolve().parents[1] / "emulated" / "probe_app"
ANSWER_SECONDS = 20  # a bound, not an expectation: a loaded machine is slow


def small_release(folder: Path) -> Path:
    """A release folder made without TensorFlow."""
    return small_model().release(folder / "small").path


def build_probe(board_id: str, folder: Path) -> BuildResult:
    """The probe's firmware for a board."""
    return build_firmware(board_id, small_release(folder), app=PROBE_APP)


class Probe:
    """A line to the probe; numbers of an answer come as a dict."""

    def __init__(self, url: str) -> None:
        self.line = serial.serial_for_url(url, timeout=ANSWER_SECONDS)
        self.line._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.line.close()

    def wait_ready(self) -> None:
        """Wait for the greeting of a start."""
        assert self.line.readline() == b"ready\n"

    def wake(self) -> None:
        """Reach a board whose greeting may be over or lost: ask until it answers."""
        self.line.timeout = 0.3
        asked = 0
        while b"us=" not in self.line.readline():
            assert asked < 60, "the probe does not answer"
            self.line.write(b"t")
            asked += 1
        while asked > 1 and self.line.read(1000):  # answers to what was asked meanwhile
            pass
        self.line.timeout = ANSWER_SECONDS

    def ask(self, letter: bytes) -> dict[str, int]:
        """Send a letter and return the numbers in the line that answers."""
        self.line.write(letter)
        text = self.line.readline().decode()
        assert text.endswith("\n"), f"no answer to {letter!r}: {text!r}"
        return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", text)}
