"""Scores by physical unit: every window counts for the time it stands for, no unit outweighs another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.train.table import UnitTable

FAULT_HEAD, FAILS_HEAD = "fault_type", "fails_within_h"

#: head name -> [w, outputs] for one unit: float logits, or the int8 bytes of host or board
HeadOutputs = Mapping[str, NDArray[Any]]


def auroc(positive: NDArray[np.bool_], scores: NDArray[Any], weight: NDArray[Any]) -> float | None:
    """Area under the ROC curve, weighted; ties count one half. None where one class is absent.

    The probability that a positive window, drawn by weight, scores above a negative one.
    """
    order = np.argsort(scores, kind="stable")
    sorted_scores, sorted_positive = np.asarray(scores)[order], np.asarray(positive, bool)[order]
    sorted_weight = np.asarray(weight, np.float64)[order]
    starts = np.flatnonzero(np.r_[True, np.diff(sorted_scores) != 0]) if len(order) else np.zeros(0, int)
    gained = np.add.reduceat(sorted_weight * sorted_positive, starts) if len(order) else np.zeros(0)
    lost = np.add.reduceat(sorted_weight * ~sorted_positive, starts) if len(order) else np.zeros(0)
    if gained.sum() == 0 or lost.sum() == 0:
        return None
    below = np.cumsum(lost) - lost
    return float((gained * (below + lost / 2)).sum() / (gained.sum() * lost.sum()))


@dataclass(frozen=True)
class Scores:
    """One arm's figures. ``auroc_per_unit`` is None where a unit has one class; means leave those out."""

    auroc_mean: float | None
    auroc_per_unit: dict[str, float | None]
    accuracy: float | None
    accuracy_per_unit: dict[str, float | None]


def score_units(tables: Sequence[UnitTable], outputs: Mapping[str, HeadOutputs]) -> Scores:
    """Scores of ``outputs`` (unit id -> head -> [w, outputs]) on the windows that ``table.scored`` marks.

    AUROC is of "fails within H"; accuracy is the share of labelled time whose fault type is the largest
    output, pooled over units. A head that the model does not have gives None.
    """
    auroc_per_unit: dict[str, float | None] = {}
    accuracy_per_unit: dict[str, float | None] = {}
    hits = time = 0.0
    for table in tables:
        heads = outputs[table.id]
        if FAILS_HEAD in heads:
            use = table.scored & ~np.isnan(table.fails)
            score = np.asarray(heads[FAILS_HEAD])[:, 0]
            auroc_per_unit[table.id] = auroc(table.fails[use] == 1, score[use], table.weight[use])
        if FAULT_HEAD in heads:
            use = table.scored & (table.fault >= 0)
            right = np.asarray(heads[FAULT_HEAD])[use].argmax(axis=1) == table.fault[use]
            labelled = float(table.weight[use].sum())
            share = float((table.weight[use] * right).sum())
            accuracy_per_unit[table.id] = share / labelled if labelled else None
            hits, time = hits + share, time + labelled
    known = [value for value in auroc_per_unit.values() if value is not None]
    return Scores(
        auroc_mean=float(np.mean(known)) if known else None,
        auroc_per_unit=auroc_per_unit,
        accuracy=hits / time if time else None,
        accuracy_per_unit=accuracy_per_unit,
    )
