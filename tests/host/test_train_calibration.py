"""Expected calibration error: by hand, and what must hold for any outputs."""

import numpy as np
import pytest
from aurora.train.calibration import binary_calibration, class_calibration, reliability, sigmoid
from hypothesis import given
from hypothesis import strategies as st


def logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def test_two_bins_by_hand() -> None:
    # 0.25 comes true in 1 of 2 s, 0.75 in all of 2 s: 0.5 * 0.25 + 0.5 * 0.25
    found = reliability(
        np.array([0.25, 0.25, 0.75, 0.75]), np.array([True, False, True, True]), np.ones(4), bins=2
    )
    assert found is not None
    assert found.ece == pytest.approx(0.25)
    assert [(b.share, b.confidence, b.frequency) for b in found.bins] == [(0.5, 0.25, 0.5), (0.5, 0.75, 1.0)]


def test_windows_count_by_the_time_they_stand_for() -> None:
    # the right window stands for 9 of 10 s: 0.9 comes true in 90 % of the time
    found = binary_calibration(np.full(2, logit(0.9)), np.array([True, False]), np.array([9.0, 1.0]))
    assert found is not None and found.ece == pytest.approx(0.0, abs=1e-12)


def test_the_told_class_is_what_is_judged() -> None:
    # three equal logits: the first class is told with confidence 1/3, and right in one of two windows
    found = class_calibration(np.zeros((2, 3)), np.array([0, 2]), np.ones(2))
    assert found is not None
    assert (found.bins[0].confidence, found.bins[0].frequency) == pytest.approx((1 / 3, 1 / 2))
    assert found.ece == pytest.approx(1 / 6)


def test_equal_outputs_stay_in_one_bin() -> None:
    found = reliability(np.full(100, 0.7), np.arange(100) < 60, np.ones(100))
    assert found is not None and len(found.bins) == 1
    assert found.ece == pytest.approx(0.1)


@pytest.mark.parametrize("weight", [np.zeros(0), np.zeros(0)], ids=["none", "empty"])
def test_nothing_to_judge_gives_nothing(weight: np.ndarray) -> None:
    assert reliability(np.zeros(0), np.zeros(0, bool), weight) is None
    assert class_calibration(np.zeros((0, 3)), np.zeros(0, int), weight) is None


def test_no_time_gives_nothing() -> None:
    assert reliability(np.array([0.5]), np.array([True]), np.zeros(1)) is None


WINDOWS = st.lists(
    st.tuples(st.floats(-30, 30), st.booleans(), st.floats(0.01, 1000)), min_size=1, max_size=60
)


@given(WINDOWS, st.integers(1, 15))
def test_shares_add_up_and_the_error_is_a_share(windows: list[tuple[float, bool, float]], bins: int) -> None:
    logits, true, weight = (np.array(column) for column in zip(*windows, strict=True))
    found = binary_calibration(logits, true, weight, bins)
    assert found is not None
    assert sum(b.share for b in found.bins) == pytest.approx(1)
    assert 0 <= found.ece <= 1 + 1e-9
    assert len(found.bins) <= bins
    confidences = [b.confidence for b in found.bins]
    assert confidences == sorted(confidences)
    # the bins keep the totals, so the mean gap over all time is a lower bound of the error
    mean_gap = abs(np.average(sigmoid(logits) - true, weights=weight))
    assert found.ece >= mean_gap - 1e-9


@given(WINDOWS)
def test_order_does_not_matter(windows: list[tuple[float, bool, float]]) -> None:
    logits, true, weight = (np.array(column) for column in zip(*windows, strict=True))
    one = binary_calibration(logits, true, weight)
    other = binary_calibration(logits[::-1], true[::-1], weight[::-1])
    assert one is not None and other is not None
    assert one.ece == pytest.approx(other.ece, abs=1e-9)


def test_outcomes_drawn_from_the_probabilities_are_calibrated() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 2, 40_000)
    true = rng.random(40_000) < sigmoid(logits)
    found = binary_calibration(logits, true, np.ones(40_000))
    sharper = binary_calibration(3 * logits, true, np.ones(40_000))
    assert found is not None and found.ece < 0.01
    assert sharper is not None and sharper.ece > 0.05
