"""Which physical units train, validate and test. Windows of one unit never stand on two sides."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from aurora.errors import SplitError
from aurora.signals.dataset import DataSet, Unit, fails_within

MIN_UNITS = 3
#: of an outcome with fewer units none is spared for validation: the training units validate in turn (fit.py)
MIN_ALIKE_TO_SPARE = 8
TEST_SHARE, VALIDATION_SHARE = 0.25, 0.2


@dataclass(frozen=True)
class Split:
    """Unit ids. ``validation`` may be empty: then each training unit is judged by a model without it."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        everyone = self.train + self.validation + self.test
        if len(set(everyone)) != len(everyone):
            raise SplitError("a unit stands on two sides of the split", hint="name each unit once")
        if len(self.train) < 2 or not self.test:
            raise SplitError(
                f"{len(self.train)} training and {len(self.test)} test units do not allow an honest split",
                hint="record at least three physical units",
            )


def split_units(dataset: DataSet, seed: int) -> Split:
    """Split by unit, stratified by outcome (does it fail, of what), seeded.

    Of every outcome with at least two units one or more go to the test; single ones train. Where no two are
    alike the outcomes are ignored. Raises SplitError for fewer than three units.
    """
    count = len(dataset.units)
    if count < MIN_UNITS:
        raise SplitError(
            f"only {count} physical unit{'s' * (count > 1)}: no honest split into training and test",
            where=dataset.path,
            hint=f"record at least {MIN_UNITS} units; windows of one machine are no test for another",
        )
    strata: dict[tuple[bool, int], list[str]] = defaultdict(list)
    for unit in dataset.units:
        strata[outcome(unit, dataset.horizon_s)].append(unit.id)
    groups = list(strata.values())
    if all(len(group) == 1 for group in groups):
        groups = [[unit.id for unit in dataset.units]]
    rng = np.random.default_rng(seed)
    spare = min(map(len, groups)) >= MIN_ALIKE_TO_SPARE
    train: list[str] = []
    validation: list[str] = []
    test: list[str] = []
    for group in groups:
        order = [group[i] for i in rng.permutation(len(group))]
        tested = 0 if len(order) == 1 else max(1, round(TEST_SHARE * len(order)))
        validated = max(1, round(VALIDATION_SHARE * len(order))) if spare else 0
        test += order[:tested]
        validation += order[tested : tested + validated]
        train += order[tested + validated :]
    return Split(_in_order(dataset, train), _in_order(dataset, validation), _in_order(dataset, test))


def outcome(unit: Unit, horizon_s: float | None) -> tuple[bool, int]:
    """(does it fail within the recording, its last labelled fault type or -1)."""
    fails = horizon_s is not None and bool((fails_within(unit, horizon_s) == 1).any())
    labelled = unit.fault[unit.fault >= 0]
    return fails, int(labelled[-1]) if len(labelled) else -1


def folds(units: tuple[str, ...], outcomes: dict[str, tuple[bool, int]], most: int) -> list[tuple[str, ...]]:
    """Units dealt into at most ``most`` groups, each outcome spread evenly: the folds of inner validation."""
    count = min(most, len(units))
    dealt: list[list[str]] = [[] for _ in range(count)]
    for place, unit_id in enumerate(sorted(units, key=lambda unit_id: (outcomes[unit_id], unit_id))):
        dealt[place % count].append(unit_id)
    return [tuple(group) for group in dealt]


def _in_order(dataset: DataSet, ids: list[str]) -> tuple[str, ...]:
    chosen = set(ids)
    return tuple(unit.id for unit in dataset.units if unit.id in chosen)
