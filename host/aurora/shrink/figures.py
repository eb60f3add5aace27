"""The figures of a comparison: one value per seed, their mean and interval, and the paired difference.

A difference counts only where its 95 % interval over the common seeds excludes zero. Seeds tell how far
training's chance reaches; the interval over test units, printed beside the means, is nearly always wider.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from aurora.shrink.comparison import Arm, Comparison, SeedResult
from aurora.train.events import EventScores
from aurora.train.interval import Interval, bootstrap_interval, paired_interval, t_interval
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD

HOUR_S = 3600.0
#: what every other arm is held against: the plainly trained student, in the arm's own precision
BASE, INT8_BASE = "plain", "ptq"


@dataclass(frozen=True)
class Figure:
    """One column of a report.

    ``higher``: more is better; ``event``: it judges alarms, not windows; ``interval``: shown with its
    interval; no value lies above ``most`` or below zero, so no interval is shown beyond them.
    """

    key: str
    title: str
    value: Callable[[SeedResult], float | None]
    higher: bool = True
    event: bool = False
    digits: int = 3
    interval: bool = True
    most: float = 1.0


def _ece(head: str) -> Callable[[SeedResult], float | None]:
    return lambda result: result.calibration[head].ece if head in result.calibration else None


def _event(value: Callable[[EventScores], float | None]) -> Callable[[SeedResult], float | None]:
    return lambda result: value(result.events) if result.events is not None else None


def _lead_h(events: EventScores) -> float | None:
    """Median hours over the failing units whose alarm stands at the end."""
    known = [lead / HOUR_S for lead in events.lead_s_per_unit.values() if lead is not None]
    return float(np.median(known)) if known else None


FIGURES = (
    Figure("auroc", "AUROC, fails within H", lambda result: result.auroc),
    Figure("accuracy", "accuracy, fault type", lambda result: result.accuracy),
    Figure("fault_f1", "macro F1, fault type", lambda result: result.fault_f1),
    Figure("alarm_f1", "F1, fails within H", lambda result: result.alarm_f1),
    Figure("ece_fails", "ECE, fails within H", _ece(FAILS_HEAD), higher=False),
    Figure("ece_fault", "ECE, fault type", _ece(FAULT_HEAD), higher=False),
    Figure("coverage", "coverage", _event(lambda e: e.coverage), event=True),
    Figure("lead_h", "lead time, h", _event(_lead_h), event=True, digits=2, most=math.inf),
    Figure(
        "false_alarms_per_unit", "false alarms per unit", _event(lambda e: e.false_alarms_per_unit),
        higher=False, event=True, digits=2, most=math.inf,
    ),
    Figure(
        "false_alarms_per_turbine_year", "per turbine-year",
        _event(lambda e: e.false_alarms_per_turbine_year), higher=False, event=True, digits=1, most=math.inf,
    ),
    Figure(
        "false_alarms_upper", "its 95 % upper limit",
        _event(lambda e: e.false_alarms_per_turbine_year_upper), higher=False, event=True, digits=1,
        interval=False, most=math.inf,
    ),
    Figure("care", "CARE-like", _event(lambda e: e.care), event=True),
    Figure("care_coverage", "its coverage F0.5", _event(lambda e: e.care_coverage), event=True),
    Figure("care_accuracy", "its accuracy", _event(lambda e: e.care_accuracy), event=True),
    Figure("care_reliability", "its reliability", _event(lambda e: e.care_reliability), event=True),
    Figure("care_earliness", "its earliness", _event(lambda e: e.care_earliness), event=True),
)  # fmt: skip
#: what the choice between arms rests on
VALIDATION = Figure("validation", "score on validation units", lambda result: result.validation_score)
#: the figures in which two arms are called better or worse
JUDGED = ("auroc", "accuracy")


def figure(key: str) -> Figure:
    """The figure of this key."""
    return next(one for one in FIGURES if one.key == key)


def by_seed(arm: Arm, one: Figure) -> dict[int, float]:
    """Seed -> value, of the seeds that have one."""
    values = {result.seed: one.value(result) for result in arm.seeds}
    return {seed: value for seed, value in values.items() if value is not None}


def over_seeds(arm: Arm, one: Figure) -> Interval | None:
    """Mean and t interval over the arm's seeds, cut to what the figure can be."""
    found = t_interval(list(by_seed(arm, one).values()))
    if found is None or found.low is None or found.high is None:
        return found
    return replace(found, low=max(found.low, 0.0), high=min(found.high, one.most))


def over_units(arm: Arm, key: str) -> Interval | None:
    """Mean over test units of ``key``_per_unit (mean over seeds first), with its bootstrap interval."""
    per_unit = {unit: value for unit, value in unit_means(arm, key).items() if value is not None}
    return bootstrap_interval(per_unit)


def unit_means(arm: Arm, key: str) -> dict[str, float | None]:
    """Test unit -> mean over seeds of auroc, accuracy, fault_f1 or alarm_f1."""
    found: dict[str, list[float]] = {}
    for result in arm.seeds:
        for unit, value in getattr(result, f"{key}_per_unit").items():
            found.setdefault(unit, [])
            if value is not None:
                found[unit].append(value)
    return {unit: float(np.mean(values)) if values else None for unit, values in found.items()}


def base_of(comparison: Comparison, name: str) -> str:
    """What ``name`` is held against: an int8 arm against the plain student in int8, so that a difference is
    that of the training and not of the rounding; the device against what it runs, so that there is none."""
    arm = comparison.arm(name)
    if arm is not None and arm.precision == "board" and comparison.chosen is not None:
        return comparison.chosen
    rounded = arm is not None and arm.precision != "float" and name != INT8_BASE
    return INT8_BASE if rounded and comparison.arm(INT8_BASE) is not None else BASE


def difference(comparison: Comparison, name: str, one: Figure) -> Interval | None:
    """``name`` minus its base by common seeds; None where either has no such figure."""
    base = base_of(comparison, name)
    ours, theirs = comparison.arm(name), comparison.arm(base)
    if ours is None or theirs is None or name == base:
        return None
    return paired_interval(by_seed(ours, one), by_seed(theirs, one))


def verdict(found: Interval, higher: bool = True) -> str:
    """What a paired difference allows to say."""
    if found.low is None:
        return "the same on this seed" if found.mean == 0 else "one seed: nothing can be said"
    if not found.excludes_zero:
        return "no difference shown"
    return "better" if (found.mean > 0) == higher else "worse"


def shown(comparison: Comparison, *, event: bool) -> tuple[Figure, ...]:
    """The window or event figures that at least one arm has."""
    return tuple(
        one for one in FIGURES if one.event == event and any(by_seed(arm, one) for arm in comparison.arms)
    )
