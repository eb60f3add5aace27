"""A graph as a Keras model: to train it, to take gradients by node, and to convert it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.train.dense import Target, batches, import_keras
from aurora.train.graph import Graph, Node, Weights
from aurora.train.loop_nets import tensorflow

MOMENTUM = 0.9  # of batch normalisation's running mean: small sets have few batches


@dataclass(frozen=True)
class GraphTraining:
    """``epochs`` in batches of ``batch`` with Adam and a cosine schedule; ``l2`` weighs squared kernels,
    ``slimming`` the absolute scales of batch normalisations (Liu et al. 2017), so that some go to zero."""

    epochs: int = 20
    batch: int = 64
    learning_rate: float = 0.003
    l2: float = 1e-4
    slimming: float = 0.0


def build_keras_graph(graph: Graph) -> Any:
    """The Keras model of ``graph`` with its weights; layers are named as nodes, outputs as heads."""
    keras = import_keras()
    made: dict[str, Any] = {}
    start: list[Any] = []
    for node in graph.nodes:
        if node.kind == "input":
            made[node.name] = keras.Input(node.params["shape"], name=node.name)
            start.append(made[node.name])
            continue
        given = [made[name] for name in node.inputs]
        layer = _layer(keras, graph, node)
        made[node.name] = layer(given if node.kind == "add" else given[0])
        if node.name in graph.weights:
            layer.set_weights(list(graph.weights[node.name]))
    outputs = {head: made[name] for head, name in graph.outputs.items()}
    return keras.Model(start[0] if len(start) == 1 else start, outputs)


def read_weights(model: Any, graph: Graph) -> Graph:
    """``graph`` with the weights that its Keras model has now."""
    weights = {name: tuple(np.array(array, np.float32) for array in model.get_layer(name).get_weights())
               for name in graph.weights}  # fmt: skip
    return replace(graph, weights=weights)


def fit_graph(
    graph: Graph, x: NDArray[np.float32], targets: dict[str, Target], training: GraphTraining, seed: int
) -> Graph:
    """``graph`` trained on from where it stands on windows ``x`` [w, ...]; same inputs, same bits."""
    keras, tf = import_keras(), tensorflow()
    keras.utils.set_random_seed(seed)
    model = build_keras_graph(graph)
    batch = min(training.batch, len(x))
    steps = training.epochs * max(1, len(x) // batch)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(training.learning_rate, steps))
    optimizer.build(model.trainable_variables)
    loss = _loss(x, targets)
    kernels = [v for v in model.trainable_variables if v.name == "kernel"]
    scales = [v for v in model.trainable_variables if v.name == "gamma"]

    def run(order: Any) -> None:
        for chosen in order:
            with tf.GradientTape() as tape:
                total = loss(model(tf.gather(x, chosen), training=True), chosen)
                total += training.l2 * tf.add_n([tf.nn.l2_loss(kernel.value) for kernel in kernels])
                for scale in scales:
                    total += training.slimming * tf.reduce_sum(tf.abs(scale.value))
            variables = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))

    tf.function(run)(tf.constant(batches(len(x), batch, steps, seed)))
    return read_weights(model, graph)


def graph_gradients(
    graph: Graph, x: NDArray[np.float32], targets: dict[str, Target], batch: int = 64
) -> Iterator[Weights]:
    """dL/dW by node (kernels and biases), once for each batch of the windows ``x`` in their order."""
    tf, model, loss = tensorflow(), build_keras_graph(graph), _loss(x, targets)
    names = [node.name for node in graph.nodes if node.kind in ("dense", "conv", "depthwise")]
    variables = [variable for name in names for variable in model.get_layer(name).trainable_variables]
    for first in range(0, len(x) - batch + 1, batch):
        chosen = tf.range(first, first + batch)
        with tf.GradientTape() as tape:
            value = loss(model(tf.gather(x, chosen), training=False), chosen)
        slopes = [slope.numpy() for slope in tape.gradient(value, variables)]
        yield {name: (slopes[2 * place], slopes[2 * place + 1]) for place, name in enumerate(names)}


def _layer(keras: Any, graph: Graph, node: Node) -> Any:
    layers, name = keras.layers, node.name
    shape = graph.weights[name][0].shape if name in graph.weights else ()
    window = {key: node.params[key] for key in ("stride", "padding") if key in node.params}
    if node.kind == "dense":
        return layers.Dense(shape[1], name=name)
    if node.kind == "conv":
        return layers.Conv2D(shape[3], shape[:2], window["stride"], window["padding"], name=name)
    if node.kind == "depthwise":
        return layers.DepthwiseConv2D(shape[:2], window["stride"], window["padding"], name=name)
    if node.kind == "batch_norm":
        return layers.BatchNormalization(
            momentum=MOMENTUM, epsilon=node.params.get("epsilon", 1e-3), name=name
        )
    if node.kind in ("max_pool", "average_pool"):
        kind = layers.MaxPooling2D if node.kind == "max_pool" else layers.AveragePooling2D
        return kind(node.params["size"], name=name)
    plain = {"relu": layers.ReLU, "add": layers.Add, "flatten": layers.Flatten}
    return plain[node.kind](name=name)


def _loss(x: NDArray[np.float32], targets: dict[str, Target]) -> Any:
    """(logits by head, row numbers) -> the labels' weighted cross-entropy, a mean over the batch."""
    tf = tensorflow()
    labels = {name: tf.constant(np.maximum(t.label, 0).astype(np.int32)) for name, t in targets.items()}
    shares = {name: tf.constant((t.weight * len(x)).astype(np.float32)) for name, t in targets.items()}

    def loss(logits: dict[str, Any], chosen: Any) -> Any:
        total = 0.0
        for name, target in targets.items():
            label, share = tf.gather(labels[name], chosen), tf.gather(shares[name], chosen)
            if target.classes == 1:
                each = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(label, tf.float32), logits[name][:, 0])
            else:
                each = tf.nn.sparse_softmax_cross_entropy_with_logits(label, logits[name])
            total += tf.reduce_mean(each * share)
        return total

    return loss
