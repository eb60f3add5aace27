"""The losses of a stack of students, as TensorFlow sees them: hard, soft, hint, and the weights' size.

Sources: Hinton, Vinyals, Dean, Distilling the Knowledge in a Neural Network, 2015 (soft targets and the
factor T^2); Romero et al., FitNets, 2015 (the hint and its regressor).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aurora.compress.distill import DistilSpec
from aurora.compress.student_rows import Rows
from aurora.train.loop import Loss
from aurora.train.loop_nets import Stack, forward, fresh_stack, tensorflow

REGRESSOR = "hint_regressor"

#: (weights by name, x [seeds, rows, F]) -> (last hidden layer, head -> logits)
Forward = Callable[[Mapping[str, Any], Any], tuple[Any, dict[str, Any]]]


def make_loss(
    rows: Rows, depth: int, l2: float, distil: DistilSpec | None, run: Forward | None = None
) -> Loss:
    """The loss of (weights, labelled row numbers [seeds, batch], pool row numbers [seeds, batch]).

    ``run`` is the networks' forward pass where it is not the plain one (fake quantisation).
    """
    tf = tensorflow()
    heads = list(rows.targets)
    x = tf.constant(rows.x)
    go = run or (lambda weights, batch: forward(weights, batch, depth, heads))
    hard = _hard_loss(rows)
    beside = _soft_loss(rows, distil) if distil is not None else None

    def loss(weights: Mapping[str, Any], labelled: Any, pool: Any) -> Any:
        matrices = [value for name, value in weights.items()
                    if name.endswith(".weights") and not name.startswith(REGRESSOR)]  # fmt: skip
        total = l2 * tf.add_n([tf.nn.l2_loss(matrix) for matrix in matrices])
        _, logits = go(weights, tf.gather(x, labelled))
        if distil is None or beside is None:
            return total + hard(logits, labelled)
        total += (1.0 - distil.soft_weight) * hard(logits, labelled)
        last, logits = go(weights, tf.gather(x, pool))
        return total + beside(weights, last, logits, pool)

    return loss


def hint_start(hidden: tuple[int, ...], rows: Rows, seeds: Sequence[int]) -> Stack:
    """The regressor from the student's last hidden layer to the teacher's representation."""
    assert rows.hint is not None
    width = hidden[-1] if hidden else rows.x.shape[1]
    return fresh_stack(width, (), {REGRESSOR: rows.hint.shape[1]}, seeds)


def _hard_loss(rows: Rows) -> Callable[[dict[str, Any], Any], Any]:
    """Weighted cross-entropy of labels: a mean over the batch, summed over heads and seeds."""
    tf = tensorflow()
    count = len(rows.labelled)
    labels = {name: tf.constant(np.maximum(t.label, 0).astype(np.int32)) for name, t in rows.targets.items()}
    shares = {name: tf.constant((t.weight * count).astype(np.float32)) for name, t in rows.targets.items()}

    def loss(logits: dict[str, Any], chosen: Any) -> Any:
        total = 0.0
        for name, target in rows.targets.items():
            label, share = tf.gather(labels[name], chosen), tf.gather(shares[name], chosen)
            if target.classes == 1:
                each = tf.nn.sigmoid_cross_entropy_with_logits(
                    tf.cast(label, tf.float32), logits[name][..., 0]
                )
            else:
                each = tf.nn.sparse_softmax_cross_entropy_with_logits(label, logits[name])
            total += tf.reduce_sum(tf.reduce_mean(each * share, axis=1))
        return total

    return loss


def _soft_loss(rows: Rows, distil: DistilSpec) -> Callable[[Any, Any, dict[str, Any], Any], Any]:
    """T^2 cross-entropy with the teacher's softened outputs, and the hint's squared distance."""
    tf = tensorflow()
    heat, share = distil.temperature, tf.constant(rows.share)
    softened = {name: _softened(tf.constant(answers) / heat) for name, answers in rows.soft.items()}
    hint = None if rows.hint is None else tf.constant(rows.hint)

    def loss(weights: Mapping[str, Any], last: Any, logits: dict[str, Any], chosen: Any) -> Any:
        total, weight = 0.0, tf.gather(share, chosen)
        for name, answers in softened.items():
            wanted, given = tf.gather(answers, chosen), logits[name] / heat
            if answers.shape[-1] == 1:
                each = tf.nn.sigmoid_cross_entropy_with_logits(wanted, given)[..., 0]
            else:
                each = tf.nn.softmax_cross_entropy_with_logits(wanted, given)
            total += distil.soft_weight * heat**2 * tf.reduce_sum(tf.reduce_mean(each * weight, axis=1))
        if hint is not None and distil.hint_weight:
            mapped = tf.matmul(last, weights[f"{REGRESSOR}.weights"]) + weights[f"{REGRESSOR}.bias"]
            apart = tf.reduce_mean((mapped - tf.gather(hint, chosen)) ** 2, axis=2)
            total += distil.hint_weight * tf.reduce_sum(tf.reduce_mean(apart * weight, axis=1))
        return total

    return loss


def _softened(scaled: Any) -> Any:
    tf = tensorflow()
    return tf.nn.sigmoid(scaled) if scaled.shape[-1] == 1 else tf.nn.softmax(scaled)
