"""A teacher on raw windows: a small 1-D convolutional net that nobody has to choose features for.

It hears what the features leave out, and needs many machines to learn it: on few it stays behind them. So it
trains on augmented copies besides (train/augment.py), and ends where the units that it does not train on say
so. Its first layer is wide and strided, after Zhang et al. 2017 (Sensors 17:425). On a CPU an epoch of the
default size takes a few seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError, SplitError
from aurora.signals.dataset import Unit
from aurora.train.augment import AugmentSpec, augment_unit
from aurora.train.dense import Target, import_keras
from aurora.train.early import logits_loss
from aurora.train.graded import graded_targets
from aurora.train.raw_windows import Floats, Recording, Rows, rows_of
from aurora.train.table import UnitTable

#: (share of the work done, what is being done)
Progress = Callable[[float, str], None]

SPARED_SHARE = 0.25
MOST_CHECKED = 1500  # windows of the spared units, spread evenly
WINDOWS_AT_ONCE = 128


@dataclass(frozen=True)
class RawTeacherSpec:
    """``filters`` of the three convolutions, ``hidden`` units before the heads.

    At most ``epochs`` of ``steps`` batches, which draw windows by their weight; ``patience`` epochs without a
    better loss on the spared units end it. ``copies`` augmented copies of every unit. A unit's level is
    measured by its first ``reference_windows`` (0: none is known, each window by itself).
    """

    filters: tuple[int, int, int] = (16, 32, 64)
    hidden: int = 32
    epochs: int = 20
    steps: int = 60
    batch: int = 64
    learning_rate: float = 0.002
    patience: int = 4
    copies: int = 1
    augment: AugmentSpec = field(default_factory=AugmentSpec)
    spread: float = 0.3
    reference_windows: int = 20

    def __post_init__(self) -> None:
        least = min(*self.filters, self.hidden, self.steps, self.batch, self.patience)
        if least < 1 or self.patience > self.epochs or self.copies < 0 or self.reference_windows < 0:
            raise InputError(
                "raw teacher: a size below one, or patience beyond its epochs",
                hint="1 <= patience <= epochs; copies and reference_windows 0 or more",
            )


@dataclass(frozen=True)
class RawTeacher:
    """``model`` takes [w, n, axes]; ``spared`` ended its training at ``loss``."""

    model: Any
    spec: RawTeacherSpec
    spared: tuple[str, ...]
    loss: float

    def logits(self, unit: Unit) -> dict[str, Floats]:
        """Head -> [w, outputs] for every window of a unit."""
        return _logits(self.model, Recording(unit, self.spec.reference_windows), np.arange(unit.windows))


def fit_teacher_raw(
    units: Sequence[tuple[Unit, UnitTable]],
    heads: dict[str, int],
    spec: RawTeacherSpec,
    seed: int,
    progress: Progress | None = None,
) -> RawTeacher:
    """Train on units and their tables (whose labels and scored windows count); seeded.

    Raises SplitError where fewer than two units are labelled or no head has two classes.
    """
    labelled = [pair for pair in units if graded_targets([pair[1]], heads, 0.0, least_classes=1)]
    if len(labelled) < 2:
        raise SplitError(
            f"{len(labelled)} labelled unit(s) for a teacher", hint="give labels of at least two units"
        )
    order = np.random.default_rng(seed).permutation(len(labelled))
    count = max(1, round(SPARED_SHARE * len(labelled)))
    spared = [labelled[i] for i in sorted(order[:count])]
    training = [labelled[i] for i in sorted(order[count:])]
    copies = [
        (augment_unit(unit, spec.augment, seed + copy), replace(table, id=f"{table.id}~{seed + copy}"))
        for copy in range(spec.copies)
        for unit, table in training
    ]
    rows = rows_of([*training, *copies], heads, spec.spread, spec.reference_windows)
    if not rows.targets:
        raise SplitError(
            "the training units hold one class only", hint="record more units of the other outcome"
        )
    held = rows_of(spared, heads, spec.spread, spec.reference_windows, least_classes=1)
    shape = (units[0][0].samples.shape[2], units[0][0].samples.shape[1])
    model, loss = _fit(shape, rows, held, spec, seed, progress or (lambda share, what: None))
    return RawTeacher(model, spec, tuple(unit.id for unit, _ in spared), loss)


def _build(shape: tuple[int, int], spec: RawTeacherSpec, heads: dict[str, int]) -> Any:
    keras = import_keras()
    layers = keras.layers
    windows = keras.Input(shape, name="windows")
    x = windows
    for filters, kernel, stride in zip(spec.filters, (64, 16, 8), (8, 4, 2), strict=True):
        x = layers.Conv1D(filters, kernel, stride, padding="same", activation="relu")(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    x = layers.Dense(spec.hidden, "relu")(x)
    return keras.Model(windows, {name: layers.Dense(width, name=name)(x) for name, width in heads.items()})


def _fit(
    shape: tuple[int, int], rows: Rows, held: Rows, spec: RawTeacherSpec, seed: int, tell: Progress
) -> tuple[Any, float]:
    keras = import_keras()
    keras.utils.set_random_seed(seed)
    model = _build(shape, spec, {name: target.classes for name, target in rows.targets.items()})
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(spec.learning_rate, spec.epochs * spec.steps)
    )
    optimizer.build(model.trainable_variables)
    step = _step(model, optimizer, rows.targets)
    rng = np.random.default_rng(seed)
    share = np.sum([target.weight for target in rows.targets.values()], axis=0) / len(rows.targets)
    best, lowest, waited = model.get_weights(), np.inf, 0
    for epoch in range(spec.epochs):
        tell(epoch / spec.epochs, f"raw teacher, epoch {epoch + 1}")
        for _ in range(spec.steps):
            chosen = rng.choice(len(share), spec.batch, p=share / share.sum())
            labels = {name: target.label[chosen] for name, target in rows.targets.items()}
            weights = {
                n: (t.weight[chosen] / share[chosen]).astype(np.float32) for n, t in rows.targets.items()
            }
            step(rows.batch(chosen), labels, weights)
        loss = _held_loss(model, held)
        waited = 0 if loss < lowest else waited + 1
        best, lowest = (model.get_weights(), loss) if loss < lowest else (best, lowest)
        if waited >= spec.patience:
            break
    model.set_weights(best)
    tell(1.0, "raw teacher trained")
    return model, float(lowest)


def _step(model: Any, optimizer: Any, targets: dict[str, Target]) -> Callable[..., None]:
    import tensorflow as tf

    def take(x: Any, labels: dict[str, Any], weights: dict[str, Any]) -> None:
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            loss = tf.constant(0.0)
            for name, target in targets.items():
                if target.classes == 1:
                    each = tf.nn.sigmoid_cross_entropy_with_logits(labels[name], logits[name][:, 0])
                else:
                    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels[name], logits[name])
                loss += tf.reduce_mean(each * weights[name])
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    step = tf.function(take, reduce_retracing=True)

    def run(x: Floats, labels: dict[str, NDArray[Any]], weights: dict[str, Floats]) -> None:
        kinds = {name: np.float32 if targets[name].classes == 1 else np.int32 for name in labels}
        known = {name: np.maximum(label, 0).astype(kinds[name]) for name, label in labels.items()}
        step(tf.constant(x), {n: tf.constant(v) for n, v in known.items()}, dict(weights))

    return run


def _held_loss(model: Any, held: Rows) -> float:
    """Loss on the spared units' windows; each head's weights on those that are looked at sum to one."""
    looked = np.unique(np.linspace(0, len(held.unit) - 1, min(len(held.unit), MOST_CHECKED)).astype(int))
    parts: list[dict[str, Floats]] = []
    for place in np.unique(held.unit[looked]):
        rows = looked[held.unit[looked] == place]
        parts.append(_logits(model, held.recordings[place], held.window[rows]))
    total = 0.0
    for name, target in held.targets.items():
        if name in parts[0]:
            logits = np.concatenate([part[name] for part in parts])
            weight = target.weight[looked]
            part_of = Target(target.label[looked], weight / max(float(weight.sum()), 1e-12), target.classes)
            total += logits_loss(logits, part_of)
    return total


def _logits(model: Any, recording: Recording, rows: NDArray[np.integer]) -> dict[str, Floats]:
    found: dict[str, list[Floats]] = {}
    for start in range(0, len(rows), WINDOWS_AT_ONCE):
        out = model(recording.windows(rows[start : start + WINDOWS_AT_ONCE]), training=False)
        for name, values in out.items():
            found.setdefault(name, []).append(np.asarray(values, np.float32))
    return {name: np.concatenate(values) for name, values in found.items()}
