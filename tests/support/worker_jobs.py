"""Jobs for worker processes: functions of a module, as a runner needs them."""

import os
import signal
import time

from aurora.errors import InputError


def slow_square(seconds: float) -> float:
    time.sleep(seconds)
    return seconds**2


def settings(names: tuple[str, ...]) -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in names)


def alive(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def refuse(where: str) -> None:
    raise InputError("is refused", where=where, hint="try another")


def die(_: None) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
