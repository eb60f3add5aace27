"""Scores: weighted by time, by unit, and never of what was not there."""

import numpy as np
import pytest
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD, auroc, score_units
from train_samples import table


def pairwise_auroc(positive: np.ndarray, score: np.ndarray, weight: np.ndarray) -> float:
    """The definition, pair by pair."""
    won = total = 0.0
    for i in np.flatnonzero(positive):
        for j in np.flatnonzero(~positive):
            pair = weight[i] * weight[j]
            total += pair
            won += pair * (1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
    return won / total


@pytest.mark.parametrize("seed", range(6))
def test_auroc_is_the_weighted_share_of_ordered_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.random(40) < 0.4
    score = rng.integers(-5, 5, 40).astype(np.int8)  # many ties
    weight = rng.random(40) + 0.1
    expected = pairwise_auroc(positive, score.astype(int), weight)
    assert auroc(positive, score, weight) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("positive", [np.zeros(5, bool), np.ones(5, bool), np.zeros(0, bool)])
def test_one_class_has_no_auroc(positive: np.ndarray) -> None:
    assert auroc(positive, np.arange(len(positive)), np.ones(len(positive))) is None


def test_time_decides_not_the_number_of_windows() -> None:
    """Two windows of the same hour weigh as much as one that stands for both."""
    dense = auroc(np.array([1, 0, 0, 0], bool), np.array([2, 3, 1, 1]), np.array([1, 1, 1, 1]))
    merged = auroc(np.array([1, 0, 0], bool), np.array([2, 3, 1]), np.array([1, 1, 2]))
    assert dense == merged == pytest.approx(2 / 3)


def test_units_of_one_class_are_left_out_of_the_mean() -> None:
    rng = np.random.default_rng(0)
    fails = np.r_[np.zeros(5), np.ones(5)]
    failing = table("failing", rng.random((10, 2)), fails)
    sound = table("sound", rng.random((10, 2)), np.zeros(10))
    outputs = {unit: {FAILS_HEAD: np.arange(10)[:, None]} for unit in ("failing", "sound")}
    scores = score_units([failing, sound], outputs)
    assert scores.auroc_per_unit == {"failing": 1.0, "sound": None}
    assert scores.auroc_mean == 1.0 and scores.accuracy is None


def test_windows_of_self_calibration_are_not_scored() -> None:
    fails = np.r_[np.ones(3), np.zeros(4), np.ones(3)]
    scored = np.arange(10) >= 3
    outputs = {"u": {FAILS_HEAD: np.arange(10)[:, None]}}
    one = table("u", np.zeros((10, 1)), fails, scored=scored)
    assert score_units([one], outputs).auroc_mean == 1.0
    all_of_it = table("u", np.zeros((10, 1)), fails)
    assert score_units([all_of_it], outputs).auroc_mean == pytest.approx(0.5)


def test_accuracy_is_a_share_of_labelled_time() -> None:
    fault = np.array([0, 0, 1, -1])
    seconds = np.array([1.0, 1.0, 2.0, 50.0])
    logits = np.array([[9, 1], [1, 9], [1, 9], [9, 1]])
    one = table("u", np.zeros((4, 1)), fault=fault, weight=seconds)
    scores = score_units([one], {"u": {FAULT_HEAD: logits}})
    assert scores.accuracy == pytest.approx(3 / 4) and scores.auroc_mean is None


def test_first_of_equal_outputs_is_the_class_as_on_the_board() -> None:
    one = table("u", np.zeros((1, 1)), fault=np.array([0]))
    assert score_units([one], {"u": {FAULT_HEAD: np.array([[5, 5]], np.int8)}}).accuracy == 1.0
