"""The student: a small dense network on the chain's features, trained plainly or beside a teacher.

The arms of a comparison take the same number of steps with the same batches of labelled rows; a distilled
arm sees a second batch in every step, drawn from all rows, labelled or not, for the soft loss alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aurora.compress.distill import DistilSpec, TeacherSignal
from aurora.compress.student_loss import Forward, hint_start, make_loss
from aurora.compress.student_rows import Rows, gather_rows
from aurora.errors import InputError
from aurora.train.loop import MOST_EPOCHS, MOST_ROWS, Progress, Schedule, train_stack
from aurora.train.loop_nets import Stack, fresh_stack, networks_of
from aurora.train.network import Network
from aurora.train.rows import Normalisation, normalisation
from aurora.train.table import UnitTable

LABELLED_STREAM, POOL_STREAM = 1, 2  # of random numbers, apart from the one that draws the weights


@dataclass(frozen=True)
class StudentSpec:
    """``hidden``: widths of the layers; ``epochs`` over the labelled rows in batches of ``batch``; ``l2``
    weighs the squared weights; the input is clamped to +-``clamp_sigma`` standard deviations."""

    hidden: tuple[int, ...] = (16,)
    epochs: int = 50
    batch: int = 128
    learning_rate: float = 0.003
    l2: float = 0.01
    clamp_sigma: float = 4.0

    def __post_init__(self) -> None:
        if not all(1 <= width <= 1024 for width in self.hidden) or len(self.hidden) > 8:
            raise InputError(f"student hidden is {list(self.hidden)}", hint="up to 8 layers of 1 to 1024")
        if not (1 <= self.epochs <= MOST_EPOCHS and 1 <= self.batch <= MOST_ROWS):
            raise InputError(
                f"student of {self.epochs} epochs and batches of {self.batch}",
                hint=f"1 to {MOST_EPOCHS} epochs, 1 to {MOST_ROWS} rows a batch",
            )
        positive = np.array([self.learning_rate, self.clamp_sigma])
        if not (np.isfinite(positive).all() and (positive > 0).all() and 0 <= self.l2 < np.inf):
            raise InputError("student learning_rate and clamp_sigma must be above zero, l2 0 or more")


@dataclass(frozen=True)
class Student:
    """A float network, the normalisation of its input, and how it was trained: pruning's recovery and
    quantisation-aware training go on in the same way."""

    network: Network
    norm: Normalisation
    spec: StudentSpec = field(default_factory=StudentSpec)

    def logits(self, table: UnitTable) -> dict[str, NDArray[np.float32]]:
        """Head -> float32 logits [w, outputs] for every window of a unit."""
        return self.network(self.norm(table.calibrated))


def fit_student(
    tables: Sequence[UnitTable],
    heads: dict[str, int],
    spec: StudentSpec,
    seed: int,
    *,
    teacher: TeacherSignal | None = None,
    distil: DistilSpec | None = None,
    unlabelled: Sequence[UnitTable] = (),
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> Student:
    """One student; see ``fit_students``."""
    return fit_students(
        tables, heads, spec, [seed], teacher=teacher, distil=distil, unlabelled=unlabelled,
        checkpoint=checkpoint, progress=progress,
    )[0]  # fmt: skip


def fit_students(
    tables: Sequence[UnitTable],
    heads: dict[str, int],
    spec: StudentSpec,
    seeds: Sequence[int],
    *,
    teacher: TeacherSignal | None = None,
    distil: DistilSpec | None = None,
    unlabelled: Sequence[UnitTable] = (),
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> list[Student]:
    """One student per seed, trained side by side in one graph.

    ``heads``: name -> outputs. ``unlabelled`` tables enter the soft loss only; their labels are not read.
    The normalisation comes from ``tables``. ``checkpoint``: see ``train_stack``. The same inputs and seeds
    give the same bytes. Raises SplitError where a head has fewer than two classes in ``tables``, InputError
    where the teacher's signal does not cover the tables.
    """
    _refuse_half_distillation(teacher, distil)
    norm = normalisation(tables, spec.clamp_sigma)
    rows = gather_rows(tables, heads, norm, teacher, unlabelled)
    stack = fresh_stack(rows.x.shape[1], spec.hidden, heads, seeds)
    if distil is not None and distil.hint_weight:
        stack |= hint_start(spec.hidden, rows, seeds)
    stack = fit_stack(stack, rows, spec, seeds, distil=distil, checkpoint=checkpoint, progress=progress)
    return [Student(network, norm, spec) for network in networks_of(stack, len(spec.hidden), list(heads))]


def fit_stack(
    stack: Stack,
    rows: Rows,
    spec: StudentSpec,
    seeds: Sequence[int],
    *,
    distil: DistilSpec | None = None,
    run: Forward | None = None,
    mark: str = "",
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> Stack:
    """Train networks on from where ``stack`` stands: what fitting, pruning's recovery and others share.

    ``run`` replaces the plain forward pass; ``mark`` stands for it in a checkpoint. Raises InputError where
    the training diverges.
    """
    batch = min(spec.batch, len(rows.labelled))
    schedule = Schedule(spec.epochs, max(1, len(rows.labelled) // batch), spec.learning_rate)
    loss = make_loss(rows, len(spec.hidden), spec.l2, distil, run)

    def draw(first_epoch: int, epochs: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        numbers = range(first_epoch, first_epoch + epochs)
        size = (schedule.epoch_steps, batch)
        labelled = [_epoch(rows.labelled, size, seeds, (LABELLED_STREAM, epoch)) for epoch in numbers]
        size = (schedule.epoch_steps, min(spec.batch, len(rows.pool)))
        pool = [_epoch(rows.pool, size, seeds, (POOL_STREAM, epoch)) for epoch in numbers]
        return np.concatenate(labelled), np.concatenate(pool)

    identity = repr((spec, list(seeds), distil, mark)).encode() + rows.digest()
    trained = train_stack(
        stack, loss, draw, schedule, checkpoint=checkpoint, identity=identity, progress=progress
    )
    if not all(np.isfinite(array).all() for array in trained.values()):
        raise InputError("the training of a student diverged", hint="lower its learning_rate")
    return trained


def _epoch(
    chosen: NDArray[np.int32], size: tuple[int, int], seeds: Sequence[int], draw: tuple[int, int]
) -> NDArray[np.int32]:
    """[steps, seeds, batch] row numbers out of ``chosen``, each at most once per turn through it."""
    steps, batch = size
    count = steps * batch
    orders = []
    for seed in seeds:
        rng = np.random.default_rng((seed, *draw))
        turns = [rng.permutation(len(chosen)) for _ in range(-(-count // len(chosen)))]
        orders.append(chosen[np.concatenate(turns)[:count]].reshape(steps, batch))
    return np.stack(orders, axis=1)


def _refuse_half_distillation(teacher: TeacherSignal | None, distil: DistilSpec | None) -> None:
    if (teacher is None) != (distil is None):
        raise InputError("distillation needs both a teacher's signal and how to learn from it")
    if distil is not None and distil.hint_weight and (teacher is None or teacher.hint is None):
        raise InputError("the teacher gives no hint", hint="set hint_weight 0")
