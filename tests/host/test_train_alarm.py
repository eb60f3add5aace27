"""The alarm that the threshold is chosen on is the one that the board's C computes."""

import numpy as np
import pytest
from aurora.spec.decision import Decision, FailsWithin, decide
from aurora.spec.model import DecisionSpec
from aurora.train.alarm import Course, alarm_course, choose_threshold

VOTES = [(1, 1, 1), (5, 3, 2), (5, 5, 1), (32, 7, 7), (3, 2, 2)]


@pytest.mark.parametrize(("windows", "raises", "clears"), VOTES)
@pytest.mark.parametrize("on", [-128, 0, 40, 127])
def test_alarm_is_that_of_the_board(windows: int, raises: int, clears: int, on: int) -> None:
    rng = np.random.default_rng(on + 200)
    score = np.clip(np.cumsum(rng.normal(0, 25, 400)), -128, 127).astype(np.int8)
    off = max(-128, on - 12)
    spec = DecisionSpec(windows=windows, raise_votes=raises, clear_votes=clears)
    part = Decision(1, fails_within=FailsWithin(0, on, off, raises, clears, windows)).to_bytes()
    board = decide(part, score[:, None])["alarm"].astype(bool)
    assert (alarm_course(score, on, off, spec) == board).all()


def course(seed: int, failing: bool = True) -> Course:
    rng = np.random.default_rng(seed)
    drift = np.r_[np.zeros(300), np.linspace(0, 90, 100)] if failing else np.zeros(400)
    score = np.clip(rng.normal(-30, 15, 400) + drift, -128, 127).astype(np.int8)
    fails = np.r_[np.zeros(350), np.ones(50)] if failing else np.zeros(400)
    return Course(score, fails.astype(np.float32), np.full(400, 3600.0, np.float32))


COURSES = [course(1), course(2), course(3, failing=False)]


def share_in_alarm(on: int, off: int, spec: DecisionSpec) -> float:
    alarmed = sum(float((alarm_course(c.score, on, off, spec) & (c.fails == 0)).sum()) for c in COURSES)
    return alarmed / sum(float((c.fails == 0).sum()) for c in COURSES)


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.1])
def test_threshold_is_the_lowest_that_keeps_to_the_rate(rate: float) -> None:
    spec = DecisionSpec(false_alarm_fraction=rate)
    found = choose_threshold(COURSES, spec, scale=0.1)
    assert found.kept and found.on - found.off == 5
    assert found.false_alarm_fraction == pytest.approx(share_in_alarm(found.on, found.off, spec))
    assert found.false_alarm_fraction <= rate < share_in_alarm(found.on - 1, found.off - 1, spec)
    assert (found.failing_units, found.caught_units) == (2, 2)


@pytest.mark.parametrize(("hours_of_peak", "threshold"), [(1, 1), (50, 51)], ids=["brief", "long"])
def test_rate_is_of_time_not_of_windows(hours_of_peak: int, threshold: int) -> None:
    hours = np.r_[np.ones(99), hours_of_peak].astype(np.float32)
    peak = Course(np.r_[np.zeros(99), 50].astype(np.int8), np.zeros(100, np.float32), hours)
    spec = DecisionSpec(
        false_alarm_fraction=0.02, windows=1, raise_votes=1, clear_votes=1, hysteresis_logit=0
    )
    assert choose_threshold([peak], spec, 1.0).on == threshold


def test_no_calm_time_justifies_no_threshold() -> None:
    only_failing = Course(np.zeros(9, np.int8), np.ones(9, np.float32), np.ones(9, np.float32))
    found = choose_threshold([only_failing], DecisionSpec(), 0.1)
    assert (found.on, found.kept) == (127, False)


def test_scores_that_always_alarm_are_said_to() -> None:
    stuck = Course(np.full(50, 127, np.int8), np.zeros(50, np.float32), np.ones(50, np.float32))
    found = choose_threshold([stuck], DecisionSpec(), 0.1)
    assert not found.kept and found.false_alarm_fraction > 0.9
