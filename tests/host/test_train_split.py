"""Splits keep physical units apart, or say that they cannot."""

from types import SimpleNamespace

import numpy as np
import pytest
from aurora.errors import SplitError
from aurora.train.split import MIN_ALIKE_TO_SPARE, Split, folds, split_units


def units(*outcomes: tuple[bool, int]):
    """A data set of ten-window units: (does it fail, its fault type)."""
    made = [
        SimpleNamespace(
            id=f"u{i:02d}", windows=10, fault=np.full(10, fault, np.int16),
            ttf_s=np.linspace(900, 0, 10) if fails else np.full(10, np.inf),
        )
        for i, (fails, fault) in enumerate(outcomes)
    ]  # fmt: skip
    return SimpleNamespace(units=tuple(made), horizon_s=200.0, path="data")


FLEET = units(*[(True, kind) for kind in (1, 2, 3, 4) for _ in range(3)], *[(False, 0)] * 6)


@pytest.mark.parametrize("seed", range(5))
def test_every_unit_stands_on_one_side(seed: int) -> None:
    split = split_units(FLEET, seed)
    everyone = split.train + split.validation + split.test
    assert sorted(everyone) == [unit.id for unit in FLEET.units]


def test_every_outcome_is_trained_and_tested() -> None:
    split = split_units(FLEET, 1)
    kinds = {unit.id: int(unit.fault[0]) for unit in FLEET.units}
    assert {kinds[u] for u in split.train} == {kinds[u] for u in split.test} == {0, 1, 2, 3, 4}


def test_same_seed_same_split_and_another_differs() -> None:
    assert split_units(FLEET, 7) == split_units(FLEET, 7)
    assert len({split_units(FLEET, seed).test for seed in range(8)}) > 1


def test_units_are_spared_for_validation_where_there_are_many() -> None:
    many = units(*[(True, 1)] * MIN_ALIKE_TO_SPARE, *[(False, 0)] * MIN_ALIKE_TO_SPARE)
    assert len(split_units(many, 1).validation) >= 2
    assert split_units(FLEET, 1).validation == ()


def test_units_that_are_all_unlike_are_still_split() -> None:
    split = split_units(units((True, 1), (True, 2), (True, 3), (False, 0)), 1)
    assert len(split.test) == 1 and len(split.train) == 3


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_units_are_refused(count: int) -> None:
    with pytest.raises(SplitError, match=f"only {count} physical unit") as caught:
        split_units(units(*[(True, 1)] * count), 1)
    assert caught.value.exit_code == 12 and "\n" not in str(caught.value)


def test_a_unit_named_on_two_sides_is_refused() -> None:
    with pytest.raises(SplitError, match="two sides"):
        Split(("a", "b"), (), ("b",))
    with pytest.raises(SplitError, match="do not allow"):
        Split(("a",), (), ("b",))


def test_folds_spread_outcomes_and_leave_each_unit_out_once() -> None:
    outcomes = {f"u{i}": (i % 2 == 0, 0) for i in range(10)}
    dealt = folds(tuple(outcomes), outcomes, 5)
    assert sorted(u for group in dealt for u in group) == sorted(outcomes)
    assert all(len({outcomes[u] for u in group}) == 2 for group in dealt)
    assert len(folds(("a", "b"), {"a": (True, 0), "b": (False, 0)}, 5)) == 2
