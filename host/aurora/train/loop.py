"""A whole training as TensorFlow graphs of many steps: Adam with a cosine schedule on a stack of networks.

A step of so small a network costs less than Keras's own bookkeeping, so the steps run inside TensorFlow, some
hundred to a call. Between calls lies an epoch's end, where progress is told and a checkpoint written: a
training that is killed there or anywhere else goes on from the last one and ends with the same bytes.

Adam: Kingma, Ba 2015 (with Keras's epsilon); cosine schedule: Loshchilov, Hutter 2017, without restarts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.train.loop_checkpoint import State, fingerprint, load_state, save_state
from aurora.train.loop_nets import Stack, tensorflow

CALL_STEPS = 400  # at least, in whole epochs: enough that a call's own cost vanishes
#: what one may ask for: more is a mistake, or a recorded recipe that means harm
MOST_EPOCHS, MOST_ROWS = 10_000, 1 << 20
BETA_MEAN, BETA_SQUARE, EPSILON = 0.9, 0.999, 1e-7

#: (first epoch, epochs) -> arrays whose first axis is the step; what it gives depends on the epoch alone
Draw = Callable[[int, int], tuple[NDArray[Any], ...]]
#: (weights by name, the step's slice of each drawn array) -> scalar tensor, a sum over seeds
Loss = Callable[..., Any]
#: share of the steps done
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Schedule:
    """``epochs`` of ``epoch_steps`` each; the learning rate falls to zero over all of them."""

    epochs: int
    epoch_steps: int
    learning_rate: float

    @property
    def steps(self) -> int:
        return self.epochs * self.epoch_steps


def train_stack(
    start: Stack,
    loss: Loss,
    draw: Draw,
    schedule: Schedule,
    *,
    checkpoint: Path | None = None,
    identity: bytes = b"",
    progress: Progress | None = None,
) -> Stack:
    """``start`` after all steps; the same inputs give the same bytes.

    ``checkpoint`` is a file written after every few hundred steps and read at the start where it exists;
    ``identity`` stands for all that ``loss`` and ``draw`` depend on. Raises InputError where the file belongs
    to another training or is damaged, WriteFailed on a full disk.
    """
    tf = tensorflow()
    tell = progress or (lambda share: None)
    shapes = {name: array.shape for name, array in start.items()}
    mark = fingerprint(start, repr((schedule, sorted(shapes.items()))).encode(), identity)
    flat = np.concatenate([array.reshape(len(array), -1) for array in start.values()], axis=1)
    state = State(0, flat, np.zeros_like(flat), np.zeros_like(flat))
    if checkpoint is not None:
        state = load_state(checkpoint, mark, state)
    run: Any = None
    call_epochs = math.ceil(CALL_STEPS / schedule.epoch_steps)
    while state.epoch < schedule.epochs:
        epochs = min(call_epochs, schedule.epochs - state.epoch)
        batches = tuple(tf.constant(array) for array in draw(state.epoch, epochs))
        run = run or _graph(_steps(loss, shapes, schedule), flat.shape, batches)
        first = tf.constant(float(state.epoch * schedule.epoch_steps))
        moved = run(*map(tf.constant, (state.weights, state.mean, state.square)), first, batches)
        state = State(state.epoch + epochs, *(tensor.numpy() for tensor in moved))
        if checkpoint is not None:
            save_state(checkpoint, mark, state)
        tell(state.epoch / schedule.epochs)
    return {name: array.copy() for name, array in _named(state.weights, shapes, np.split).items()}


def _graph(steps: Callable[..., Any], shape: tuple[int, ...], batches: tuple[Any, ...]) -> Any:
    """One TensorFlow graph for any number of steps: the last call has fewer than the others."""
    tf = tensorflow()
    state = [tf.TensorSpec(shape, tf.float32)] * 3
    drawn = tuple(tf.TensorSpec([None, *batch.shape[1:]], batch.dtype) for batch in batches)
    return tf.function(steps, input_signature=[*state, tf.TensorSpec([], tf.float32), drawn])


def _steps(loss: Loss, shapes: Mapping[str, tuple[int, ...]], schedule: Schedule) -> Callable[..., Any]:
    """The function that TensorFlow makes a graph of."""
    tf = tensorflow()

    def split(flat: Any, at: Any, axis: int) -> Any:
        sizes = np.diff(np.r_[0, at, flat.shape[1]])
        return tf.split(flat, sizes, axis=axis)

    def run(weights: Any, mean: Any, square: Any, step: Any, batches: tuple[Any, ...]) -> Any:
        for place in tf.range(len(batches[0])):
            with tf.GradientTape() as tape:
                tape.watch(weights)
                value = loss(_named(weights, shapes, split), *[drawn[place] for drawn in batches])
            slope = tape.gradient(value, weights)
            rate = 0.5 * schedule.learning_rate * (1.0 + tf.cos(math.pi * step / schedule.steps))
            step += 1.0
            mean = BETA_MEAN * mean + (1.0 - BETA_MEAN) * slope
            square = BETA_SQUARE * square + (1.0 - BETA_SQUARE) * slope * slope
            rate *= tf.sqrt(1.0 - BETA_SQUARE**step) / (1.0 - BETA_MEAN**step)
            weights -= rate * mean / (tf.sqrt(square) + EPSILON)
        return weights, mean, square

    return run


def _named(flat: Any, shapes: Mapping[str, tuple[int, ...]], split: Callable[..., Any]) -> dict[str, Any]:
    """[seeds, all weights] as the arrays or tensors of ``shapes``."""
    sizes = [math.prod(shape[1:]) for shape in shapes.values()]
    parts = split(flat, np.cumsum(sizes)[:-1], axis=1)
    reshape = np.reshape if isinstance(flat, np.ndarray) else tensorflow().reshape
    return {name: reshape(part, shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
