"""The arena planner: every tensor that lives between steps gets a place, and a proof that no two collide.

Greedy by size, the rule TFLite Micro uses as well (Pisarchyk & Lee, "Efficient memory management for deep
neural net inference", 2020): larger buffers first, each at the lowest offset free during its whole life.
Three orders are tried and the smallest arena is kept.
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
class Plan:
    offsets: dict[str, int]
    bytes: int


ORDERS: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
    lambda buffer: (-buffer.size, buffer.first),
    lambda buffer: (buffer.first, -buffer.size),
    lambda buffer: (-buffer.size * (buffer.last - buffer.first + 1), buffer.first),
)


def plan_arena(buffers: Sequence[Buffer], alignment: int) -> Plan:
    """Places for all ``buffers``, proved by `prove`; sizes are rounded up to ``alignment`` bytes."""
    plans = [_place(sorted(buffers, key=order), alignment) for order in ORDERS]
    best = min(plans, key=lambda plan: plan.bytes)
    prove(buffers, best, alignment)
    return best


def _rounded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def _place(buffers: Sequence[Buffer], alignment: int) -> Plan:
    placed: list[tuple[Buffer, int]] = []
    for buffer in buffers:
        busy = sorted(
            (at, at + other.size)
            for other, at in placed
            if other.first <= buffer.last and buffer.first <= other.last
        )
        at = 0
        for start, end in busy:
            if at + buffer.size <= start:
                break
            at = max(at, _rounded(end, alignment))
        placed.append((buffer, at))
    size = max((at + buffer.size for buffer, at in placed), default=0)
    return Plan({buffer.key: at for buffer, at in placed}, _rounded(size, alignment))


def prove(buffers: Sequence[Buffer], plan: Plan, alignment: int) -> None:
    """Check the plan by itself, step by step: live buffers are inside the arena, aligned and disjoint."""
    for step in range(max((buffer.last for buffer in buffers), default=-1) + 1):
        live = [buffer for buffer in buffers if buffer.first <= step <= buffer.last]
        spans = sorted((plan.offsets[buffer.key], buffer.size, buffer.key) for buffer in live)
        end, before = 0, ""
        for at, size, key in spans:
            if at < end or at + size > plan.bytes or at % alignment:
                raise AuroraError(f"the arena plan puts {key} over {before or 'its bounds'} at step {step}")
            end, before = at + size, key
