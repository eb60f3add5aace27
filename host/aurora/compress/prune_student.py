"""A student with fewer units: pruning's rounds with the student's own loss, teacher included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from aurora.compress.distill import DistilSpec, TeacherSignal
from aurora.compress.prune import PruneSpec, prune_graph
from aurora.compress.student import Student, fit_stack
from aurora.compress.student_loss import hint_start, make_loss
from aurora.compress.student_rows import Rows, gather_rows
from aurora.train.graph import Graph, Weights, dense_graph, to_network
from aurora.train.loop import Progress
from aurora.train.loop_nets import layer_names, networks_of, stack_networks, tensorflow
from aurora.train.network import Network
from aurora.train.table import UnitTable

SALIENCY_BATCHES, SALIENCY_BATCH = 24, 128


def prune_student(
    student: Student,
    tables: Sequence[UnitTable],
    heads: dict[str, int],
    spec: PruneSpec,
    seed: int,
    *,
    cost: Callable[[Network], int] | None = None,
    teacher: TeacherSignal | None = None,
    distil: DistilSpec | None = None,
    unlabelled: Sequence[UnitTable] = (),
    progress: Progress | None = None,
) -> Student:
    """The student with fewer hidden units, recovered on ``tables`` (and beside its teacher, if it has one).

    ``cost``: device instructions of a network, for ``spec.target_instructions``. The same inputs and seed
    give the same bytes. Raises what ``fit_students`` and ``prune_graph`` raise.
    """
    rows = gather_rows(tables, heads, student.norm, teacher, unlabelled)
    recovery = replace(student.spec, epochs=max(1, spec.recovery_epochs))

    def recover(graph: Graph, place: int) -> Graph:
        network = to_network(graph)
        if not spec.recovery_epochs:
            return graph
        widths = tuple(len(layer.bias) for layer in network.hidden)
        start, seeds = stack_networks([network]), [seed + 7919 * place]  # other batches in every round
        if distil is not None and distil.hint_weight:
            start |= hint_start(widths, rows, seeds)
        stack = fit_stack(start, rows, replace(recovery, hidden=widths), seeds, distil=distil)
        return dense_graph(networks_of(stack, len(widths), list(network.heads))[0])

    def gradients(graph: Graph) -> Iterator[Weights]:
        return loss_gradients(to_network(graph), rows, seed)

    pruned = prune_graph(
        dense_graph(student.network), spec, recover, gradients=gradients, progress=progress,
        cost=None if cost is None else lambda graph: cost(to_network(graph)),
    )  # fmt: skip
    network = to_network(pruned)
    widths = tuple(len(layer.bias) for layer in network.hidden)
    return Student(network, student.norm, replace(student.spec, hidden=widths))


def loss_gradients(network: Network, rows: Rows, seed: int) -> Iterator[Weights]:
    """dL/dW of the labels' loss by layer, for batches of labelled rows."""
    tf = tensorflow()
    names = layer_names(len(network.hidden), list(network.heads))
    weights = {name: tf.constant(array) for name, array in stack_networks([network]).items()}
    loss = make_loss(rows, len(network.hidden), 0.0, None)
    rng = np.random.default_rng((seed, SALIENCY_BATCHES))
    for _ in range(SALIENCY_BATCHES):
        chosen = tf.constant(rng.choice(rows.labelled, (1, min(SALIENCY_BATCH, len(rows.labelled)))))
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = loss(weights, chosen, chosen)
        slopes = tape.gradient(value, weights)
        yield {
            name: tuple(slopes[f"{name}.{part}"][0].numpy() for part in ("weights", "bias")) for name in names
        }
