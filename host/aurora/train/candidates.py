"""What a fit may choose between: the form, its strength, and which of the chain's features it reads.

Features in which a machine's condition does not show cost accuracy where units are few, and instructions on
the board everywhere. So the graded form is tried on all features, without the envelope's peaks, and on the
bands alone; a narrower choice narrows the release's own chain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aurora.spec.chain import ChainSpec, feature_names
from aurora.spec.model import ModelSpec, TrainingSpec
from aurora.train.table import UnitTable

L2_CANDIDATES = (1e-4, 1e-3, 1e-2, 1e-1)
GRADED_L2 = (1e-2, 1e-1, 1.0)
#: a failing machine's features go far beyond the healthy ones': a narrow clamp makes near and far alike
GRADED_CLAMP_SIGMA = 8.0
GRADED_SPREAD = 0.3
#: with fewer training units the rotation cannot tell a dense net from luck, so none is tried
MIN_UNITS_FOR_DENSE = 8


@dataclass(frozen=True)
class Candidate:
    """One way to train: ``columns`` are the features of ``chain`` among those of the model's own chain."""

    training: TrainingSpec
    chain: ChainSpec
    features: str
    columns: NDArray[np.intp]

    @property
    def name(self) -> str:
        """As it stands in release.json: "dense 16", "linear l2=0.01", "graded l2=0.01 of bands"."""
        spec = self.training
        if spec.form == "dense":
            return f"dense {'-'.join(map(str, spec.hidden))}"
        which = "" if self.features == "all features" else f" of {self.features}"
        return f"{spec.form} l2={spec.l2:g}{which}"

    def table(self, table: UnitTable) -> UnitTable:
        """The unit with this candidate's features only."""
        if len(self.columns) == table.features.shape[1]:
            return table
        return replace(
            table, features=table.features[:, self.columns], calibration=table.calibration[self.columns]
        )


def candidates(spec: ModelSpec, units: int) -> list[Candidate]:
    """What ``spec`` allows with so many training units; one where its form is not "auto"."""
    training, sets = spec.training, feature_sets(spec.chain)
    if training.form != "auto":
        return [_candidate(spec, training, "all features", spec.chain)]
    tried = [(replace(training, form="linear", l2=l2), "all features") for l2 in L2_CANDIDATES]
    graded = replace(training, form="graded", clamp_sigma=GRADED_CLAMP_SIGMA, spread=GRADED_SPREAD)
    tried += [(replace(graded, l2=l2), name) for name in sets for l2 in GRADED_L2]
    if units >= MIN_UNITS_FOR_DENSE:
        tried.append((replace(training, form="dense"), "all features"))
    return [_candidate(spec, one, name, sets[name]) for one, name in tried]


def feature_sets(chain: ChainSpec) -> dict[str, ChainSpec]:
    """Name -> the chain or a part of it; a part that would be empty or the same is left out."""
    sets = {"all features": chain}
    without_peaks = replace(chain, envelope=None)
    bands = replace(without_peaks, statistics=(), log_statistics=())
    if chain.envelope is not None and (chain.statistics or chain.band_edges_hz):
        sets["statistics and bands"] = without_peaks
    if chain.statistics and len(chain.band_edges_hz) > 1:
        sets["bands"] = bands
    return sets


def _candidate(spec: ModelSpec, training: TrainingSpec, features: str, chain: ChainSpec) -> Candidate:
    axes = spec.signal.axes
    place = {name: i for i, name in enumerate(feature_names(spec.chain, axes))}
    columns = np.array([place[name] for name in feature_names(chain, axes)], np.intp)
    return Candidate(training, chain, features, columns)
