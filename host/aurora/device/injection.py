"""A window that is sent to a board over the link, instead of coming from its sensor."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Window:
    """``samples``: int16 little-endian, axis after axis, ``n`` for each; in g: sample * scale_g.

    ``rpm`` 0 means unknown.
    """

    samples: bytes
    n: int
    axes: int
    rate_hz: float
    scale_g: tuple[float, ...]
    rpm: float = 0.0

    def __post_init__(self) -> None:
        if len(self.samples) != 2 * self.n * self.axes or len(self.scale_g) != self.axes:
            found = f"{len(self.samples)} bytes and {len(self.scale_g)} scales"
            raise ValueError(f"{found} are no window of {self.axes} x {self.n} samples")

    @classmethod
    def of(cls, samples: Any, scale_g: Sequence[float], rate_hz: float, rpm: float = 0.0) -> Window:
        """From an int16 array [axes, n], numpy's or any other with a buffer; ValueError for another shape."""
        view = memoryview(samples)
        if view.format not in ("h", "<h") or view.ndim != 2:
            raise ValueError(f"a window is int16 [axes, n], not {view.format} with {view.ndim} dimensions")
        axes, n = view.shape or (0, 0)
        return cls(view.tobytes(), n, axes, float(rate_hz), tuple(float(s) for s in scale_g), float(rpm))

    @property
    def scale_g_bytes(self) -> bytes:
        """The scales as the link carries them: float32 little-endian."""
        return struct.pack(f"<{self.axes}f", *self.scale_g)
