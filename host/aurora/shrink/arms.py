"""The arms of a comparison: one recipe compressed in every way, each with several seeds, each judged alike.

    teacher     float, for scale: it could not be shipped
    plain       the student in float, labels alone
    ptq         the same students in int8: what every other int8 arm has to beat
    distilled   the same student beside a teacher, int8
    pruned      a wider student, units cut away until it has as many as the plain one, int8
    qat         the same student trained on with fake quantisation, int8
    linear      the linear form that is chosen inside the training units, int8
    found       the searched recipe itself, where it is none of these

A job makes one arm for all seeds, without the units of one turn (their outputs validate it) or on all
training units (what would ship; its outputs on the test units are looked at once, here).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from aurora.compress.distill import DistilSpec
from aurora.compress.prune import PruneSpec
from aurora.compress.quantise_spec import QuantSpec
from aurora.errors import SplitError
from aurora.shrink.context import Context, Task, context_of
from aurora.shrink.linear import make_linear
from aurora.shrink.make import Made, int8_logits, int8_outputs, make
from aurora.shrink.recipe import Recipe

SEEDS = 5  # at least: for an interval that means something
WIDER, PRUNE_ROUNDS = 2, 3
KERNEL_ROWS = 4  # of a Cortex-M4's kernels: 6 units cost more than 16
TEACHER, LINEAR = "teacher", "linear"
#: what a release may be of: the teacher is too large, "plain" is float, "device" is another arm's run
SHIPPED = ("ptq", "distilled", "pruned", "qat", LINEAR, "found")

#: unit -> head -> [w, outputs]
Outputs = dict[str, dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Job:
    """``turn`` None: trained on all training units. ``recipe`` of the teacher's arm is the plain one."""

    task: Task
    arm: str
    recipe: Recipe
    seeds: tuple[int, ...]
    turn: int | None


@dataclass(frozen=True)
class Part:
    """What a job gives. ``floats`` and ``bytes`` are by seed: logits, and of students what TFLite Micro puts
    out: int8 where trained on all training units, else logits that those int8 mean, because another model's
    bytes have other scales. ``made``: by seed, of the jobs on all training units. All are empty where a turn
    leaves one class to train on."""

    arm: str
    turn: int | None
    floats: dict[int, Outputs]
    bytes: dict[int, Outputs]
    made: dict[int, Made]


def arm_recipes(recipe: Recipe) -> dict[str, Recipe]:
    """Arm -> recipe, of the int8 arms that ``recipe`` spans; all share the chain, all but the linear one the
    steps and, but for the parent of the pruned one, the student."""
    plain = replace(recipe, distil=None, prune=None, quant=QuantSpec(clipping=recipe.quant.clipping))
    arms = {
        "ptq": plain,
        "distilled": replace(plain, distil=recipe.distil or DistilSpec()),
        "pruned": _pruned(plain, recipe.prune),
        "qat": replace(plain, quant=replace(recipe.quant, method="qat")),
    }
    if not recipe.student.hidden:
        del arms["pruned"]  # nothing to cut
    found = {} if recipe in arms.values() else {"found": recipe}
    # of a student without hidden layers this is the recipe of "ptq": the name tells them apart (``run_job``)
    linear = replace(plain, student=replace(plain.student, hidden=()))
    return {**arms, LINEAR: linear, **found}


def _pruned(plain: Recipe, prune: PruneSpec | None) -> Recipe:
    """``prune`` as searched; without one, ``plain`` of more units, cut back to as many (made up
    to whole fours): its equal in cost."""
    if prune is not None:
        return replace(plain, prune=prune)
    whole = tuple(-(-width // KERNEL_ROWS) * KERNEL_ROWS for width in plain.student.hidden)
    parent = replace(plain.student, hidden=tuple(WIDER * width for width in whole))
    cut = PruneSpec(keep=1 / WIDER, rounds=PRUNE_ROUNDS, multiple=KERNEL_ROWS)
    return replace(plain, student=parent, prune=cut)


def jobs_of(task: Task, recipes: Mapping[str, Recipe], seeds: Sequence[int]) -> list[Job]:
    """Every job of a comparison, the longest first. Where the split spares validation units, the models on
    all training units are validated on them, and no further ones are needed."""
    turns = [None] if task.split.validation else [None, *range(len(task.turns))]
    kinds = {TEACHER: recipes["ptq"], **recipes}
    return [Job(task, arm, recipe, tuple(seeds), turn) for arm, recipe in kinds.items() for turn in turns]


def run_job(job: Job) -> Part:
    """One arm's models of all seeds and what they put out; for a worker process."""
    context = context_of(job.task)
    fit, judged = job.task.fit_units(job.turn), _judged(job)
    try:
        if job.arm == TEACHER:
            return _teacher(context, job, fit, judged)
        maker = make_linear if job.arm == LINEAR else make
        made = dict(zip(job.seeds, maker(context, job.recipe, job.seeds, fit), strict=True))
    except SplitError:
        if job.turn is None:
            raise
        return Part(job.arm, job.turn, {}, {}, {})
    tables = context.tables(job.recipe.chain, judged)
    run = int8_outputs if job.turn is None else int8_logits
    return Part(
        job.arm, job.turn,
        floats={seed: {t.id: one.student.logits(t) for t in tables} for seed, one in made.items()},
        bytes={seed: {t.id: dict(run(one.model, t)) for t in tables} for seed, one in made.items()},
        made=made if job.turn is None else {},
    )  # fmt: skip


def _teacher(context: Context, job: Job, fit: tuple[str, ...], judged: tuple[str, ...]) -> Part:
    chain, spec = job.recipe.chain, job.recipe.teacher
    tables = context.tables(chain, judged)
    logits = {}
    for seed in job.seeds:
        teacher = context.teacher(chain, spec, seed, fit)
        logits[seed] = {table.id: dict(teacher.logits(table)) for table in tables}
    return Part(job.arm, job.turn, logits, {}, {})


def _judged(job: Job) -> tuple[str, ...]:
    if job.turn is not None:
        return job.task.turns[job.turn]
    return (*job.task.split.validation, *job.task.split.test)


def merged(parts: Sequence[Part], arm: str, which: str, task: Task) -> dict[int, tuple[Outputs, Outputs]]:
    """Seed -> (validation, test) of ``arm``, from all its jobs; ``which`` is "floats" or "bytes"."""
    found: dict[int, tuple[Outputs, Outputs]] = {}
    for part in parts:
        for seed, by_unit in getattr(part, which).items() if part.arm == arm else ():
            sides = found.setdefault(seed, ({}, {}))
            for unit, outputs in by_unit.items():
                sides[unit in task.split.test][unit] = outputs
    return dict(sorted(found.items()))
