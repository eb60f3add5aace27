"""A recipe made: students for several seeds, their int8 models, and what those put out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aurora.compress.distill import TeacherSignal
from aurora.compress.int8 import Int8Model
from aurora.compress.judge import by_head
from aurora.compress.prune_student import prune_student
from aurora.compress.quantise import quantise_students
from aurora.compress.student import Student, fit_students
from aurora.compress.tflm import ARENA_START_BYTES, TflmInterpreter
from aurora.errors import SplitError
from aurora.shrink.context import Context
from aurora.shrink.cost import Cost, cost_of
from aurora.shrink.recipe import Recipe
from aurora.spec.model import ModelSpec
from aurora.train.fit import unit_scores
from aurora.train.table import UnitTable

#: head -> int8 [w, outputs] of one unit
Bytes = dict[str, NDArray[np.int8]]


@dataclass(frozen=True)
class Made:
    """One seed's student and its int8 model."""

    student: Student
    model: Int8Model


@dataclass(frozen=True)
class Candidate:
    """One recipe made with one seed on all training units, and how models made alike without a unit score
    that unit: ``per_unit`` (mean of AUROC and accuracy, whichever it has), whose mean is
    ``validation_score``."""

    recipe: Recipe
    seed: int
    made: Made
    cost: Cost
    per_unit: dict[str, float]

    @property
    def validation_score(self) -> float:
        return float(np.mean(list(self.per_unit.values())))

    @property
    def tflite(self) -> bytes:
        return self.made.model.tflite

    @property
    def chain(self) -> bytes:
        """Normalised, as the pack holds it."""
        return self.made.model.chain


def run_recipe(context: Context, recipe: Recipe, seed: int) -> Candidate:
    """Make ``recipe`` and score it on validation units, int8 as TFLite Micro computes it.

    The same task, recipe and seed give the same bytes. Raises SplitError where no turn of the validation has
    two classes to train on, ModelRefused where the engine cannot run the model.
    """
    made = make(context, recipe, (seed,), context.task.fit_units(None))[0]
    cost = cost_of(made.model, spec_of(context, recipe), context.board)
    per_unit: dict[str, float] = {}
    spared = context.task.split.validation
    for turn, units in enumerate(context.task.turns):
        try:
            judged = made if spared else make(context, recipe, (seed,), context.task.fit_units(turn))[0]
        except SplitError:  # what is left shows one class only: this turn tells nothing
            continue
        tables = context.tables(recipe.chain, units)
        per_unit |= unit_scores(tables, {table.id: int8_logits(judged.model, table) for table in tables})
    if not per_unit:
        raise SplitError(
            "no validation unit can be scored", where=context.dataset.path,
            hint="record more units that fail, or of each fault",
        )  # fmt: skip
    return Candidate(recipe, seed, made, cost, per_unit)


def make(context: Context, recipe: Recipe, seeds: Sequence[int], units: tuple[str, ...]) -> list[Made]:
    """Train on ``units`` for each seed, all at once, and quantise. A teacher, where there is one, is of the
    first seed and saw the same units."""
    students = fit_float(context, recipe, seeds, units)
    tables, chain = context.tables(recipe.chain, units), context.chain(recipe.chain)
    # pruning may leave students of several shapes; those train on one by one
    alike = len({tuple(len(layer.bias) for layer in student.network.hidden) for student in students}) == 1
    together = [range(len(seeds))] if alike else [range(i, i + 1) for i in range(len(seeds))]
    models: list[Int8Model] = []
    for group in together:
        models += quantise_students(
            [students[i] for i in group], chain, tables, recipe.quant, [seeds[i] for i in group],
            teacher=_signal(context, recipe, seeds, units), distil=recipe.distil,
        )  # fmt: skip
    return [Made(student, model) for student, model in zip(students, models, strict=True)]


def fit_float(
    context: Context, recipe: Recipe, seeds: Sequence[int], units: tuple[str, ...]
) -> list[Student]:
    """The float students of ``make``, pruned where the recipe says so."""
    tables = context.tables(recipe.chain, units)
    signal = _signal(context, recipe, seeds, units)
    students = fit_students(
        tables, context.heads, recipe.student, seeds, teacher=signal, distil=recipe.distil
    )
    if recipe.prune is None:
        return students
    return [
        prune_student(
            student, tables, context.heads, recipe.prune, seed, teacher=signal, distil=recipe.distil
        )
        for student, seed in zip(students, seeds, strict=True)
    ]


def _signal(
    context: Context, recipe: Recipe, seeds: Sequence[int], units: tuple[str, ...]
) -> TeacherSignal | None:
    if recipe.distil is None:
        return None
    return context.signal(recipe.chain, recipe.teacher, seeds[0], units)


def int8_outputs(model: Int8Model, table: UnitTable) -> Bytes:
    """Head -> int8 [w, outputs] of every window of a unit, by TFLite Micro on the bytes of the C features."""
    # what TflmInterpreter's own search tries first, and several times what a dense net of ours takes
    arena = max(ARENA_START_BYTES, 4 * len(model.tflite))
    outputs = TflmInterpreter(model.tflite, arena_bytes=arena).run(model.inputs(table))
    return by_head(model, outputs)


def int8_logits(model: Int8Model, table: UnitTable) -> dict[str, NDArray[np.float32]]:
    """The same in logits: what the bytes mean."""
    heads = {head.name: head for head in model.heads}
    return {
        name: (np.float32(heads[name].scale) * (values.astype(np.float32) - heads[name].zero_point))
        for name, values in int8_outputs(model, table).items()
    }


def spec_of(context: Context, recipe: Recipe) -> ModelSpec:
    """The model's description with the recipe's own chain."""
    return replace(context.spec, chain=recipe.chain)
