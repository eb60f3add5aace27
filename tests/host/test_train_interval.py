"""Intervals: against scipy and textbook values."""

import numpy as np
import pytest
from aurora.train.interval import bootstrap_interval, paired_interval, poisson_upper, t_interval
from hypothesis import given
from hypothesis import strategies as st


def test_t_interval_by_hand() -> None:
    # 1..5: mean 3, s = 1.5811, t(0.975, 4) = 2.7764
    found = t_interval([1, 2, 3, 4, 5])
    assert found is not None and found.low is not None and found.high is not None
    assert (found.mean, found.low, found.high) == pytest.approx((3, 1.0368, 4.9632), abs=1e-4)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20).filter(lambda v: np.std(v) > 1e-6))
def test_t_interval_is_that_of_scipy(values: list[float]) -> None:
    from scipy import stats

    found = t_interval(values)
    assert found is not None
    expected = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)


def test_one_value_has_no_interval_and_none_no_mean() -> None:
    one = t_interval([0.5])
    assert one is not None and (one.low, one.high, one.excludes_zero) == (None, None, False)
    assert t_interval([]) is None


def test_pairs_are_those_of_one_seed() -> None:
    # seed 9 stands alone: it has no part in the difference
    found = paired_interval({1: 0.9, 2: 0.8, 9: 0.1}, {1: 0.8, 2: 0.7})
    assert found is not None and found.n == 2
    assert found.mean == pytest.approx(0.1) and found.excludes_zero
    assert paired_interval({1: 0.9}, {2: 0.9}) is None


def test_noise_that_both_share_does_not_hide_a_difference() -> None:
    ours, theirs = {1: 0.51, 2: 0.91, 3: 0.711}, {1: 0.50, 2: 0.90, 3: 0.70}
    paired, alone = paired_interval(ours, theirs), t_interval(list(ours.values()))
    assert paired is not None and paired.excludes_zero
    assert alone is not None and alone.low is not None and alone.low < 0.5


def test_bootstrap_is_seeded_and_holds_the_mean() -> None:
    units = {f"u{i}": float(v) for i, v in enumerate(np.random.default_rng(5).normal(0.9, 0.05, 30))}
    one, again = bootstrap_interval(units, 1), bootstrap_interval(dict(reversed(units.items())), 1)
    assert one == again
    assert one is not None and one.low is not None and one.high is not None
    expected = 1.96 * np.std(list(units.values())) / np.sqrt(30)
    assert one.high - one.low == pytest.approx(2 * expected, rel=0.15)
    assert one.low < one.mean < one.high


def test_two_units_allow_no_bootstrap() -> None:
    found = bootstrap_interval({"a": 1.0, "b": 0.0})
    assert found is not None and (found.mean, found.low, found.n) == (0.5, None, 2)
    assert bootstrap_interval({}) is None


@pytest.mark.parametrize(
    ("events", "exposure", "expected"), [(0, 1.0, 2.9957), (0, 10.0, 0.29957), (1, 1.0, 4.7439)]
)
def test_poisson_limit_is_the_tables(events: int, exposure: float, expected: float) -> None:
    assert poisson_upper(events, exposure) == pytest.approx(expected, abs=1e-4)


def test_no_exposure_no_limit() -> None:
    assert poisson_upper(0, 0.0) is None
