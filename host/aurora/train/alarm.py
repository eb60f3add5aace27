"""The alarm's threshold: the lowest that keeps to the stated false-alarm rate on units nobody trained on.

The alarm itself runs on the board (firmware/lib/nn/decision.c: k of n windows with hysteresis). Here its
whole course over a recording is found at once, so that every possible int8 threshold can be tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.spec.model import DecisionSpec

LOWEST, HIGHEST = -128, 127
SECONDS_PER_DAY = 86400.0
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class Course:
    """One validation unit: int8 ``score``, ``fails`` (1, 0, nan) and ``weight`` in seconds, each [w]."""

    score: NDArray[np.int8]
    fails: NDArray[np.float32]
    weight: NDArray[np.float32]


@dataclass(frozen=True)
class Threshold:
    """What was chosen and what it gives on the validation units.

    ``false_alarm_fraction``: share of the time not within the horizon that is spent in alarm;
    ``false_alarms_per_day``: rises of the alarm in that time; ``caught_units`` of ``failing_units`` have it
    on at some time within the horizon. ``kept``: False where even the highest threshold exceeds the rate.
    """

    on: int
    off: int
    kept: bool
    false_alarm_fraction: float
    false_alarms_per_day: float
    false_days: float
    caught_units: int
    failing_units: int


def alarm_course(score: NDArray[np.int8], on: int, off: int, decision: DecisionSpec) -> NDArray[np.bool_]:
    """[w]: the alarm after each window, as decision_step gives it from a fresh start."""
    rises = _votes(score >= on, decision.windows) >= decision.raise_votes
    stays = _votes(score >= off, decision.windows) >= decision.clear_votes
    # off <= on and clear <= raise: a window that raises never clears, so the last event before decides
    event = np.where(rises | ~stays, np.arange(len(score)), -1)
    last = np.maximum.accumulate(event) if len(event) else event
    alarm: NDArray[np.bool_] = (last >= 0) & rises[np.maximum(last, 0)]
    return alarm


def choose_threshold(courses: Sequence[Course], decision: DecisionSpec, scale: float) -> Threshold:
    """The lowest threshold within the decision's false-alarm limits; ``scale`` is the logit per int8 step.

    With a limit per turbine-year it is the lowest from which on all higher ones keep to it: a low threshold
    raises the alarm once and for ever, which is few alarms and no good. Without any time outside the horizon
    on the validation units the highest threshold is all that can be justified; then ``kept`` is False, as it
    is where even that one alarms too often.
    """
    gap = max(1, round(decision.hysteresis_logit / scale))
    found = _judge(courses, decision, HIGHEST, gap)
    if not found.kept:
        return found
    if decision.false_alarms_per_turbine_year is not None:
        for on in range(HIGHEST - 1, LOWEST - 1, -1):
            trial = _judge(courses, decision, on, gap)
            if not trial.kept:
                break
            found = trial
        return found
    low, high = LOWEST, HIGHEST
    while low < high:  # the alarm's time never grows with the threshold
        middle = (low + high) // 2
        trial = _judge(courses, decision, middle, gap)
        if trial.kept:
            high, found = middle, trial
        else:
            low = middle + 1
    return found


def _judge(courses: Sequence[Course], decision: DecisionSpec, on: int, gap: int) -> Threshold:
    off = max(LOWEST, on - gap)
    calm = alarmed = 0.0
    rises = caught = failing = 0
    for course in courses:
        alarm = alarm_course(course.score, on, off, decision)
        healthy, fails = course.fails == 0, course.fails == 1
        calm += float(course.weight[healthy].sum())
        alarmed += float(course.weight[healthy & alarm].sum())
        began = alarm & ~np.r_[False, alarm[:-1]]
        rises += int((began & healthy).sum())
        failing += bool(fails.any())
        caught += bool((alarm & fails).any())
    share = alarmed / calm if calm else 1.0  # nothing to judge by is never good enough
    days = calm / SECONDS_PER_DAY
    per_day = rises / days if days else 0.0
    yearly = decision.false_alarms_per_turbine_year
    kept = share <= decision.false_alarm_fraction and (yearly is None or per_day * DAYS_PER_YEAR <= yearly)
    return Threshold(
        on=on, off=off, kept=kept,
        false_alarm_fraction=share, false_alarms_per_day=per_day, false_days=days,
        caught_units=caught, failing_units=failing,
    )  # fmt: skip


def _votes(vote: NDArray[Any], windows: int) -> NDArray[np.int64]:
    """[w]: how many of the last ``windows`` entries, this one included, are True."""
    total = np.cumsum(vote.astype(np.int64))
    before = np.r_[np.zeros(windows, np.int64), total][: len(total)]
    votes: NDArray[np.int64] = total - before
    return votes
