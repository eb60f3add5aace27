"""The teacher: a committee of dense nets too large for any board, on the same features as the student.

Each member leaves one group of units out and stops early on them, so that together they have trained on every
unit and none has chosen its own end on what it trained on (cross-validation committees: Parmanto, Munro and
Doyle, 1996). The teacher's logits are the members' mean; its hints are their last hidden layers, side by
side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError, SplitError
from aurora.train.dense import Target, batches, build_keras, import_keras, many_steps, read_network
from aurora.train.network import Layer, Network
from aurora.train.rows import Normalisation, normalisation, stack, targets
from aurora.train.split import folds
from aurora.train.table import UnitTable

#: unit id -> head -> [w, outputs]
Signals = dict[str, dict[str, NDArray[np.float32]]]
#: (share of the work done, what is being done)
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class TeacherSpec:
    """``members`` nets of ``hidden`` widths, each trained for at most ``epochs``.

    A member is checked on its left-out units ``checks`` times, and ends where ``patience`` checks in a row
    brought nothing better. ``l2`` weighs the squared weights; inputs are clamped to +-``clamp_sigma``.
    """

    hidden: tuple[int, ...] = (96, 48)
    members: int = 5
    epochs: int = 60
    batch: int = 128
    learning_rate: float = 0.002
    l2: float = 0.003
    clamp_sigma: float = 4.0
    checks: int = 20
    patience: int = 5

    def __post_init__(self) -> None:
        if self.members < 2 or not 1 <= self.patience <= self.checks <= self.epochs:
            raise InputError(
                f"teacher of {self.members} members, {self.checks} checks in {self.epochs} epochs, patience "
                f"{self.patience}",
                hint="at least 2 members; 1 <= patience <= checks <= epochs",
            )


@dataclass(frozen=True)
class Member:
    """One net; ``left_out`` are the units that it never trained on, ``loss`` its best on those."""

    norm: Normalisation
    network: Network
    left_out: frozenset[str]
    loss: float | None

    def logits(self, table: UnitTable) -> dict[str, NDArray[np.float32]]:
        """Head -> [w, outputs] for every window of a unit."""
        return self.network(self.norm(table.calibrated))

    def hint(self, table: UnitTable) -> NDArray[np.float32]:
        """[w, last width]: the last hidden layer."""
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
        """[w, K]: the last hidden layers of all members, side by side."""
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
    wanted = targets(training, heads)
    if not wanted:
        return Member(norm, Network((), {}), group, None)
    held = {k: v for k, v in targets(spared, heads, least_classes=1).items() if k in wanted}
    network, loss = _fit_early(stack(training, norm), wanted, stack(spared, norm), held, spec, seed)
    return Member(norm, network, group, loss)


def _fit_early(
    x: NDArray[np.float32], wanted: dict[str, Target], spared: NDArray[np.float32],
    held: dict[str, Target], spec: TeacherSpec, seed: int,
) -> tuple[Network, float | None]:  # fmt: skip
    """The network as it was at its best check, and its loss there; the last one without a held-out label."""
    keras = import_keras()
    keras.utils.set_random_seed(seed)
    model = build_keras(x.shape[1], spec.hidden, {name: t.classes for name, t in wanted.items()})
    batch = min(spec.batch, len(x))
    per_check = max(1, spec.epochs // spec.checks) * max(1, len(x) // batch)
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(spec.learning_rate, per_check * spec.checks)
    )
    optimizer.build(model.trainable_variables)
    run = many_steps(model, optimizer, x, wanted, spec.l2)
    best, lowest, waited = None, np.inf, 0
    for check in range(spec.checks):
        run(batches(len(x), batch, per_check, seed + check))
        network = read_network(model, len(spec.hidden), wanted)
        loss = mean_loss(network, spared, held) if held else -check
        waited = 0 if loss < lowest else waited + 1
        best, lowest = (network, loss) if loss < lowest else (best, lowest)
        if waited >= spec.patience:
            break
    assert best is not None
    return best, float(lowest) if held else None


def mean_loss(network: Network, x: NDArray[np.float32], held: dict[str, Target]) -> float:
    """Weighted cross-entropy, summed over the heads of ``held``."""
    total = 0.0
    logits = network(x)
    for name, target in held.items():
        rows = target.weight > 0
        z, label = logits[name][rows].astype(np.float64), target.label[rows]
        if target.classes == 1:
            each = np.logaddexp(0.0, z[:, 0]) - label * z[:, 0]
        else:
            each = np.logaddexp.reduce(z, axis=1) - z[np.arange(len(z)), label]
        total += float((target.weight[rows] * each).sum())
    return total


def _outcome(table: UnitTable) -> tuple[bool, int]:
    labelled = table.fault[table.fault >= 0]
    return bool((table.fails == 1).any()), int(labelled[-1]) if len(labelled) else -1
