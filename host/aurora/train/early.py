"""A dense net that ends where the units it does not train on say so."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aurora.train.dense import Target, batches, build_keras, import_keras, many_steps, read_network
from aurora.train.network import Network


class EarlySpec(Protocol):
    """What ``fit_early`` reads of a teacher's spec."""

    @property
    def hidden(self) -> tuple[int, ...]: ...

    @property
    def epochs(self) -> int: ...

    @property
    def batch(self) -> int: ...

    @property
    def learning_rate(self) -> float: ...

    @property
    def l2(self) -> float: ...

    @property
    def checks(self) -> int: ...

    @property
    def patience(self) -> int: ...


def fit_early(
    training: tuple[NDArray[np.float32], dict[str, Target]],
    spared: tuple[NDArray[np.float32], dict[str, Target]],
    spec: EarlySpec, seed: int, jitter: NDArray[np.float32] | None,
) -> tuple[Network, float | None]:  # fmt: skip
    """The network as it was at its best check, and its loss there; the last one without a held-out label."""
    (x, wanted), (unseen, held) = training, spared
    keras = import_keras()
    keras.utils.set_random_seed(seed)
    model = build_keras(x.shape[1], spec.hidden, {name: t.classes for name, t in wanted.items()}, seed)
    batch = min(spec.batch, len(x))
    per_check = max(1, spec.epochs // spec.checks) * max(1, len(x) // batch)
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(spec.learning_rate, per_check * spec.checks)
    )
    optimizer.build(model.trainable_variables)
    run = many_steps(model, optimizer, x, wanted, spec.l2, jitter)
    best, lowest, waited = None, np.inf, 0
    for check in range(spec.checks):
        run(batches(len(x), batch, per_check, seed + check))
        network = read_network(model, len(spec.hidden), wanted)
        loss = mean_loss(network, unseen, held) if held else -check
        waited = 0 if loss < lowest else waited + 1
        best, lowest = (network, loss) if loss < lowest else (best, lowest)
        if waited >= spec.patience:
            break
    assert best is not None
    return best, float(lowest) if held else None


def mean_loss(network: Network, x: NDArray[np.float32], held: dict[str, Target]) -> float:
    """Weighted cross-entropy, summed over the heads of ``held``."""
    logits = network(x)
    return sum((logits_loss(logits[name], target) for name, target in held.items()), 0.0)


def logits_loss(logits: NDArray[np.float32], target: Target) -> float:
    """Weighted cross-entropy of one head's ``logits`` [w, outputs]."""
    rows = target.weight > 0
    z, label = logits[rows].astype(np.float64), target.label[rows]
    if target.classes == 1:
        each = np.logaddexp(0.0, z[:, 0]) - label * z[:, 0]
    else:
        each = np.logaddexp.reduce(z, axis=1) - z[np.arange(len(z)), label]
    return float((target.weight[rows] * each).sum())
