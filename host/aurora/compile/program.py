"""The compiler's result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TensorIO:
    """One input or output. ``offset`` and ``bytes`` are its place in the concatenated block of all inputs
    or all outputs, which are sorted by name; real = scale * (stored - zero_point)."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int
    offset: int
    bytes: int


@dataclass(frozen=True)
class Program:
    """C text, constants and what is known of them.

    ``layout`` is the description whose hash is ``layout_id``: two models with the same id have the same
    ``source`` and ``header``, and each runs the other's program with its own ``constants``. ``report`` holds
    what differs between such models or only serves people.
    """

    name: str
    core: str
    variant: str
    layout_id: bytes
    layout: dict[str, Any]
    source: str
    header: str
    constants: bytes
    constants_alignment: int
    arena_bytes: int
    arena_alignment: int
    inputs: tuple[TensorIO, ...]
    outputs: tuple[TensorIO, ...]
    report: dict[str, Any]
