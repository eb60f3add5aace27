"""What a fit sees: several units' tables as one matrix, units and classes counting alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.train.dense import Target
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD
from aurora.train.table import UnitTable

#: a feature that hardly moves on the training units must not become noise on the input
SMALLEST_SPREAD = 1e-3


@dataclass(frozen=True)
class Normalisation:
    """x = clip((calibrated - center) / spread, +-clamp): the network's float input, [F] each."""

    center: NDArray[np.float32]
    spread: NDArray[np.float32]
    clamp_sigma: float

    @property
    def scale(self) -> float:
        """One int8 step of the input, in standard deviations: a power of two where clamp_sigma is one."""
        return self.clamp_sigma / 128.0

    def __call__(self, calibrated: NDArray[np.float32]) -> NDArray[np.float32]:
        x = (calibrated - self.center) / self.spread
        clipped: NDArray[np.float32] = np.clip(x, -self.clamp_sigma, self.clamp_sigma - self.scale)
        return clipped.astype(np.float32)


def normalisation(tables: Sequence[UnitTable], clamp_sigma: float) -> Normalisation:
    """Mean and standard deviation over the scored windows, by time, every unit counting alike."""
    means, squares = [], []
    for table in tables:
        values = table.calibrated[table.scored].astype(np.float64)
        if len(values) == 0:
            continue
        share = table.weight[table.scored].astype(np.float64)
        means.append(np.average(values, axis=0, weights=share))
        squares.append(np.average(values**2, axis=0, weights=share))
    center = np.mean(means, axis=0)
    spread = np.sqrt(np.maximum(np.mean(squares, axis=0) - center**2, SMALLEST_SPREAD**2))
    return Normalisation(center.astype(np.float32), spread.astype(np.float32), clamp_sigma)


def stack(tables: Sequence[UnitTable], norm: Normalisation) -> NDArray[np.float32]:
    """[rows, F]: the scored windows of all tables, in order."""
    return np.concatenate([norm(table.calibrated[table.scored]) for table in tables])


def targets(
    tables: Sequence[UnitTable], heads: dict[str, int], *, least_classes: int = 2
) -> dict[str, Target]:
    """Labels and weights of ``stack``'s rows for the heads (name -> outputs) that these tables can train.

    A head needs ``least_classes`` among the rows (one is enough to judge by); the others are left out.
    """
    units = np.concatenate([np.full(int(t.scored.sum()), i) for i, t in enumerate(tables)])
    seconds = np.concatenate([table.weight[table.scored] for table in tables]).astype(np.float64)
    found: dict[str, Target] = {}
    for name, outputs in heads.items():
        label = np.concatenate([_labels(table, name)[table.scored] for table in tables])
        if len(np.unique(label[label >= 0])) >= least_classes:
            found[name] = Target(label, row_weights(label, units, seconds), outputs)
    return found


def row_weights(
    label: NDArray[np.integer], unit: NDArray[np.integer], seconds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """[w] summing to one: classes weigh alike, units alike within a class, windows by time within a unit.

    Rows without a label (-1) weigh nothing.
    """
    weight = np.zeros(len(label))
    classes = np.unique(label[label >= 0])
    for value in classes:
        members = np.unique(unit[label == value])
        for member in members:
            rows = (label == value) & (unit == member)
            weight[rows] = seconds[rows] / seconds[rows].sum() / len(members) / len(classes)
    return weight


def _labels(table: UnitTable, head: str) -> NDArray[np.integer]:
    if head == FAULT_HEAD:
        return table.fault.astype(np.int64)
    assert head == FAILS_HEAD
    return np.where(np.isnan(table.fails), -1, table.fails).astype(np.int64)
