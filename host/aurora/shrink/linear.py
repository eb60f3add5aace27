"""The linear arm: the form that `aurora train` finds by itself where units are few.

Form and strength are chosen as train.fit chooses them, by leaving the given units out in turn, on the
features that the other arms read: all share one chain. Nothing is random: every seed gives the same model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aurora.compress.quantise import quantise_students
from aurora.compress.student import Student
from aurora.errors import SplitError
from aurora.shrink.context import Context
from aurora.shrink.make import Made
from aurora.shrink.recipe import Recipe
from aurora.spec.model import TrainingSpec
from aurora.train.candidates import ALL, candidates
from aurora.train.fit import MAX_FOLDS, MOST_TO_LEAVE_ONE_OUT, Trainer, mean_score, unit_scores
from aurora.train.split import folds, outcome

FORMS = ("linear", "graded")


def make_linear(context: Context, recipe: Recipe, seeds: Sequence[int], units: tuple[str, ...]) -> list[Made]:
    """One model for each seed, all the same, chosen and trained on ``units`` alone; deterministic.

    Raises SplitError where they hold one class of a head only.
    """
    tables = context.tables(recipe.chain, units)
    trainer = Trainer(context.heads, seeds[0])
    norm, network = trainer.fit(tables, _chosen(context, recipe, trainer, units))
    missing = sorted(set(context.heads) - set(network.heads))
    if missing:
        raise SplitError(
            f"the training units hold one class of {missing[0]} only", where=context.dataset.path,
            hint="record more units of the other outcome",
        )  # fmt: skip
    student = Student(network, norm, recipe.student)
    model = quantise_students([student], context.chain(recipe.chain), tables, recipe.quant, [seeds[0]])[0]
    return [Made(student, model)] * len(seeds)


def _chosen(context: Context, recipe: Recipe, trainer: Trainer, units: tuple[str, ...]) -> TrainingSpec:
    """The best mean over ``units`` left out in turn; the first of equals."""
    auto = replace(context.spec.training, form="auto")
    spec = replace(context.spec, chain=recipe.chain, training=auto)
    tried = [
        one.training
        for one in candidates(spec, len(units))
        if one.features == ALL and one.training.form in FORMS
    ]
    dataset, tables = context.dataset, context.tables(recipe.chain, units)
    outcomes = {unit: outcome(dataset.unit(unit), dataset.horizon_s) for unit in units}
    groups = folds(units, outcomes, len(units) if len(units) <= MOST_TO_LEAVE_ONE_OUT else MAX_FOLDS)
    return max(
        tried,
        key=lambda training: mean_score(unit_scores(tables, trainer.rotate(tables, groups, training))),
    )
