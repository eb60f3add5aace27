"""The arena planner: every tensor that lives between steps gets a place, and a proof that no two collide.

Greedy by size, the rule TFLite Micro uses as well (Pisarchyk & Lee, "Efficient memory management for deep
neural net inference", 2020): larger buffers first, each at the lowest offset free during its whole life.
Several orders are tried and the smallest arena is kept. A step may allow its output to share memory with an
input that it reads last, at a distance; then the pair constrains each other's offsets instead of excluding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aurora.errors import AuroraError


@dataclass(frozen=True)
class Buffer:
    """``size`` bytes that hold a value from the step that writes it to the last that reads it, both
    included."""

    key: str
    size: int
    first: int
    last: int


@dataclass(frozen=True)
class Overlap:
    """``writer`` may overlap ``reader`` where it starts ``distance`` bytes or more before it."""

    reader: str
    writer: str
    distance: int


@dataclass(frozen=True)
class Plan:
    offsets: dict[str, int]
    bytes: int


#: By (reader, writer): the distance.
Distances = dict[tuple[str, str], int]

ORDERS: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
    lambda buffer: (-buffer.size, buffer.first),
    lambda buffer: (buffer.first, -buffer.size),
    lambda buffer: (-buffer.size * (buffer.last - buffer.first + 1), buffer.first),
    lambda buffer: (-buffer.first, -buffer.size),
)


def plan_arena(buffers: Sequence[Buffer], alignment: int, overlaps: Sequence[Overlap] = ()) -> Plan:
    """Places for all ``buffers``, proved by `prove`; sizes are rounded up to ``alignment`` bytes."""
    distances = {(overlap.reader, overlap.writer): overlap.distance for overlap in overlaps}
    plans = [_place(sorted(buffers, key=order), alignment, distances) for order in ORDERS]
    best = min(plans, key=lambda plan: plan.bytes)
    prove(buffers, best, alignment, overlaps)
    return best


def _rounded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def _busy(buffer: Buffer, other: Buffer, at: int, distances: Distances) -> tuple[int, int]:
    """The offsets, from and to (both exclusive), where ``buffer`` would clash with ``other`` at ``at``."""
    start, end = at - buffer.size, at + other.size
    if (other.key, buffer.key) in distances:  # buffer is written over other
        start = max(start, at - distances[other.key, buffer.key])
    if (buffer.key, other.key) in distances:
        end = min(end, at + distances[buffer.key, other.key])
    return start, end


def _place(buffers: Sequence[Buffer], alignment: int, distances: Distances) -> Plan:
    placed: list[tuple[Buffer, int]] = []
    for buffer in buffers:
        busy = sorted(
            _busy(buffer, other, at, distances)
            for other, at in placed
            if other.first <= buffer.last and buffer.first <= other.last
        )
        at = 0
        for start, end in busy:
            if start < at < end:
                at = _rounded(end, alignment)
        placed.append((buffer, at))
    size = max((at + buffer.size for buffer, at in placed), default=0)
    return Plan({buffer.key: at for buffer, at in placed}, _rounded(size, alignment))


def prove(buffers: Sequence[Buffer], plan: Plan, alignment: int, overlaps: Sequence[Overlap] = ()) -> None:
    """Check the plan by itself, step by step: live buffers are inside the arena, aligned and disjoint, or at
    the distance that their step allows."""
    far_enough = {
        frozenset((pair.reader, pair.writer))
        for pair in overlaps
        if plan.offsets[pair.writer] + pair.distance <= plan.offsets[pair.reader]
    }
    for step in range(max((buffer.last for buffer in buffers), default=-1) + 1):
        live = [buffer for buffer in buffers if buffer.first <= step <= buffer.last]
        before: list[tuple[int, str]] = []  # ends of the buffers so far, by offset
        for at, size, key in sorted((plan.offsets[buffer.key], buffer.size, buffer.key) for buffer in live):
            before = [(end, other) for end, other in before if end > at]
            clash = [other for _, other in before if frozenset((other, key)) not in far_enough]
            if clash or at < 0 or at + size > plan.bytes or at % alignment:
                raise AuroraError(f"the arena plan puts {key} over {clash or 'its bounds'} at step {step}")
            before.append((at + size, key))
