"""The arena planner: every tensor that lives between steps gets a place, and a proof that no two collide.

Greedy by size, the rule TFLite Micro uses as well (Pisarchyk & Lee, "Efficient memory management for deep
neural net inference", 2020): larger buffers first, each at the lowest offset free during its whole life.
Several orders are tried, each again with the buffer that ended highest placed first, and the smallest arena
is kept. A step may allow its output to share memory with an input that it reads last, at a distance or byte
on byte; then the pair constrains each other's offsets instead of excluding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    """``writer`` may overlap ``reader`` where it starts ``distance`` bytes or more before it; where that is
    None, only if both start at the same byte."""

    reader: str
    writer: str
    distance: int | None


@dataclass(frozen=True)
class Plan:
    offsets: dict[str, int]
    bytes: int


#: By (reader, writer): the distance.
Distances = dict[tuple[str, str], int | None]

ROUNDS = 12  # of moving a buffer to the front
MANY = 256  # buffers from which on the orders as they are must do: time grows with the square

ORDERS: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
    lambda buffer: (-buffer.size, buffer.first),
    lambda buffer: (buffer.first, -buffer.size),
    lambda buffer: (-buffer.size * (buffer.last - buffer.first + 1), buffer.first),
    lambda buffer: (-buffer.first, -buffer.size),
    lambda buffer: (int(buffer.first == buffer.last), -buffer.first, -buffer.size),  # scratch at last
)


def plan_arena(buffers: Sequence[Buffer], alignment: int, overlaps: Sequence[Overlap] = ()) -> Plan:
    """Places for all ``buffers``, proved by `prove`; sizes are rounded up to ``alignment`` bytes."""
    distances = {(overlap.reader, overlap.writer): overlap.distance for overlap in overlaps}
    plans = [plan for order in ORDERS for plan in _plans(sorted(buffers, key=order), alignment, distances)]
    best = min(plans, key=lambda plan: plan.bytes)
    prove(buffers, best, alignment, overlaps)
    return best


def _rounded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def _busy(buffer: Buffer, other: Buffer, at: int, distances: Distances) -> tuple[int, int]:
    """The offsets, from and to (both exclusive), where ``buffer`` would clash with ``other`` at ``at``."""
    start, end = at - buffer.size, at + other.size
    distance = distances.get((other.key, buffer.key))
    if distance is not None:  # buffer is written over other
        start = max(start, at - distance)
    distance = distances.get((buffer.key, other.key))
    if distance is not None:
        end = min(end, at + distance)
    return start, end


def _free(buffer: Buffer, at: int, neighbours: Sequence[tuple[Buffer, int]], distances: Distances) -> bool:
    """Whether ``buffer`` at ``at`` clashes with none of ``neighbours``."""
    for other, place in neighbours:
        start, end = _busy(buffer, other, place, distances)
        if start < at < end and not (at == place and _in_place(buffer, other, distances)):
            return False
    return True


def _in_place(buffer: Buffer, other: Buffer, distances: Distances) -> bool:
    pairs = ((buffer.key, other.key), (other.key, buffer.key))
    return any(pair in distances and distances[pair] is None for pair in pairs)


def _plans(order: list[Buffer], alignment: int, distances: Distances) -> Iterator[Plan]:
    """The plan of ``order``, then those with the buffer that ended last before moved to the front."""
    plan = _place(order, alignment, distances)
    yield plan
    for _ in range(ROUNDS if 1 < len(order) <= MANY else 0):
        highest = max(order, key=lambda buffer: plan.offsets[buffer.key] + buffer.size)
        order = [highest, *(buffer for buffer in order if buffer is not highest)]
        plan = _place(order, alignment, distances)
        yield plan


def _place(buffers: Sequence[Buffer], alignment: int, distances: Distances) -> Plan:
    placed: list[tuple[Buffer, int]] = []
    for buffer in buffers:
        neighbours = [
            (other, at) for other, at in placed if other.first <= buffer.last and buffer.first <= other.last
        ]
        ends = {_rounded(_busy(buffer, other, at, distances)[1], alignment) for other, at in neighbours}
        starts = {at for other, at in neighbours if _in_place(buffer, other, distances)}
        offsets = sorted(at for at in {0} | ends | starts if at >= 0)
        placed.append((buffer, next(at for at in offsets if _free(buffer, at, neighbours, distances))))
    size = max((at + buffer.size for buffer, at in placed), default=0)
    return Plan({buffer.key: at for buffer, at in placed}, _rounded(size, alignment))


def _apart(reader: int, writer: int, distance: int | None) -> bool:
    return reader == writer if distance is None else writer + distance <= reader


def prove(buffers: Sequence[Buffer], plan: Plan, alignment: int, overlaps: Sequence[Overlap] = ()) -> None:
    """Check the plan by itself, step by step: live buffers are inside the arena, aligned and disjoint, or at
    the distance that their step allows."""
    far_enough = {
        frozenset((pair.reader, pair.writer))
        for pair in overlaps
        if _apart(plan.offsets[pair.reader], plan.offsets[pair.writer], pair.distance)
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
