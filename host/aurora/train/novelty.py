"""Novelty: an autoencoder that learns what a healthy machine's features look like together.

Its score is how badly it rebuilds a window: what never occurred in health, and failures that nobody has
labelled, score high. Trained on windows that are known not to fail within the horizon, ended early by healthy
windows of units that it does not train on (Hinton, Salakhutdinov 2006; Japkowicz, Myers, Gluck 1995). It
never sees a failing window, so it is no rival of the teacher where failures are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError, SplitError
from aurora.train.dense import batches, build_keras, import_keras, read_network
from aurora.train.metrics import FAILS_HEAD, Scores, score_units
from aurora.train.network import Network
from aurora.train.rows import Normalisation, normalisation, stack
from aurora.train.table import UnitTable

REBUILT = "rebuilt"  # the network's one head
SPARED_SHARE = 0.25


@dataclass(frozen=True)
class NoveltySpec:
    """``hidden``: widths from the features to the features; the narrowest is what a window is squeezed to.

    ``epochs``, ``batch``, ``learning_rate`` of Adam; the fit ends after ``patience`` epochs in which the
    spared units were rebuilt no better. ``noise``: standard deviation of what is added to the inputs, whose
    own is one (Vincent et al. 2008, denoising autoencoders).
    """

    hidden: tuple[int, ...] = (32, 8, 32)
    epochs: int = 60
    batch: int = 128
    learning_rate: float = 0.003
    patience: int = 8
    noise: float = 0.2
    clamp_sigma: float = 8.0

    def __post_init__(self) -> None:
        if not self.hidden or min(self.hidden) < 1 or not 1 <= self.patience <= self.epochs:
            raise InputError(
                f"novelty of widths {list(self.hidden)}, patience {self.patience} in {self.epochs} epochs",
                hint="at least one layer of one unit; 1 <= patience <= epochs",
            )
        if not (np.isfinite(self.noise) and self.noise >= 0):
            raise InputError(f"novelty of noise {self.noise}", hint="give 0 or more")


@dataclass(frozen=True)
class Novelty:
    """The autoencoder; ``spared`` ended its training, ``error`` is its mean squared error on them."""

    norm: Normalisation
    network: Network
    spared: tuple[str, ...]
    error: float

    def score(self, table: UnitTable) -> NDArray[np.float32]:
        """[w]: log of the mean squared error over the normalised features."""
        x = self.norm(table.calibrated)
        left = np.square(x - self.network(x)[REBUILT]).mean(axis=1)
        score: NDArray[np.float32] = np.log(np.maximum(left, np.finfo(np.float32).tiny))
        return score

    def scores(self, tables: Sequence[UnitTable]) -> Scores:
        """AUROC per unit against "fails within H": how far novelty alone tells the failures."""
        return score_units(tables, {one.id: {FAILS_HEAD: self.score(one)[:, None]} for one in tables})


def fit_novelty(tables: Sequence[UnitTable], spec: NoveltySpec, seed: int) -> Novelty:
    """Train on the healthy windows of ``tables``; the same inputs and seed give the same bits.

    Raises SplitError where fewer than two units have windows that are known not to fail.
    """
    healthy = [replace(one, scored=one.scored & (one.fails == 0)) for one in tables]
    healthy = [one for one in healthy if one.scored.any()]
    if len(healthy) < 2:
        raise SplitError(
            f"{len(healthy)} unit(s) with windows known to be healthy", hint="record at least two"
        )
    order = np.random.default_rng(seed).permutation(len(healthy))
    count = max(1, round(SPARED_SHARE * len(healthy)))
    spared = [healthy[i] for i in sorted(order[:count])]
    training = [healthy[i] for i in sorted(order[count:])]
    norm = normalisation(training, spec.clamp_sigma)
    network, error = _fit(stack(training, norm), stack(spared, norm), spec, seed)
    return Novelty(norm, network, tuple(one.id for one in spared), error)


def rebuild_error(network: Network, x: NDArray[np.float32]) -> float:
    """Mean squared error of ``x`` [w, F]."""
    return float(np.square(x - network(x)[REBUILT]).mean(dtype=np.float64))


def _fit(
    x: NDArray[np.float32], spared: NDArray[np.float32], spec: NoveltySpec, seed: int
) -> tuple[Network, float]:
    keras = import_keras()
    keras.utils.set_random_seed(seed)
    model = build_keras(x.shape[1], spec.hidden, {REBUILT: x.shape[1]}, seed)
    batch = min(spec.batch, len(x))
    per_epoch = max(1, len(x) // batch)
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(spec.learning_rate, per_epoch * spec.epochs)
    )
    optimizer.build(model.trainable_variables)
    run = _epoch(model, optimizer, x, spec.noise)
    best, lowest, waited = None, np.inf, 0
    for epoch in range(spec.epochs):
        run(batches(len(x), batch, per_epoch, seed + epoch))
        network = read_network(model, len(spec.hidden), [REBUILT])
        error = rebuild_error(network, spared)
        waited = 0 if error < lowest else waited + 1
        best, lowest = (network, error) if error < lowest else (best, lowest)
        if waited >= spec.patience:
            break
    assert best is not None
    return best, float(lowest)


def _epoch(model: Any, optimizer: Any, x: NDArray[np.float32], noise: float) -> Any:
    """A function that takes the steps of ``batches`` in one graph."""
    import tensorflow as tf

    rows = tf.constant(x)

    def run(chosen_rows: Any) -> None:
        for chosen in chosen_rows:
            wanted = tf.gather(rows, chosen)
            seen = wanted + noise * tf.random.normal(tf.shape(wanted))
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(model(seen, training=True)[REBUILT] - wanted))
            variables = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    graph = tf.function(run)
    return lambda chosen_rows: graph(tf.constant(chosen_rows))
