"""What a fit may choose between: the form, its strength, and which features it reads.

Features in which a machine's condition does not show cost accuracy where units are few, and instructions on
the board everywhere. So the graded form is tried on all features of the chain and on parts of it. Which fault
it is shows in the envelope's peaks, and those in the band of the housing's resonance, which nobody knows
beforehand: where fault types are all that is told, the peaks of several bands are tried (a search over bands
as in the kurtogram of Antoni 2007, but by what the rotation says). What is chosen is the release's own chain.
"""

from __future__ import annotations

from collections.abc import Iterator
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
#: lower edges of the envelope's band that are tried, and the strengths for its peaks alone
ENVELOPE_BANDS = 8
PEAKS_L2 = (1e-1, 1.0)
ALL = "all features"


@dataclass(frozen=True)
class Candidate:
    """One way to train, on the features of ``chain``.

    They are the ``columns`` of what ``source`` computes, so that parts of one chain are computed once.
    """

    training: TrainingSpec
    chain: ChainSpec
    features: str
    source: ChainSpec
    columns: NDArray[np.intp]

    @property
    def name(self) -> str:
        """As it stands in release.json: "dense 16", "linear l2=0.01", "graded l2=0.01 of bands"."""
        spec = self.training
        which = "" if self.features == ALL else f" of {self.features}"
        if spec.form == "dense":
            return f"dense {'-'.join(map(str, spec.hidden))}{which}"
        return f"{spec.form} l2={spec.l2:g}{which}"

    def table(self, table: UnitTable) -> UnitTable:
        """A unit as extracted with ``source``, with this candidate's features only."""
        if len(self.columns) == table.features.shape[1]:
            return table
        return replace(
            table, features=table.features[:, self.columns], calibration=table.calibration[self.columns]
        )


def candidates(spec: ModelSpec, units: int) -> list[Candidate]:
    """What ``spec`` allows with so many training units; one where its form is not "auto"."""
    training = spec.training
    if training.form != "auto":
        return [_candidate(spec, training, ALL, spec.chain)]
    linear, sets = replace(training, form="linear"), feature_sets(spec.chain)
    graded = replace(training, form="graded", clamp_sigma=GRADED_CLAMP_SIGMA, spread=GRADED_SPREAD)
    found = [_candidate(spec, replace(linear, l2=l2), ALL, spec.chain) for l2 in L2_CANDIDATES]
    found += [
        _candidate(spec, replace(graded, l2=l2), name, chain)
        for name, chain in sets.items()
        for l2 in GRADED_L2
    ]
    found += [
        _candidate(spec, replace(linear, l2=l2), name, chain, source=chain)
        for name, chain in peak_bands(spec)
        for l2 in PEAKS_L2
    ]
    if units >= MIN_UNITS_FOR_DENSE:
        found.append(_candidate(spec, replace(training, form="dense"), ALL, spec.chain))
    return found


def feature_sets(chain: ChainSpec) -> dict[str, ChainSpec]:
    """Name -> the chain or a part of it; a part that would be empty or the same is left out."""
    sets = {ALL: chain}
    without_peaks = replace(chain, envelope=None)
    if chain.envelope is not None and (chain.statistics or chain.band_edges_hz):
        sets["statistics and bands"] = without_peaks
    if chain.statistics and len(chain.band_edges_hz) > 1:
        sets["bands"] = replace(without_peaks, statistics=(), log_statistics=())
    return sets


def peak_bands(spec: ModelSpec) -> Iterator[tuple[str, ChainSpec]]:
    """Chains of envelope peaks alone, the band's lower edge from two thirds of its width to the top.

    None where a failure within a horizon is told as well, or without peaks at orders, or where the chain
    names another band than the default's: who knows the resonance has said so.
    """
    envelope, rate_hz = spec.chain.envelope, spec.signal.rate_hz
    if envelope is None or envelope.mode != "orders" or spec.labels.horizon_s is not None:
        return
    if abs(envelope.low_hz - rate_hz / 4) > 1e-3 * rate_hz:
        return
    width = rate_hz / (2 * envelope.decimation)
    for low_hz in np.linspace(2 * width / 3, rate_hz / 2 - width, ENVELOPE_BANDS):
        low = float(f"{low_hz:.4g}")  # as default_chain rounds: the same on every machine
        peaks = replace(
            spec.chain,
            statistics=(),
            log_statistics=(),
            band_edges_hz=(),
            envelope=replace(envelope, low_hz=low),
        )
        yield f"peaks above {low:g} Hz", peaks


def _candidate(
    spec: ModelSpec, training: TrainingSpec, features: str, chain: ChainSpec, source: ChainSpec | None = None
) -> Candidate:
    source, axes = source or spec.chain, spec.signal.axes
    place = {name: i for i, name in enumerate(feature_names(source, axes))}
    columns = np.array([place[name] for name in feature_names(chain, axes)], np.intp)
    return Candidate(training, chain, features, source, columns)
