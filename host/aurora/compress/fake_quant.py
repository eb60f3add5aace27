"""Fake quantisation in TensorFlow: the forward pass rounds and clips as TFLite does, the backward does not.

Each function computes in float what ``quantised_net`` computes in integers, with the same scales and the same
rounding. Gradients pass rounding unchanged (straight-through: Bengio, Leonard, Courville 2013; Jacob et al.
2018); where a value is clipped, the gradient goes to the end of the range that clipped it, so that ranges
train too (Choi et al., PACT, 2018).
"""

from __future__ import annotations

from typing import Any

from aurora.compress.quantised_net import BIAS_MOST, SMALLEST_SCALE, STEPS
from aurora.train.loop_nets import tensorflow


def fake_activation(x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """(x on the grid that covers ``low``..``high``, the grid's scale); ``quantised_net.grid_of``."""
    tf = tensorflow()
    low, high = tf.minimum(low, 0.0), tf.maximum(high, 0.0)
    scale = tf.stop_gradient(tf.maximum((high - low) / STEPS, SMALLEST_SCALE))
    zero_point = tf.clip_by_value(tf.round(-128.0 - tf.stop_gradient(low) / scale), -128.0, 127.0)
    return through(tf.clip_by_value(x, low, high), on_grid(x, scale, zero_point)), scale


def on_grid(x: Any, scale: Any, zero_point: Any) -> Any:
    """``x`` rounded to int8 steps and back."""
    tf = tensorflow()
    return (tf.clip_by_value(tf.round(x / scale) + zero_point, -128.0, 127.0) - zero_point) * scale


def fake_layer(weights: Any, bias: Any, reach: Any, input_scale: Any, most: int) -> tuple[Any, Any]:
    """(weights [.., inputs, outputs], bias [.., 1, outputs]) on ``quantised_net.quantise_layer``'s grids.

    ``reach`` [.., 1, outputs]: the largest weight of an output's grid; ``most``: its number of steps.
    """
    tf = tensorflow()
    for_bias = tf.abs(bias) / (input_scale * BIAS_MOST)
    scale = tf.maximum(reach / most, tf.maximum(for_bias, SMALLEST_SCALE))
    scale = tf.stop_gradient(scale)
    rounded = tf.clip_by_value(tf.round(weights / scale), -float(most), float(most)) * scale
    bias_scale = tf.stop_gradient(input_scale * scale)
    clipped = tf.clip_by_value(weights, -reach, reach)
    return through(clipped, rounded), through(bias, tf.round(bias / bias_scale) * bias_scale)


def through(smooth: Any, rounded: Any) -> Any:
    """The value of ``rounded`` with the gradient of ``smooth``."""
    tf = tensorflow()
    return smooth + tf.stop_gradient(rounded - smooth)
