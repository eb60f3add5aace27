"""What a student's training sees: rows, their labels where there are any, and the teacher's answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compress.distill import TeacherSignal
from aurora.errors import InputError, SplitError
from aurora.train.dense import Target
from aurora.train.rows import Normalisation, stack, targets
from aurora.train.table import UnitTable

Answers = NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """All scored windows, those of the labelled tables first.

    ``x`` [rows, F] normalised; ``targets`` cover the first tables' rows; ``labelled`` are the numbers of rows
    that some head has a label for, ``pool`` those that the soft loss draws from: all. ``soft``: head -> the
    teacher's logits [rows, outputs], ``hint`` [rows, K]; empty and None without a teacher. ``share`` [rows]:
    the weight of a row in the soft loss, units alike and windows by time within a unit, mean 1.
    """

    x: NDArray[np.float32]
    targets: dict[str, Target]
    labelled: NDArray[np.int32]
    pool: NDArray[np.int32]
    share: NDArray[np.float32]
    soft: dict[str, Answers]
    hint: Answers | None

    def digest(self) -> bytes:
        """SHA-256 of all of it."""
        found = hashlib.sha256()
        arrays: dict[str, NDArray[Any]] = {
            "x": self.x,
            "labelled": self.labelled,
            "pool": self.pool,
            "share": self.share,
        }
        arrays |= {f"soft.{name}": answers for name, answers in self.soft.items()}
        arrays |= {} if self.hint is None else {"hint": self.hint}
        for name, target in self.targets.items():
            arrays |= {f"label.{name}": target.label, f"weight.{name}": target.weight}
        for name in sorted(arrays):
            found.update(name.encode() + b"\0" + np.ascontiguousarray(arrays[name]).tobytes())
        return found.digest()


def gather_rows(
    tables: Sequence[UnitTable],
    heads: dict[str, int],
    norm: Normalisation,
    teacher: TeacherSignal | None = None,
    unlabelled: Sequence[UnitTable] = (),
) -> Rows:
    """Raises SplitError where a head lacks a second class, InputError where the teacher lacks a unit."""
    wanted = targets(tables, heads)
    for name in heads:
        if name not in wanted:
            raise SplitError(f"the training units hold one class of {name} only", hint="record more units")
    everything = [*tables, *unlabelled]
    has_label = np.any([target.weight > 0 for target in wanted.values()], axis=0)
    rows = sum(int(table.scored.sum()) for table in everything)
    soft: dict[str, Answers] = {}
    hint: Answers | None = None
    if teacher is not None:
        soft = {name: _answers(everything, _logits_of(teacher, name), name) for name in heads}
        if teacher.hint is not None:
            hint = _answers(everything, teacher.hint.__getitem__, "hint")
    return Rows(
        x=stack(everything, norm),
        targets=wanted,
        labelled=np.flatnonzero(has_label).astype(np.int32),
        pool=np.arange(rows, dtype=np.int32),
        share=_shares(everything),
        soft=soft,
        hint=hint,
    )


def _logits_of(teacher: TeacherSignal, head: str) -> Callable[[str], Answers]:
    return lambda unit_id: teacher.soft[unit_id][head]


def _answers(tables: Sequence[UnitTable], of: Callable[[str], Answers], what: str) -> Answers:
    """[rows, outputs] of the scored windows of all tables."""
    found = []
    for table in tables:
        try:
            answers = of(table.id)
        except KeyError as error:
            raise InputError(f"the teacher gives no {what} for unit {table.id}") from error
        if len(answers) != len(table.scored):
            raise InputError(f"the teacher's {what} of unit {table.id} has {len(answers)} rows",
                             hint=f"the unit has {len(table.scored)} windows")  # fmt: skip
        scored = np.asarray(answers, np.float32)[table.scored]
        if not np.isfinite(scored).all():
            raise InputError(f"the teacher's {what} of unit {table.id} is not finite", hint="train it anew")
        found.append(scored)
    return np.concatenate(found)


def _shares(tables: Sequence[UnitTable]) -> NDArray[np.float32]:
    parts = [table.weight[table.scored].astype(np.float64) for table in tables]
    share = np.concatenate([part / part.sum() for part in parts if len(part)])
    return np.asarray(share * len(share) / share.sum(), np.float32)
