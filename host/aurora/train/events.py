"""The alarm as an operator lives with it: does it come before the failure, how early, how often for nothing.

Window scores (AUROC, F1) weigh every window; an operator sees alarms. Their course is the board's own k-of-n
decision (train.alarm). The summary figures follow CARE (Gück, Roelofs, Faulstich 2024, "CARE to Compare: A
Real-World Benchmark Dataset for Early Fault Detection in Wind Turbine Data", Data 9(12) 138): coverage,
accuracy, reliability and earliness with that paper's weights. What differs, and why it is only CARE-like:
the event is the labelled horizon before a failure, the prediction is the board's alarm instead of a
criticality counter, time stands in place of 10-minute points, and as most units here fail in the end the
calm time of *every* unit serves as a normal event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.spec.model import DecisionSpec
from aurora.train.alarm import DAYS_PER_YEAR, SECONDS_PER_DAY, Course, alarm_course
from aurora.train.interval import poisson_upper

BETA = 0.5  # precision weighs twice: a false alarm costs a crew's day
COVERAGE_WEIGHT, EARLINESS_WEIGHT, RELIABILITY_WEIGHT, ACCURACY_WEIGHT = 1.0, 1.0, 1.0, 2.0
FULL_WEIGHT_SHARE = 0.25  # of the horizon: an alarm from there on is worth less and less


@dataclass(frozen=True)
class UnitCourse:
    """One unit's scored windows, w of them in time order; ``ttf_s`` [w] as in signals.dataset.Unit."""

    id: str
    course: Course
    ttf_s: NDArray[np.float32]


@dataclass(frozen=True)
class EventScores:
    """What the alarm is worth over several units; None where no unit can tell.

    ``lead_s_per_unit``: failing unit -> seconds from the last standing rise of its alarm to the failure, None
    where no alarm stands at the end. ``coverage``: share of failing units whose alarm is on at some time
    within the horizon. Rises in calm time count as false alarms, ``false_alarms_per_unit`` of those units
    that have calm time; the rate per turbine-year comes with the one-sided 95 % upper limit that so many
    alarms in so much time still allow. The other four and ``care`` are the CARE figures of this module.
    """

    lead_s_per_unit: dict[str, float | None]
    coverage: float | None
    false_alarms: int
    false_alarms_per_unit: float | None
    false_alarms_per_turbine_year: float | None
    false_alarms_per_turbine_year_upper: float | None
    calm_s: float
    care_coverage: float | None
    care_accuracy: float | None
    care_reliability: float | None
    care_earliness: float | None
    care: float | None


def judge_events(
    units: Sequence[UnitCourse], on: int, off: int, decision: DecisionSpec, horizon_s: float
) -> EventScores:
    """Run the alarm with thresholds ``on`` and ``off`` over every unit and judge its rises."""
    found = [_Unit.of(unit, alarm_course(unit.course.score, on, off, decision), horizon_s) for unit in units]
    failing = [unit for unit in found if unit.fails]
    calm = [unit for unit in found if unit.calm_s > 0]
    rises, calm_s = sum(unit.false_rises for unit in calm), sum(unit.calm_s for unit in calm)
    years = calm_s / SECONDS_PER_DAY / DAYS_PER_YEAR
    coverage = _mean([float(unit.caught) for unit in failing])
    accuracy = _mean([unit.quiet_share for unit in calm])
    caught, alarmed = sum(unit.caught for unit in failing), sum(unit.false_rises > 0 for unit in calm)
    reliability = f_beta(caught, alarmed, len(failing) - caught) if failing and calm else None
    earliness, pointwise = _mean([u.earliness for u in failing]), _mean([u.pointwise for u in failing])
    return EventScores(
        lead_s_per_unit={unit.id: unit.lead_s for unit in failing},
        coverage=coverage,
        false_alarms=rises,
        false_alarms_per_unit=rises / len(calm) if calm else None,
        false_alarms_per_turbine_year=rises / years if years else None,
        false_alarms_per_turbine_year_upper=poisson_upper(rises, years),
        calm_s=calm_s,
        care_coverage=pointwise,
        care_accuracy=accuracy,
        care_reliability=reliability,
        care_earliness=earliness,
        care=care_score(coverage, pointwise, accuracy, reliability, earliness),
    )


def care_score(
    caught: float | None,
    coverage: float | None,
    accuracy: float | None,
    reliability: float | None,
    earliness: float | None,
) -> float | None:
    """The paper's one figure: 0 where no failure is caught, the accuracy alone where it is below one half."""
    if caught is None or coverage is None or accuracy is None or reliability is None or earliness is None:
        return None
    if caught == 0:
        return 0.0
    if accuracy < 0.5:
        return accuracy
    weights = COVERAGE_WEIGHT, EARLINESS_WEIGHT, RELIABILITY_WEIGHT, ACCURACY_WEIGHT
    values = coverage, earliness, reliability, accuracy
    return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)


def f_beta(right: float, false: float, missed: float, beta: float = BETA) -> float:
    """F-beta of counts or of times; 0 where nothing was right."""
    if right == 0:
        return 0.0
    square = beta * beta
    return (1 + square) * right / ((1 + square) * right + square * missed + false)


@dataclass(frozen=True)
class _Unit:
    """One unit's share of the figures."""

    id: str
    fails: bool
    caught: bool
    lead_s: float | None
    false_rises: int
    calm_s: float
    quiet_share: float
    pointwise: float
    earliness: float

    @classmethod
    def of(cls, unit: UnitCourse, alarm: NDArray[np.bool_], horizon_s: float) -> _Unit:
        weight = unit.course.weight.astype(np.float64)
        within, calm = unit.course.fails == 1, unit.course.fails == 0
        rises = alarm & ~np.r_[False, alarm[:-1]]
        calm_s, alarmed_s = float(weight[calm].sum()), float(weight[calm & alarm].sum())
        caught_s, missed_s = float(weight[within & alarm].sum()), float(weight[within & ~alarm].sum())
        worth = weight[within] * _earliness_weight(unit.ttf_s[within], horizon_s)
        return cls(
            id=unit.id,
            fails=bool(within.any()),
            caught=bool((within & alarm).any()),
            lead_s=_lead_s(alarm, rises, unit.ttf_s) if within.any() else None,
            false_rises=int((rises & calm).sum()),
            calm_s=calm_s,
            quiet_share=1 - alarmed_s / calm_s if calm_s else 0.0,
            pointwise=f_beta(caught_s, alarmed_s, missed_s),
            earliness=float(worth[alarm[within]].sum() / worth.sum()) if worth.sum() > 0 else 0.0,
        )


def _lead_s(alarm: NDArray[np.bool_], rises: NDArray[np.bool_], ttf_s: NDArray[np.float32]) -> float | None:
    """Time to failure at the last rise, if the alarm still stands in the last window."""
    if len(alarm) == 0 or not alarm[-1]:
        return None
    return float(ttf_s[np.flatnonzero(rises)[-1]])


def _earliness_weight(ttf_s: NDArray[np.float32], horizon_s: float) -> NDArray[np.float64]:
    """1 in the first quarter of the horizon, from there linearly to 0 at the failure."""
    left = np.clip(ttf_s.astype(np.float64) / horizon_s, 0.0, 1.0)
    weight: NDArray[np.float64] = np.minimum(1.0, left / (1 - FULL_WEIGHT_SHARE))
    return weight


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
