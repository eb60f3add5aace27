"""What stands beside a model's score: a logistic regression on the same features, and a leaking split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aurora.spec.model import TrainingSpec
from aurora.train.fit import TrainedModel, Trainer, head_sizes
from aurora.train.metrics import Scores, score_units

BASELINE_L2 = 1e-3
LEAKY_TEST_SHARE = 0.3


def float_scores(trained: TrainedModel) -> Scores:
    """The float network on the test units."""
    tables = [trained.tables[unit_id] for unit_id in trained.split.test]
    return score_units(tables, {table.id: trained.logits(table.id) for table in tables})


def logistic_scores(trained: TrainedModel) -> Scores:
    """A logistic regression of fixed strength, fitted on the same units and features, on the test units."""
    plain = TrainingSpec(form="linear", l2=BASELINE_L2)
    norm, network = _trainer(trained).fit([trained.tables[u] for u in trained.split.train], plain)
    tables = [trained.tables[unit_id] for unit_id in trained.split.test]
    return score_units(tables, {table.id: network(norm(table.calibrated)) for table in tables})


def leaky_scores(trained: TrainedModel) -> Scores:
    """The same network trained on a random 70 % of all windows and scored on the rest: a warning.

    Neighbouring windows of one machine are nearly copies, so this figure says nothing about another machine.
    """
    rng = np.random.default_rng(trained.seed)
    seen, unseen = [], []
    for table in trained.tables.values():
        held = rng.random(len(table.scored)) < LEAKY_TEST_SHARE
        seen.append(replace(table, scored=table.scored & ~held))
        unseen.append(replace(table, scored=table.scored & held))
    norm, network = _trainer(trained).fit(seen, trained.spec.training)
    return score_units(unseen, {table.id: network(norm(table.calibrated)) for table in unseen})


def _trainer(trained: TrainedModel) -> Trainer:
    return Trainer(head_sizes(trained.spec), trained.seed)
