"""The signal a model listens to: how long a window is, which axes, how fast it is sampled."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aurora.errors import InputError
from aurora.files import is_plain_name

RPM_KNOWN, RPM_UNKNOWN = "known", "unknown"


@dataclass(frozen=True)
class SignalSpec:
    """A window is ``int16[axes][n]`` at ``rate_hz``; ``rpm`` says whether the shaft speed comes with it.

    Raises InputError on a value that no board could sample; the chain's library has limits of its own
    (firmware/lib/features/features.h), checked when the chain is compiled.
    """

    n: int
    axes: tuple[str, ...]
    rate_hz: float
    rpm: str = RPM_UNKNOWN

    def __post_init__(self) -> None:
        if self.n < 1:
            raise InputError(f"signal.n is {self.n}", hint="give the samples per window")
        if not self.axes or len(set(self.axes)) != len(self.axes) or not all(map(is_plain_name, self.axes)):
            raise InputError(f"signal.axes is {list(self.axes)}", hint="name each axis once, like x, y, z")
        if not (math.isfinite(self.rate_hz) and self.rate_hz > 0):
            raise InputError(f"signal.rate_hz is {self.rate_hz}", hint="give the sampling rate in Hz")
        if self.rpm not in (RPM_KNOWN, RPM_UNKNOWN):
            raise InputError(f"signal.rpm is {self.rpm!r}", hint=f"use {RPM_KNOWN!r} or {RPM_UNKNOWN!r}")
