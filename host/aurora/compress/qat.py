"""Quantisation-aware training: students train on as the int8 models that they become, ranges included.

Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
2018, without their delay: the float students have converged before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aurora.compress.clipping import Ranges
from aurora.compress.distill import DistilSpec
from aurora.compress.fake_quant import fake_activation, fake_layer, on_grid
from aurora.compress.quantise_spec import QuantSpec
from aurora.compress.quantised_net import most_steps
from aurora.compress.student import Student, fit_stack
from aurora.compress.student_loss import hint_start
from aurora.compress.student_rows import Rows
from aurora.train.loop import Progress
from aurora.train.loop_nets import Stack, layer_names, networks_of, stack_networks, tensorflow

SMALLEST_REACH = 1e-6


def train_quantised(
    students: Sequence[Student],
    ranges: Sequence[Ranges],
    rows: Rows,
    spec: QuantSpec,
    seeds: Sequence[int],
    distil: DistilSpec | None = None,
    progress: Progress | None = None,
) -> list[tuple[Student, Ranges]]:
    """Students of one shape and normalisation, and their ranges, after ``spec.qat_epochs``."""
    first = students[0]
    depth, heads = len(first.network.hidden), list(first.network.heads)
    training = replace(first.spec, epochs=spec.qat_epochs, learning_rate=spec.qat_learning_rate)
    start = stack_networks([student.network for student in students]) | stack_ranges(ranges, heads)
    if distil is not None and distil.hint_weight:
        start |= hint_start(training.hidden, rows, seeds)
    forward = QuantisedForward(first.norm.scale, depth, heads, spec.weight_bits)
    stack = fit_stack(
        start, rows, training, seeds, distil=distil, run=forward, mark=repr(spec), progress=progress
    )
    networks = networks_of(stack, depth, heads)
    trained = [replace(student, network=new) for student, new in zip(students, networks, strict=True)]
    return list(zip(trained, _ranges_of(stack, layer_names(depth, heads), heads), strict=True))


class QuantisedForward:
    """The forward pass of a stack of networks on their int8 grids; see ``student_loss.Forward``."""

    def __init__(self, input_scale: float, depth: int, heads: Sequence[str], weight_bits: int) -> None:
        self.input_scale, self.depth, self.heads = input_scale, depth, heads
        self.most = most_steps(weight_bits)

    def __call__(self, weights: Mapping[str, Any], x: Any) -> tuple[Any, dict[str, Any]]:
        tf = tensorflow()
        scale = tf.constant(self.input_scale, tf.float32)
        x = on_grid(x, scale, 0.0)
        for place in range(self.depth):
            x, scale = self._layer(weights, f"hidden_{place}", x, scale)
        return x, {name: self._layer(weights, name, x, scale)[0] for name in self.heads}

    def _layer(self, weights: Mapping[str, Any], name: str, x: Any, input_scale: Any) -> tuple[Any, Any]:
        tf = tensorflow()
        reach = tf.maximum(weights[f"{name}.reach"], SMALLEST_REACH)
        kernel, bias = fake_layer(
            weights[f"{name}.weights"], weights[f"{name}.bias"], reach, input_scale, self.most
        )
        y = tf.matmul(x, kernel) + bias
        if name not in self.heads:
            return fake_activation(tf.nn.relu(y), 0.0, weights[f"{name}.high"])
        return fake_activation(y, weights[f"{name}.low"], weights[f"{name}.high"])


def stack_ranges(ranges: Sequence[Ranges], heads: Sequence[str]) -> Stack:
    """ "NAME.high" [seeds, 1, 1], "NAME.low" of the heads, "NAME.reach" [seeds, 1, outputs]."""
    stack: Stack = {}
    for name in ranges[0].activations:
        ends = np.array([each.activations[name] for each in ranges], np.float32)
        stack[f"{name}.high"] = ends[:, 1].reshape(-1, 1, 1)
        if name in heads:  # hidden layers start at zero and stay there
            stack[f"{name}.low"] = ends[:, 0].reshape(-1, 1, 1)
        stack[f"{name}.reach"] = np.stack([each.reach[name] for each in ranges])[:, None]
    return stack


def _ranges_of(stack: Stack, names: Sequence[str], heads: Sequence[str]) -> list[Ranges]:
    """The inverse of ``stack_ranges``."""
    found = []
    for seed in range(len(stack[f"{names[0]}.high"])):
        activations = {name: (float(stack[f"{name}.low"][seed, 0, 0]) if name in heads else 0.0,
                              float(stack[f"{name}.high"][seed, 0, 0])) for name in names}  # fmt: skip
        reach = {name: np.maximum(stack[f"{name}.reach"][seed, 0], SMALLEST_REACH) for name in names}
        found.append(Ranges(activations, reach))
    return found
