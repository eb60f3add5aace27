"""The dense form, trained by Keras: hidden layers with ReLU shared by the heads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.spec.model import TrainingSpec
from aurora.train.network import Layer, Network

#: of what Keras draws for a layer that is given no seed
KERAS_LARGEST_SEED = 1_000_000_000


@dataclass(frozen=True)
class Target:
    """One head's labels on the training rows: ``label`` [w] (any value where ``weight`` is 0).

    ``classes`` is the number of outputs: 1 for a yes-or-no head, whose label is 0 or 1, or in float anything
    between. ``weight`` [w] sums to one.
    """

    label: NDArray[Any]
    weight: NDArray[np.float64]
    classes: int


def import_keras() -> Any:
    """Keras on TensorFlow, on the CPU and with settings that give the same bits on every run."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    tf.get_logger().setLevel(
        "ERROR"
    )  # each fit is a graph of its own: not the leak that the warning suspects
    return keras


def build_keras(inputs: int, hidden: tuple[int, ...], heads: dict[str, int], seed: int = 1) -> Any:
    """The Keras model ``features`` [1 or more, inputs] -> {head: logits}, initial weights from ``seed``.

    The weights are those that Keras gives after ``set_random_seed(seed)``, but drawn from a generator of our
    own: Keras's is the process's, and in a Dask worker other threads draw from it meanwhile.
    """
    keras = import_keras()
    rng = Random(seed)
    features = keras.Input((inputs,), name="features")

    def dense(width: int, activation: str | None, name: str) -> Any:
        start = keras.initializers.GlorotUniform(seed=rng.randint(1, KERAS_LARGEST_SEED))
        return keras.layers.Dense(width, activation, name=name, kernel_initializer=start)

    x = features
    for place, width in enumerate(hidden):
        x = dense(width, "relu", f"hidden_{place}")(x)
    outputs = {name: dense(width, None, name)(x) for name, width in heads.items()}
    return keras.Model(features, outputs)


def fit_dense(x: NDArray[np.float32], targets: dict[str, Target], spec: TrainingSpec, seed: int) -> Network:
    """Train on normalised features [w, F]; the same inputs and seed give the same bits.

    Adam with a cosine schedule; class, unit and time weights are in ``Target.weight``. A fixed number of
    epochs: with few units early stopping would need units that training cannot spare.
    """
    keras = import_keras()
    keras.utils.set_random_seed(seed)
    batch = min(spec.batch, len(x))
    steps = spec.epochs * max(1, len(x) // batch)
    model = build_keras(x.shape[1], spec.hidden, {name: t.classes for name, t in targets.items()}, seed)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(spec.learning_rate, steps))
    optimizer.build(model.trainable_variables)
    run = many_steps(model, optimizer, x, targets, spec.l2)
    run(batches(len(x), batch, steps, seed))
    return read_network(model, len(spec.hidden), targets)


def read_network(model: Any, depth: int, heads: Iterable[str]) -> Network:
    """The weights as they are now of a model that ``build_keras`` made with ``depth`` hidden layers."""
    return Network(
        hidden=tuple(_layer(model, f"hidden_{place}") for place in range(depth)),
        heads={name: _layer(model, name) for name in heads},
    )


def batches(rows: int, batch: int, steps: int, seed: int) -> NDArray[np.int32]:
    """[steps, batch] row numbers: a new order in every epoch, whole batches only."""
    rng = np.random.default_rng(seed)
    per_epoch = max(1, rows // batch)
    epochs = [
        rng.permutation(rows)[: per_epoch * batch].reshape(per_epoch, batch)
        for _ in range(steps // per_epoch)
    ]
    return np.concatenate(epochs).astype(np.int32)


def many_steps(
    model: Any, optimizer: Any, x: NDArray[np.float32], targets: dict[str, Target], l2: float,
    jitter: NDArray[np.float32] | None = None,
) -> Callable[[NDArray[np.int32]], None]:  # fmt: skip
    """A function that takes all steps of ``batches`` [steps, batch] (row numbers) in one TensorFlow graph.

    A step of so small a net costs less than Keras's own bookkeeping. Called again, it goes on. Rows take
    noise ``jitter`` [F, F] @ z, z normal, anew in each step.
    """
    import tensorflow as tf

    rows = tf.constant(x)
    labels = {name: tf.constant(_label(target)) for name, target in targets.items()}
    mixed = None if jitter is None else tf.constant(jitter)
    weights = {name: tf.constant((t.weight * len(x)).astype(np.float32)) for name, t in targets.items()}
    matrices = [variable for variable in model.trainable_variables if len(variable.shape) == 2]

    def run(batches: Any) -> None:
        for chosen in batches:
            seen = tf.gather(rows, chosen)
            if mixed is not None:
                seen += tf.matmul(tf.random.normal(tf.shape(seen)), mixed, transpose_b=True)
            with tf.GradientTape() as tape:
                logits = model(seen, training=True)
                loss = l2 * tf.add_n([tf.nn.l2_loss(matrix.value) for matrix in matrices])
                for name, target in targets.items():
                    label, weight = tf.gather(labels[name], chosen), tf.gather(weights[name], chosen)
                    if target.classes == 1:
                        each = tf.nn.sigmoid_cross_entropy_with_logits(
                            tf.cast(label, tf.float32), logits[name][:, 0]
                        )
                    else:
                        each = tf.nn.sparse_softmax_cross_entropy_with_logits(label, logits[name])
                    loss += tf.reduce_mean(each * weight)
            variables = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    graph = tf.function(run)
    return lambda batches: graph(tf.constant(batches))


def _label(target: Target) -> NDArray[Any]:
    graded = target.classes == 1 and np.issubdtype(target.label.dtype, np.floating)
    label: NDArray[Any] = np.maximum(target.label, 0)
    return label.astype(np.float32) if graded else label.astype(np.int32)


def _layer(model: Any, name: str) -> Layer:
    weights, bias = model.get_layer(name).get_weights()
    return Layer(np.array(weights, np.float32), np.array(bias, np.float32))
