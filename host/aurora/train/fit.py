"""Choose and train the network inside the training units; nothing here ever sees a test unit's score.

The choice between candidates (candidates.py) is made by leaving training units out in turn: the best mean
over units. The same rotation gives scores of training units by models that did not see them: the validation
scores of a split too small to spare validation units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError, SplitError
from aurora.signals.dataset import DataSet
from aurora.spec.chain import compile_chain
from aurora.spec.model import DEFAULT_SPREAD, ModelSpec, TrainingSpec
from aurora.train.candidates import Candidate, candidates
from aurora.train.dense import Target, fit_dense
from aurora.train.derive import refuse_mismatch
from aurora.train.extraction import Extraction
from aurora.train.graded import fit_graded
from aurora.train.linear import fit_logistic, fit_softmax
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD, score_units
from aurora.train.network import Layer, Network
from aurora.train.rows import Normalisation, normalisation, stack, targets
from aurora.train.split import Split, folds, outcome
from aurora.train.table import UnitTable

MAX_FOLDS = 5
#: up to so many training units each is left out alone
MOST_TO_LEAVE_ONE_OUT = 8

#: float logits of a unit: head -> [w, outputs]
Logits = dict[str, NDArray[np.float32]]
#: (share of the work done, what is being done)
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class TrainedModel:
    """A float model and what judges it.

    ``spec`` names the form and the features that were chosen, so that it trains the same architecture again.
    ``chain`` is not normalised yet (int8 decides the zero point). ``tables`` holds every unit of the split.
    ``validation``: unit id -> logits by a model that did not train on this unit. ``rotation``: candidate ->
    mean score over the training units left out in turn; empty where nothing was to be chosen.
    """

    spec: ModelSpec
    split: Split
    seed: int
    chain: bytes
    norm: Normalisation
    network: Network
    tables: dict[str, UnitTable]
    validation: dict[str, Logits]
    rotation: dict[str, float]

    def logits(self, unit_id: str) -> Logits:
        """The float network's logits for every window of a unit."""
        return self.network(self.norm(self.tables[unit_id].calibrated))


def train_model(
    dataset: DataSet, spec: ModelSpec, split: Split, seed: int | None = None, progress: Progress | None = None
) -> TrainedModel:
    """Extract features, choose the form inside ``split.train`` and fit it on those units.

    ``seed`` defaults to the spec's. Raises InputError where ``spec`` does not fit the data set, SplitError
    where the training units hold one class only.
    """
    refuse_mismatch(dataset, spec)
    seed = spec.training.seed if seed is None else seed
    tell = progress or (lambda share, what: None)
    extraction = Extraction(dataset, spec.signal)
    everyone = split.train + split.validation + split.test
    extraction.tables(spec.chain, everyone, lambda done, total: tell(0.5 * done / total, "features"))
    heads = head_sizes(spec)
    trainer = Trainer(heads, seed)
    outcomes = {unit_id: outcome(dataset.unit(unit_id), dataset.horizon_s) for unit_id in split.train}
    count = len(split.train)
    groups = folds(split.train, outcomes, count if count <= MOST_TO_LEAVE_ONE_OUT else MAX_FOLDS)

    rotation: dict[str, float] = {}
    turned: dict[str, Logits] = {}
    tried = candidates(spec, count)
    chosen = tried[0]
    if len(tried) > 1 or not split.validation:
        scored = []
        for place, candidate in enumerate(tried):
            tell(0.5 + 0.35 * place / len(tried), f"compare {candidate.name}")
            training = _tables(extraction, candidate, split.train)
            scored.append((candidate, trainer.rotate(training, groups, candidate.training)))
            rotation[candidate.name] = mean_score(unit_scores(training, scored[-1][1]))
        chosen, turned = max(scored, key=lambda pair: rotation[pair[0].name])
    tell(0.85, f"train {chosen.name}")
    tables = {table.id: table for table in _tables(extraction, chosen, everyone)}
    norm, network = trainer.fit([tables[unit_id] for unit_id in split.train], chosen.training)
    missing = set(heads) - set(network.heads)
    if missing:
        raise SplitError(
            f"the training units hold one class of {sorted(missing)[0]} only",
            where=dataset.path,
            hint="record more units of the other outcome",
        )
    spared = {u: network(norm(tables[u].calibrated)) for u in split.validation}
    tell(1.0, "trained")
    return TrainedModel(
        spec=replace(spec, training=chosen.training, chain=chosen.chain), split=split, seed=seed,
        chain=compile_chain(chosen.chain, spec.signal), norm=norm, network=network, tables=tables,
        validation=spared or turned, rotation=rotation,
    )  # fmt: skip


def head_sizes(spec: ModelSpec) -> dict[str, int]:
    """Head name -> outputs, for the heads that the labels ask for, in the order of their names."""
    heads: dict[str, int] = {}
    if spec.labels.horizon_s is not None:
        heads[FAILS_HEAD] = 1
    if spec.labels.fault_types:
        heads[FAULT_HEAD] = len(spec.labels.fault_types)
    if not heads:
        raise InputError(f"model {spec.name} has no head", hint="give labels.fault_types or labels.horizon_s")
    return heads


@dataclass(frozen=True)
class Trainer:
    """Fits one candidate on given units; ``heads`` maps names to outputs."""

    heads: dict[str, int]
    seed: int

    def fit(self, tables: Sequence[UnitTable], spec: TrainingSpec) -> tuple[Normalisation, Network]:
        """Normalisation and network from these units alone; heads without two classes are left out."""
        norm = normalisation(tables, spec.clamp_sigma)
        if spec.form == "graded":
            spread = DEFAULT_SPREAD if spec.spread is None else spec.spread
            return norm, fit_graded(tables, self.heads, norm, spec.l2, spread)
        x, wanted = stack(tables, norm), targets(tables, self.heads)
        if spec.form == "dense" and wanted:
            return norm, fit_dense(x, wanted, spec, self.seed)
        return norm, Network((), {name: _fit_linear(x, target, spec.l2) for name, target in wanted.items()})

    def rotate(
        self, tables: Sequence[UnitTable], groups: Sequence[tuple[str, ...]], spec: TrainingSpec
    ) -> dict[str, Logits]:
        """Logits of every unit by a model fitted without the unit's group."""
        out: dict[str, Logits] = {}
        for group in groups:
            norm, network = self.fit([table for table in tables if table.id not in group], spec)
            for table in tables:
                if table.id in group:
                    out[table.id] = network(norm(table.calibrated))
        return out


def _fit_linear(x: NDArray[np.float32], target: Target, l2: float) -> Layer:
    rows = target.weight > 0
    label, weight = target.label[rows], target.weight[rows]
    if target.classes == 1:
        return fit_logistic(x[rows], label.astype(np.float32), weight, l2)
    return fit_softmax(x[rows], label, target.classes, weight, l2)


def unit_scores(tables: Sequence[UnitTable], outputs: dict[str, Logits]) -> dict[str, float]:
    """Unit id -> mean of its AUROC and its accuracy, whichever it has."""
    scores = score_units(tables, outputs)
    found: dict[str, float] = {}
    for table in tables:
        both = (scores.auroc_per_unit.get(table.id), scores.accuracy_per_unit.get(table.id))
        known = [value for value in both if value is not None]
        if known:
            found[table.id] = float(np.mean(known))
    return found


def mean_score(by_unit: dict[str, float]) -> float:
    """Mean over units; 0 where none has a score."""
    return float(np.mean(list(by_unit.values()))) if by_unit else 0.0


def _tables(extraction: Extraction, candidate: Candidate, unit_ids: tuple[str, ...]) -> list[UnitTable]:
    found = extraction.tables(candidate.source, unit_ids)
    return [candidate.table(found[unit_id]) for unit_id in unit_ids]
