"""Values that no recording can have, such as a scale of NaN or a fault that has no name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aurora.signals.manifest import MAX_NUMBER

if TYPE_CHECKING:
    from aurora.signals.dataset import Unit


@dataclass(frozen=True)
class ValueProblem:
    """An impossible value in one column of a unit; ``window`` is the first index that has it."""

    column: str
    window: int
    what: str
    count: int
    not_finite: bool


def _absurd(column: NDArray[Any]) -> NDArray[np.bool_]:
    """Finite, and so large that its sums and squares are not (a NaN is another rule's)."""
    return np.asarray(np.isfinite(column) & (np.abs(column) > MAX_NUMBER))


def value_problems(unit: Unit, fault_type_count: int) -> Iterator[ValueProblem]:
    """Every column of ``unit`` that holds an impossible value, with the first window that has it."""
    scale, rpm, load, fault, ttf = unit.scale_g, unit.rpm, unit.load, unit.fault, unit.ttf_s
    rules: list[tuple[str, Any, str, bool]] = [
        ("scale_g", ~np.isfinite(scale).all(axis=1), "scale is NaN or infinite", True),
        ("scale_g", (scale <= 0).any(axis=1), "scale is not above 0", False),
        ("rpm", np.isinf(rpm), "rpm is infinite (unknown is NaN)", True),
        ("rpm", rpm <= 0, "rpm is not above 0 (unknown is NaN)", False),
        ("load", np.isinf(load), "load is infinite (unknown is NaN)", True),
        ("time_s", ~np.isfinite(unit.time_s), "time is NaN or infinite", True),
        ("stands_for_s", ~np.isfinite(unit.stands_for_s), "stands_for_s is NaN or infinite", True),
        ("stands_for_s", unit.stands_for_s <= 0, "stands_for_s is not above 0", False),
        ("stands_for_s", _absurd(unit.stands_for_s), f"stands_for_s is above {MAX_NUMBER:g}", False),
        ("time_s", _absurd(unit.time_s), f"time is beyond {MAX_NUMBER:g} s", False),
        ("fault", (fault < -1) | (fault >= fault_type_count), "fault is no index of fault_types", False),
        ("ttf_s", ttf < 0, "time to failure is negative", False),
    ]
    for column, bad, what, not_finite in rules:
        if bad.any():
            yield ValueProblem(column, int(np.argmax(bad)), what, int(bad.sum()), not_finite)
