"""The teacher: a committee of models too large for any board, on the same features as the student.

Each dense net leaves one group of units out and stops early on them, so that together they have trained on
every unit and none has chosen its own end on what it trained on (cross-validation committees: Parmanto, Munro
and Doyle, 1996). Beside each stands a graded linear model of the same units, which is the better one where
units are few. All learn how near failure is (train/graded.py), and the nets see each row with fresh noise of
the kind that lies between neighbouring windows (Bishop 1995, training with noise). The teacher's logits are
the members' mean; its hints are the nets' last hidden layers, side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError, SplitError
from aurora.train.early import fit_early
from aurora.train.graded import fit_graded, graded_targets, noise_metric
from aurora.train.loop import MOST_EPOCHS, MOST_ROWS
from aurora.train.network import Layer, Network
from aurora.train.rows import Normalisation, normalisation, stack, targets
from aurora.train.split import folds
from aurora.train.table import UnitTable

#: unit id -> head -> [w, outputs]
Signals = dict[str, dict[str, NDArray[np.float32]]]
#: (share of the work done, what is being done)
Progress = Callable[[float, str], None]

MOST_MEMBERS = 100


@dataclass(frozen=True)
class TeacherSpec:
    """``members`` nets of ``hidden`` widths, each trained for at most ``epochs``.

    A net is checked on its left-out units ``checks`` times, and ends where ``patience`` checks in a row
    brought nothing better. ``l2`` weighs the squared weights; inputs are clamped to +-``clamp_sigma``.
    ``jitter``: noise on the inputs in units of the noise between neighbouring windows. ``spread`` softens the
    horizon, 0 leaves it a step. ``linear_l2``: strength of the linear members, 0 for none.
    """

    hidden: tuple[int, ...] = (96, 48)
    members: int = 5
    epochs: int = 60
    batch: int = 128
    learning_rate: float = 0.002
    l2: float = 0.003
    clamp_sigma: float = 8.0
    checks: int = 20
    patience: int = 5
    jitter: float = 1.0
    spread: float = 0.3
    linear_l2: float = 0.1

    def __post_init__(self) -> None:
        if not all(1 <= width <= 1024 for width in self.hidden) or len(self.hidden) > 8:
            raise InputError(f"teacher hidden is {list(self.hidden)}", hint="up to 8 layers of 1 to 1024")
        if not (1 <= self.batch <= MOST_ROWS and self.epochs <= MOST_EPOCHS and self.members <= MOST_MEMBERS):
            raise InputError(
                f"teacher of {self.members} members, {self.epochs} epochs, batches of {self.batch}",
                hint=f"up to {MOST_MEMBERS} members, {MOST_EPOCHS} epochs, 1 to {MOST_ROWS} rows a batch",
            )
        if self.members < 2 or not 1 <= self.patience <= self.checks <= self.epochs:
            raise InputError(
                f"teacher of {self.members} members, {self.checks} checks in {self.epochs} epochs, patience "
                f"{self.patience}",
                hint="at least 2 members; 1 <= patience <= checks <= epochs",
            )
        if not all(np.isfinite(v) and v >= 0 for v in (self.jitter, self.spread, self.linear_l2)):
            raise InputError("teacher of jitter, spread or linear_l2 below zero", hint="give 0 or more")


@dataclass(frozen=True)
class Member:
    """One net or linear model. ``left_out`` are the units that it never trained on; ``loss`` is a net's best
    on those."""

    norm: Normalisation
    network: Network
    left_out: frozenset[str]
    loss: float | None

    def logits(self, table: UnitTable) -> dict[str, NDArray[np.float32]]:
        """Head -> [w, outputs] for every window of a unit."""
        return self.network(self.norm(table.calibrated))

    def hint(self, table: UnitTable) -> NDArray[np.float32]:
        """[w, last width]: the last hidden layer; without one, nothing [w, 0]."""
        if not self.network.hidden:
            return np.zeros((len(table.features), 0), np.float32)
        return hidden_output(self.network.hidden, self.norm(table.calibrated))


@dataclass(frozen=True)
class Teacher:
    """The committee. ``heads`` maps names to outputs."""

    members: tuple[Member, ...]
    heads: dict[str, int] = field(default_factory=dict)

    def logits(self, table: UnitTable) -> dict[str, NDArray[np.float32]]:
        """Head -> [w, outputs]: the mean over all members, for every window, labelled or not."""
        return self._mean(table, self.members)

    def unseen_logits(self, table: UnitTable) -> dict[str, NDArray[np.float32]]:
        """As ``logits``, by those members only that did not train on this unit.

        Soft targets from members that know the answer by heart say nothing beyond the label. Of a unit that
        nobody trained with these are all members.
        """
        return self._mean(table, [m for m in self.members if table.id in m.left_out] or self.members)

    def hint(self, table: UnitTable) -> NDArray[np.float32]:
        """[w, K]: the last hidden layers of all nets, side by side."""
        return np.concatenate([member.hint(table) for member in self.members], axis=1)

    def _mean(self, table: UnitTable, members: Sequence[Member]) -> dict[str, NDArray[np.float32]]:
        each = [member.logits(table) for member in members]
        found: dict[str, NDArray[np.float32]] = {}
        for name in self.heads:
            known = [logits[name] for logits in each if name in logits]
            if known:  # a member whose units show one class only has no such head
                found[name] = np.stack(known).mean(axis=0, dtype=np.float64).astype(np.float32)
        return found


def fit_teacher(
    tables: Sequence[UnitTable],
    heads: dict[str, int],
    spec: TeacherSpec,
    seed: int,
    progress: Progress | None = None,
) -> Teacher:
    """Train the committee on ``tables`` (two or more units) for ``heads`` (name -> outputs).

    The same inputs and seed give the same bits. Raises SplitError where fewer than two units are labelled, or
    where no member finds two classes of a head.
    """
    tell = progress or (lambda share, what: None)
    labelled = [table for table in tables if targets([table], heads, least_classes=1)]
    if len(labelled) < 2:
        raise SplitError(
            f"{len(labelled)} labelled unit(s) for a teacher", hint="give labels of at least two units"
        )
    outcomes = {table.id: _outcome(table) for table in labelled}
    groups = folds(tuple(outcomes), outcomes, spec.members)
    members = []
    for place in range(spec.members):
        tell(place / spec.members, f"teacher {place + 1} of {spec.members}")
        group = frozenset(groups[place % len(groups)])
        members.append(_fit_member(labelled, heads, spec, seed + 1000 * place, group))
        if spec.linear_l2 > 0 and place < len(groups):
            members.append(_fit_linear(labelled, heads, spec, group))
    missing = [name for name in heads if not any(name in member.network.heads for member in members)]
    if missing:
        raise SplitError(
            f"the training units hold one class of {sorted(missing)[0]} only",
            hint="record more units of the other outcome",
        )
    tell(1.0, "teacher trained")
    return Teacher(tuple(members), dict(heads))


def signal_of(
    teacher: Teacher, tables: Sequence[UnitTable], *, unseen: bool = False
) -> tuple[Signals, dict[str, NDArray[np.float32]]]:
    """(soft, hint) for distillation: unit id -> head -> logits [w, k], and unit id -> hints [w, K].

    ``unseen``: soft targets by the members that did not train on the unit, where it is a training unit.
    """
    of = teacher.unseen_logits if unseen else teacher.logits
    return {table.id: of(table) for table in tables}, {table.id: teacher.hint(table) for table in tables}


def hidden_output(layers: Sequence[Layer], x: NDArray[np.float32]) -> NDArray[np.float32]:
    """[w, last width] after the hidden layers with ReLU."""
    for layer in layers:
        x = np.maximum(layer(x), np.float32(0))
    return x


def _fit_member(
    tables: Sequence[UnitTable], heads: dict[str, int], spec: TeacherSpec, seed: int, group: frozenset[str]
) -> Member:
    training = [table for table in tables if table.id not in group]
    spared = [table for table in tables if table.id in group]
    norm = normalisation(training, spec.clamp_sigma)
    wanted = graded_targets(training, heads, spec.spread)
    if not wanted:
        return Member(norm, Network((), {}), group, None)
    held = graded_targets(spared, heads, spec.spread, least_classes=1)
    held = {name: target for name, target in held.items() if name in wanted}
    jitter = spec.jitter * np.linalg.cholesky(noise_metric(training, norm)) if spec.jitter else None
    network, loss = fit_early(
        (stack(training, norm), wanted), (stack(spared, norm), held), spec, seed,
        None if jitter is None else jitter.astype(np.float32),
    )  # fmt: skip
    return Member(norm, network, group, loss)


def _fit_linear(
    tables: Sequence[UnitTable], heads: dict[str, int], spec: TeacherSpec, group: frozenset[str]
) -> Member:
    training = [table for table in tables if table.id not in group]
    norm = normalisation(training, spec.clamp_sigma)
    return Member(norm, fit_graded(training, heads, norm, spec.linear_l2, spec.spread), group, None)


def _outcome(table: UnitTable) -> tuple[bool, int]:
    labelled = table.fault[table.fault >= 0]
    return bool((table.fails == 1).any()), int(labelled[-1]) if len(labelled) else -1
