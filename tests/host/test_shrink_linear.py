"""The linear arm: chosen and trained on the units that it is given, the same for every seed, reproducible."""

from pathlib import Path

import numpy as np
import pytest
from aurora.shrink.arms import LINEAR, Job, arm_recipes, run_job
from aurora.shrink.budget import Budget
from aurora.shrink.context import Task, context_of, make_task
from aurora.shrink.judged import bench_of, shippable_of
from aurora.shrink.linear import make_linear
from aurora.shrink.recipe import Recipe
from aurora.shrink.reproduce import reproduce
from aurora.shrink.ship import release_of, shrink_facts
from aurora.signals.dataset import DataSet
from aurora.train.derive import derive_spec
from aurora.train.fit import unit_scores
from aurora.train.split import split_units
from train_samples import rewritten, small_fleet


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data")


def task_of(dataset: DataSet) -> Task:
    return make_task(dataset, derive_spec(dataset, "small"), split_units(dataset, 1), "mps2_an386")


def recipe_of(dataset: DataSet) -> Recipe:
    return arm_recipes(Recipe(chain=derive_spec(dataset, "small").chain))[LINEAR]


def test_one_model_for_every_seed_without_hidden_layers(fleet: DataSet) -> None:
    context = context_of(task_of(fleet))
    first, second = make_linear(context, recipe_of(fleet), (1, 2), context.task.split.train)
    again = make_linear(context, recipe_of(fleet), (7,), context.task.split.train)[0]
    assert not first.student.network.hidden and set(first.student.network.heads) == set(context.heads)
    assert first.model.tflite == second.model.tflite == again.model.tflite


def test_it_scores_as_a_model_that_learnt_something(fleet: DataSet) -> None:
    context = context_of(task_of(fleet))
    made = make_linear(context, recipe_of(fleet), (1,), context.task.split.train)[0]
    tables = context.tables(recipe_of(fleet).chain, context.task.split.train)
    scores = unit_scores(tables, {table.id: made.student.logits(table) for table in tables})
    assert np.mean(list(scores.values())) > 0.8


def test_units_that_it_is_not_given_have_no_part(fleet: DataSet, tmp_path: Path) -> None:
    left_out = task_of(fleet).split.test
    other = rewritten(
        fleet, tmp_path / "data",
        samples=lambda unit: unit.samples // 2 if unit.id in left_out else np.asarray(unit.samples),
    )  # fmt: skip
    made = []
    for dataset in (fleet, other):
        context = context_of(task_of(dataset))
        made.append(make_linear(context, recipe_of(fleet), (1,), context.task.split.train)[0])
    assert made[0].model.tflite == made[1].model.tflite


def test_a_linear_release_made_again_is_the_same(fleet: DataSet, tmp_path: Path) -> None:
    task, recipe = task_of(fleet), recipe_of(fleet)
    context, seeds = context_of(task), (1, 2)
    parts = [run_job(Job(task, LINEAR, recipe, seeds, turn)) for turn in (None, *range(len(task.turns)))]
    one = shippable_of(context, LINEAR, recipe, parts, bench_of(context, recipe))
    assert one.arm.ships and one.score is not None and one.cost.instructions
    facts = shrink_facts(one, "mps2_an386", Budget(), 0, {LINEAR: one.score})
    path = tmp_path / "release"
    release_of(context, derive_spec(fleet, "small"), one, 1, path, {**facts, "data": ""})
    assert reproduce(path, fleet.path, workers=1).same
