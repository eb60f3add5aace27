"""Novelty: trained on health alone, it tells what health never looked like."""

from dataclasses import replace

import numpy as np
import pytest
from aurora.errors import InputError, SplitError
from aurora.train import novelty
from aurora.train.metrics import FAILS_HEAD
from aurora.train.novelty import Novelty, NoveltySpec, fit_novelty, rebuild_error
from aurora.train.rows import stack
from aurora.train.table import UnitTable
from train_samples import table

SPEC = NoveltySpec(hidden=(16, 2, 16), epochs=40, batch=32, learning_rate=0.01)


def unit(name: str, seed: int) -> UnitTable:
    """Six features that follow two causes in health; the last 20 of 140 windows break that relation.

    Every feature by itself stays in its healthy range: only together are they new.
    """
    rng = np.random.default_rng(seed)
    causes = rng.normal(size=(140, 2))
    mix = np.array([[1, 0, 1, -1, 0.5, 1], [0, 1, 1, 1, -1, 0.5]])
    rows = causes @ mix + 0.05 * rng.normal(size=(140, 6))
    rows[120:] = np.stack([rng.permutation(column) for column in rows[:120].T], axis=1)[:20]
    return table(name, rows, fails=(np.arange(140) >= 120).astype(float))


UNITS = [unit(name, seed) for seed, name in enumerate("abcde")]


@pytest.fixture(scope="module")
def fitted() -> Novelty:
    return fit_novelty(UNITS, SPEC, seed=2)


def test_windows_that_break_the_relation_score_high(fitted: Novelty) -> None:
    new = unit("new", 9)
    scores = fitted.scores([new])
    assert scores.auroc_mean is not None and scores.auroc_mean > 0.9
    assert fitted.score(new).shape == (140,) and np.isfinite(fitted.score(new)).all()


def test_no_failing_window_is_learnt(fitted: Novelty) -> None:
    strange = [
        replace(u, features=np.where(u.fails[:, None] == 1, 7.0, u.features).astype(np.float32))
        for u in UNITS
    ]
    other = fit_novelty(strange, SPEC, seed=2)
    assert other.network.hidden[0].weights.tobytes() == fitted.network.hidden[0].weights.tobytes()
    assert other.norm.center.tobytes() == fitted.norm.center.tobytes()


def test_the_same_seed_gives_the_same_bits_and_its_error_is_that_of_the_spared(fitted: Novelty) -> None:
    again = fit_novelty(UNITS, SPEC, seed=2)
    assert (
        again.network.heads[novelty.REBUILT].weights.tobytes()
        == fitted.network.heads[novelty.REBUILT].weights.tobytes()
    )
    assert len(fitted.spared) == 1
    spared = [replace(u, scored=u.fails == 0) for u in UNITS if u.id in fitted.spared]
    assert rebuild_error(fitted.network, stack(spared, fitted.norm)) == pytest.approx(fitted.error)


def test_a_constant_input_is_no_division_by_zero(fitted: Novelty) -> None:
    still = table("still", np.zeros((5, 6)), fails=np.zeros(5))
    assert np.isfinite(fitted.score(still)).all()
    assert fitted.scores([still]).auroc_per_unit == {"still": None}
    assert FAILS_HEAD not in fitted.network.heads


def test_without_two_healthy_units_it_is_refused() -> None:
    failing = [replace(u, fails=np.ones(140, np.float32)) for u in UNITS[1:]]
    with pytest.raises(SplitError, match="1 unit"):
        fit_novelty([UNITS[0], *failing], SPEC, seed=1)


@pytest.mark.parametrize(
    "values", [{"hidden": ()}, {"patience": 0}, {"noise": -1.0}, {"noise": np.nan}], ids=str
)
def test_a_spec_that_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InputError, match="novelty of"):
        NoveltySpec(**values)
