"""Alarms as events: lead time, coverage, false alarms, CARE-like figures; thresholds per turbine-year."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aurora.errors import InputError
from aurora.spec.model import DecisionSpec, dump_model_toml, load_model_toml, model_toml_text
from aurora.train.alarm import Course, choose_threshold
from aurora.train.events import EventScores, UnitCourse, care_score, f_beta, judge_events
from hypothesis import given
from hypothesis import strategies as st

PLAIN = DecisionSpec(windows=1, raise_votes=1, clear_votes=1, hysteresis_logit=0.0)
HOUR_S = 3600.0
HORIZON_S = 4 * HOUR_S


def course(alarm: str, *, fails: bool, name: str = "u") -> UnitCourse:
    """A unit of one window an hour; "#" votes, "." does not. A failing one fails at its end."""
    count = len(alarm)
    ttf = np.arange(count, 0, -1) * HOUR_S if fails else np.full(count, np.inf)
    label = (ttf <= HORIZON_S).astype(np.float32)
    score = np.where(np.array(list(alarm)) == "#", 10, -10).astype(np.int8)
    weight = np.full(count, HOUR_S, np.float32)
    return UnitCourse(name, Course(score, label, weight), ttf.astype(np.float32))


def judged(*units: UnitCourse) -> EventScores:
    return judge_events(units, 0, -1, PLAIN, HORIZON_S)


def test_lead_time_runs_from_the_last_rise_that_stands() -> None:
    # on at hour 2, off, on again five hours before the failure and standing
    found = judged(course("..#..#####", fails=True))
    assert found.lead_s_per_unit == {"u": 5 * HOUR_S}
    assert found.coverage == 1.0


def test_an_alarm_that_fell_before_the_failure_has_no_lead() -> None:
    found = judged(course(".......#..", fails=True))
    assert found.lead_s_per_unit == {"u": None}
    assert found.coverage == 1.0  # it was on within the horizon all the same


def test_coverage_is_a_share_of_failing_units() -> None:
    caught, missed = course("........##", fails=True, name="a"), course("#.........", fails=True, name="b")
    healthy = course("....", fails=False, name="c")
    found = judged(caught, missed, healthy)
    assert found.coverage == 0.5
    assert set(found.lead_s_per_unit) == {"a", "b"}


def test_false_alarms_are_rises_in_calm_time() -> None:
    # two rises in 6 calm hours, one in 8 of a healthy unit; that within the horizon is none
    found = judged(course("#.#...##..", fails=True, name="a"), course("...##...", fails=False, name="b"))
    assert found.false_alarms == 3
    assert found.false_alarms_per_unit == 1.5
    assert found.calm_s == 14 * HOUR_S
    assert found.false_alarms_per_turbine_year == pytest.approx(3 / (14 / 24 / 365.25))
    assert found.false_alarms_per_turbine_year_upper is not None
    assert found.false_alarms_per_turbine_year_upper > found.false_alarms_per_turbine_year


def test_care_by_hand() -> None:
    # failing: 6 calm hours without alarm, alarm in the last 2 of 4: F0.5 = 1.25 * 2 / (1.25 * 2 + .25 * 2)
    found = judged(course("........##", fails=True, name="a"), course("..........", fails=False, name="b"))
    assert found.care_coverage == pytest.approx(2.5 / 3)
    assert found.care_accuracy == 1.0
    assert found.care_reliability == 1.0
    # weights at 4, 3, 2, 1 h before: 1, 1, 2/3, 1/3
    assert found.care_earliness == pytest.approx(1 / 3)
    assert found.care == pytest.approx((2.5 / 3 + 1 / 3 + 1 + 2 * 1) / 5)


def test_a_perfect_alarm_scores_one_and_a_silent_one_zero() -> None:
    assert judged(course("......####", fails=True), course("....", fails=False, name="h")).care == 1.0
    assert judged(course("..........", fails=True), course("....", fails=False, name="h")).care == 0.0


def test_an_alarm_that_always_stands_scores_its_accuracy() -> None:
    found = judged(course("##########", fails=True), course("####", fails=False, name="h"))
    assert (found.care, found.care_accuracy) == (0.0, 0.0)
    assert care_score(1.0, 0.9, 0.4, 0.9, 0.9) == 0.4


def test_without_failures_or_without_calm_there_is_no_score() -> None:
    healthy, failing = judged(course("....", fails=False)), judged(course("####", fails=True))
    assert (healthy.care, healthy.coverage, healthy.lead_s_per_unit) == (None, None, {})
    assert (failing.care, failing.false_alarms_per_unit, failing.false_alarms_per_turbine_year) == (None,) * 3


def test_f_beta_weighs_precision_twice() -> None:
    assert f_beta(1, 1, 0) == pytest.approx(1.25 / 2.25)
    assert f_beta(1, 0, 1) == pytest.approx(1.25 / 1.5)
    assert f_beta(0, 0, 0) == 0


@given(st.lists(st.tuples(st.text("#.", min_size=1, max_size=40), st.booleans()), min_size=1, max_size=6))
def test_every_share_is_a_share(units: list[tuple[str, bool]]) -> None:
    found = judged(*(course(text, fails=fails, name=str(i)) for i, (text, fails) in enumerate(units)))
    shares = (
        found.coverage, found.care_coverage, found.care_accuracy, found.care_reliability,
        found.care_earliness, found.care,
    )  # fmt: skip
    assert all(share is None or -1e-9 <= share <= 1 + 1e-9 for share in shares)
    calm = [
        text[: len(text) - (4 if fails else 0)] if len(text) > 4 or not fails else "" for text, fails in units
    ]
    assert found.false_alarms == sum(len(re.findall("(?<!#)#", text)) for text in calm)


def yearly(limit: float | None, fraction: float = 0.5) -> DecisionSpec:
    return replace(PLAIN, false_alarm_fraction=fraction, false_alarms_per_turbine_year=limit)


def calm_year(score: list[int]) -> Course:
    """One year of calm time in equal windows."""
    weight = np.full(len(score), 365.25 * 86400 / len(score), np.float32)
    return Course(np.array(score, np.int8), np.zeros(len(score), np.float32), weight)


def test_threshold_keeps_to_a_rate_per_turbine_year() -> None:
    # peaks of 40, 30, 20 and 10 over a year
    course = calm_year([-50, 40, -50, 30, -50, 20, -50, 10, -50, -50])
    found = {limit: choose_threshold([course], yearly(limit), 1.0) for limit in (0.0, 1.0, 2.0, 3.0)}
    assert {limit: one.on for limit, one in found.items()} == {0.0: 41, 1.0: 31, 2.0: 21, 3.0: 11}
    assert all(one.kept for one in found.values())
    assert found[2.0].false_alarms_per_day * 365.25 == pytest.approx(2, rel=1e-5)


def test_one_alarm_for_ever_is_not_taken_for_few() -> None:
    # at -50 the alarm rises once and stands: once a year, but it is never off
    course = calm_year([-50, 40, -50, 30, -50, 20, -50, 10, -50, -50])
    found = choose_threshold([course], yearly(1.0, fraction=0.999999), 1.0)
    assert found.on == 31


def test_both_limits_hold_where_both_are_given() -> None:
    course = calm_year([-50, 40, -50, 30, -50, 20, -50, 10, -50, -50])
    assert choose_threshold([course], yearly(3.0, fraction=0.15), 1.0).on == 31
    assert choose_threshold([course], yearly(None, fraction=0.15), 1.0).on == 31


def test_a_rate_that_nothing_keeps_to_is_said() -> None:
    course = calm_year([-50, 127, -50, 127])
    found = choose_threshold([course], yearly(1.0), 1.0)
    assert (found.on, found.kept) == (127, False)


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(InputError, match="turbine_year"):
        DecisionSpec(false_alarms_per_turbine_year=rate)


def test_the_rate_stands_in_model_toml_where_it_is_asked_for(tmp_path: Path) -> None:
    toml = Path(__file__).resolve().parents[2] / "models" / "turbine" / "model.toml"
    plain = load_model_toml(toml)
    assert plain.decision.false_alarms_per_turbine_year is None
    assert "turbine_year" not in model_toml_text(plain)
    asked = replace(plain, decision=replace(plain.decision, false_alarms_per_turbine_year=2.0))
    dump_model_toml(asked, tmp_path / "model.toml")
    assert "false_alarms_per_turbine_year = 2.0" in (tmp_path / "model.toml").read_text()
    assert load_model_toml(tmp_path / "model.toml") == asked
