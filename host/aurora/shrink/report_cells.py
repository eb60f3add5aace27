"""What Markdown and HTML set in their own way: tables of plain text, and how a figure is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aurora.shrink.comparison import ARMS, Arm, Comparison
from aurora.train.interval import Interval

ABSENT, UNKNOWN = "not made", "-"


@dataclass(frozen=True)
class Table:
    """A heading, sentences before the table, its head and its rows, all plain text."""

    title: str
    before: tuple[str, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def interval_text(found: Interval | None, digits: int, *, sign: bool = False) -> str:
    """ "0.912 [0.901, 0.923]"; a single value says that it is one."""
    if found is None:
        return UNKNOWN
    form = f"{'+' if sign else ''}.{digits}f"
    if found.low is None or found.high is None:
        return f"{found.mean:{form}} (n = {found.n})"
    return f"{found.mean:{form}} ({found.low:{form}} to {found.high:{form}})"


def arm_rows(comparison: Comparison) -> Iterator[tuple[str, Arm | None]]:
    """The agreed arms in their order, None where one was not made, then any other."""
    for name in ARMS:
        yield name, comparison.arm(name)
    for arm in comparison.arms:
        if arm.name not in ARMS:
            yield arm.name, arm


def number(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def decimal(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.3f}"
