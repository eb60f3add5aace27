"""The chosen arm as a release: model, report, and the recipe that makes it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from aurora.compress.produce import produce_release
from aurora.compress.release import Release
from aurora.shrink.budget import Budget
from aurora.shrink.context import Context
from aurora.shrink.judged import Shippable
from aurora.spec.model import ModelSpec, TrainingSpec
from aurora.train.fit import TrainedModel

SHRINK_KEY = "shrink"


def release_of(
    context: Context, spec: ModelSpec, one: Shippable, seed: int, path: Path, facts: Mapping[str, Any]
) -> Release:
    """Write ``one`` as the release folder ``path``; ``facts`` become its entry "shrink"."""
    trained = trained_of(context, spec, one, seed)
    additions = {SHRINK_KEY: dict(facts)}
    return produce_release(trained, context.dataset, path, model=one.made.model, additions=additions)


def shrink_facts(
    one: Shippable, board: str, budget: Budget, trials: int, scores: Mapping[str, float]
) -> dict[str, Any]:
    """What --reproduce needs, and what the choice went by; JSON's types."""
    return {
        "arm": one.arm.name,
        "recipe": one.recipe.to_dict(),
        "seeds": [result.seed for result in one.arm.seeds],
        "board": board,
        "budget": budget.limits(),
        "trials": trials,
        "validation_scores": dict(scores),
        "predicted": asdict(one.cost),
    }


def trained_of(context: Context, spec: ModelSpec, one: Shippable, seed: int) -> TrainedModel:
    """``one`` in the form that a release is produced from; ``spec`` names model and version."""
    split, recipe, student = context.task.split, one.recipe, one.made.student
    units = (*split.train, *split.validation, *split.test)
    score = one.arm.seeds[0].validation_score
    spared = {t.id: student.logits(t) for t in context.tables(recipe.chain, split.validation)}
    return TrainedModel(
        spec=replace(spec, chain=recipe.chain, training=_training(one, seed)),
        split=split,
        seed=seed,
        chain=context.chain(recipe.chain),
        norm=student.norm,
        network=student.network,
        tables={table.id: table for table in context.tables(recipe.chain, units)},
        validation=one.validation if not split.validation else spared,
        rotation={} if score is None else {one.arm.name: score},
    )


def _training(one: Shippable, seed: int) -> TrainingSpec:
    """The shape that came out, so that `aurora train` makes a plain network of the same size."""
    spec = one.recipe.student
    widths = tuple(len(layer.bias) for layer in one.made.student.network.hidden)
    return TrainingSpec(
        form="dense" if widths else "linear", hidden=widths or TrainingSpec().hidden, epochs=spec.epochs,
        batch=spec.batch, learning_rate=spec.learning_rate, l2=spec.l2, clamp_sigma=spec.clamp_sigma,
        seed=seed,
    )  # fmt: skip
