"""Structured pruning: coupled channels go together, shapes shrink, and the rest computes what it did."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from aurora.compress.prune import PruneSpec, prune_graph
from aurora.compress.prune_groups import masked, spaces, without
from aurora.compress.prune_student import loss_gradients, prune_student
from aurora.compress.saliency import batch_norm, taylor
from aurora.compress.student import StudentSpec, fit_student
from aurora.compress.student_loss import make_loss
from aurora.compress.student_rows import Rows, gather_rows
from aurora.errors import InputError
from aurora.train.dense import Target
from aurora.train.graph import Graph, Node, dense_graph, parameters, to_network
from aurora.train.graph_keras import (
    GraphTraining,
    build_keras_graph,
    fit_graph,
    graph_gradients,
    read_weights,
)
from aurora.train.graph_shapes import node_shapes
from aurora.train.loop_nets import stack_networks, tensorflow
from aurora.train.metrics import score_units
from aurora.train.network import Layer, Network
from graph_samples import residual_graph, windows
from student_samples import HEADS, unit, units

GONE = {"stem": [0, 5, 11], "last": [1, 2, 9], "mixed": [7]}


def logits(graph: Graph, x: np.ndarray) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in build_keras_graph(graph)(x).items()}


def network(rng: np.random.Generator, *widths: int) -> Network:
    layers = [Layer(rng.normal(0, 1, pair).astype(np.float32), rng.normal(0, 1, pair[1]).astype(np.float32))
              for pair in pairwise(widths)]  # fmt: skip
    head = Layer(rng.normal(0, 1, (widths[-1], 2)).astype(np.float32), np.zeros(2, np.float32))
    return Network(tuple(layers), {"h": head})


def test_channels_that_are_added_or_carried_share_a_space() -> None:
    found = spaces(residual_graph())
    assert list(found) == ["stem", "last", "mixed"]  # the input's and the heads' stay
    assert found["stem"].producers == ("stem", "point")
    assert found["stem"].carriers == ("stem_bn", "wide", "wide_bn", "point_bn")
    assert found["stem"].readers == {"point": 1, "last": 1}
    assert found["last"].readers == {"mixed": 2}  # two places of the pool, flattened
    assert found["mixed"].readers == {"fault_type": 1, "fails_within_h": 1}


@pytest.mark.parametrize("gone", [*({name: gone} for name, gone in GONE.items()), GONE], ids=str)
def test_pruned_graph_computes_what_the_masked_one_does(gone: dict[str, list[int]]) -> None:
    graph, (x, _) = residual_graph(), windows(20)
    small, zeroed = without(graph, gone), masked(graph, gone)
    assert parameters(small) < parameters(zeroed) == parameters(graph)
    expected = logits(zeroed, x)
    for name, values in logits(small, x).items():
        assert np.allclose(values, expected[name], atol=2e-5)
    assert not np.allclose(expected["fault_type"], logits(graph, x)["fault_type"], atol=0.01)


def test_every_shape_shrinks_together() -> None:
    shapes = node_shapes(without(residual_graph(), GONE))
    for name in ("stem", "stem_bn", "wide", "wide_relu", "point", "sum_relu"):
        assert shapes[name] == (1, 16, 9)
    assert (shapes["last"], shapes["flat"], shapes["mixed"]) == ((1, 14, 7), (14,), (7,))


def test_shapes_are_kerass() -> None:
    graph = residual_graph()
    model = build_keras_graph(graph)
    for name, shape in node_shapes(graph).items():
        assert tuple(model.get_layer(name).output.shape[1:]) == shape, name


def test_a_layer_is_never_emptied() -> None:
    with pytest.raises(InputError, match="without channels"):
        without(residual_graph(), {"mixed": range(8)})
    with pytest.raises(InputError, match="no space"):
        without(residual_graph(), {"fault_type": [0]})


def test_dense_network_there_and_back() -> None:
    start = network(np.random.default_rng(0), 6, 5, 4)
    back = to_network(dense_graph(start))
    x = np.random.default_rng(1).normal(0, 1, (9, 6)).astype(np.float32)
    assert np.array_equal(back(x)["h"], start(x)["h"])
    assert parameters(dense_graph(start)) == start.parameters
    with pytest.raises(InputError, match="chain of dense"):
        to_network(residual_graph())


def test_graph_refuses_what_is_no_graph() -> None:
    with pytest.raises(InputError, match="unknown kind"):
        Graph((Node("a", "lstm"),), {}, {"h": "a"})
    with pytest.raises(InputError, match="before one of its inputs"):
        Graph((Node("a", "relu", ("b",)), Node("b", "input")), {}, {"h": "a"})
    with pytest.raises(InputError, match="0 weight arrays"):
        Graph((Node("a", "input"), Node("d", "dense", ("a",))), {}, {"h": "d"})


def test_taylor_is_the_slope_of_a_gate() -> None:
    """Against the loss's finite difference when a unit's output is scaled wherever it is read."""
    tables = units(2)
    student = fit_student(tables, HEADS, StudentSpec(hidden=(6, 5), epochs=3), 1)
    rows = gather_rows(tables, HEADS, student.norm)
    graph = dense_graph(student.network)
    loss = make_loss(rows, 2, 0.0, None)
    everything = rows.labelled[None]

    def at(gate: float) -> float:
        weights = dict(graph.weights)
        kernel, bias = weights["hidden_1"]
        weights["hidden_1"] = (np.concatenate([kernel[:3], kernel[3:4] * np.float32(gate), kernel[4:]]), bias)
        stack = stack_networks([to_network(replace(graph, weights=weights))])
        return float(loss(stack, everything, everything))

    slopes = next(iter(loss_gradients(student.network, rows, 1)))
    assert set(slopes) == {"hidden_0", "hidden_1", *HEADS}
    whole = whole_gradient(student.network, rows)
    expected = ((at(1.01) - at(0.99)) / 0.02) ** 2
    assert taylor(graph, [whole])["hidden_0"][3] == pytest.approx(expected, rel=0.02)


def whole_gradient(net: Network, rows: Rows) -> dict[str, tuple[np.ndarray, ...]]:
    """The gradient over all labelled rows at once."""
    tf = tensorflow()
    weights = {name: tf.constant(array) for name, array in stack_networks([net]).items()}
    with tf.GradientTape() as tape:
        tape.watch(weights)
        value = make_loss(rows, 2, 0.0, None)(weights, rows.labelled[None], rows.labelled[None])
    slopes = tape.gradient(value, weights)
    return {name: (slopes[f"{name}.weights"][0].numpy(), slopes[f"{name}.bias"][0].numpy())
            for name in ("hidden_0", "hidden_1", *HEADS)}  # fmt: skip


def test_batch_norm_saliency_is_the_scale() -> None:
    graph = residual_graph()
    found = batch_norm(replace(graph, nodes=graph.nodes[:14], outputs={"h": "last_relu"}))
    assert list(found) == ["stem"]
    scales = [graph.weights[name][0] for name in ("stem_bn", "wide_bn", "point_bn")]
    assert np.allclose(found["stem"], np.mean(scales, axis=0))
    with pytest.raises(InputError, match="no batch normalisation"):
        batch_norm(graph)


def test_unused_channels_go_first_and_the_target_is_met() -> None:
    rng = np.random.default_rng(3)
    start = network(rng, 6, 8, 4)
    idle = [1, 4, 6]
    start.hidden[1].weights[idle] = 0
    seen: list[int] = []

    def recover(graph: Graph, place: int) -> Graph:
        seen.append(place)
        return graph

    spec = PruneSpec(keep=9 / 12, rounds=2)
    pruned = prune_graph(dense_graph(start), spec, recover, gradients=lambda graph: [
        {name: tuple(np.ones_like(array) for array in arrays) for name, arrays in graph.weights.items()}
    ])  # fmt: skip
    assert seen == [1, 2]
    x = rng.normal(0, 1, (9, 6)).astype(np.float32)
    assert np.allclose(to_network(pruned)(x)["h"], start(x)["h"], atol=1e-4)  # nothing was lost
    assert spaces(pruned)["hidden_0"].channels + spaces(pruned)["hidden_1"].channels == 9


def test_layers_keep_whole_multiples() -> None:
    graph = dense_graph(network(np.random.default_rng(0), 6, 9, 8))
    spec = PruneSpec(keep=0.55, rounds=1, multiple=4)
    pruned = prune_graph(graph, spec, lambda g, _: g, gradients=lambda g: [dict(g.weights)])
    kept = [space.channels for space in spaces(pruned).values()]
    assert sum(kept) <= 9 and all(count % 4 == 0 for count in kept)


def test_target_below_one_channel_a_layer_is_refused() -> None:
    graph = dense_graph(network(np.random.default_rng(0), 6, 8, 4))
    ones = lambda graph: [dict(graph.weights)]  # noqa: E731
    with pytest.raises(InputError, match="1 channels a layer still cost"):
        prune_graph(graph, PruneSpec(target_instructions=5), lambda g, _: g, gradients=ones, cost=parameters)
    with pytest.raises(InputError, match="needs the cost"):
        prune_graph(graph, PruneSpec(target_instructions=5), lambda g, _: g, gradients=ones)
    with pytest.raises(InputError, match="needs the loss"):
        prune_graph(graph, PruneSpec(keep=0.5), lambda g, _: g)


def test_residual_graph_trains_slims_and_prunes() -> None:
    x, targets = windows()
    graph = residual_graph()
    trained = fit_graph(graph, x, targets, GraphTraining(epochs=25, slimming=1e-3), 1)
    assert accuracy(trained, x, targets["fault_type"]) > 0.8
    training = GraphTraining(epochs=10)
    pruned = prune_graph(
        trained, PruneSpec(keep=0.5, rounds=1), lambda g, place: fit_graph(g, x, targets, training, place),
        gradients=lambda g: graph_gradients(g, x, targets),
    )  # fmt: skip
    assert sum(space.channels for space in spaces(pruned).values()) == 15
    assert accuracy(pruned, x, targets["fault_type"]) > 0.8


def test_graph_training_repeats_and_is_read_back() -> None:
    x, targets = windows(64)
    whole = residual_graph()
    nodes = (*whole.nodes[:4], Node("flat", "flatten", ("stem_relu",)), Node("head", "dense", ("flat",)))
    kernel = np.full((16 * 12, 3), 0.01, np.float32)
    weights = {name: whole.weights[name] for name in ("stem", "stem_bn")}
    graph = Graph(nodes, {**weights, "head": (kernel, np.zeros(3, np.float32))}, {"fault_type": "head"})
    target = {"fault_type": targets["fault_type"]}
    one, other = (fit_graph(graph, x, target, GraphTraining(epochs=2), 1) for _ in range(2))
    assert all(np.array_equal(a, b) for name in one.weights
               for a, b in zip(one.weights[name], other.weights[name], strict=True))  # fmt: skip
    assert not np.array_equal(one.weights["stem_bn"][3], graph.weights["stem_bn"][3])
    again = read_weights(build_keras_graph(one), one)
    assert np.array_equal(again.weights["stem_bn"][3], one.weights["stem_bn"][3])


def accuracy(graph: Graph, x: np.ndarray, target: Target) -> float:
    return float((logits(graph, x)["fault_type"].argmax(axis=1) == target.label).mean())


def test_pruned_student_is_smaller_and_no_worse() -> None:
    tables, tests = units(), [unit(90), unit(91)]
    student = fit_student(tables, HEADS, StudentSpec(hidden=(24, 12), epochs=150, batch=64, l2=1e-4), 1)
    spec = PruneSpec(target_instructions=student.network.parameters // 2, rounds=2, recovery_epochs=40)
    pruned = prune_student(student, tables, HEADS, spec, 1, cost=lambda net: net.parameters)
    again = prune_student(student, tables, HEADS, spec, 1, cost=lambda net: net.parameters)
    assert pruned.network.parameters <= spec.target_instructions
    assert tuple(len(layer.bias) for layer in pruned.network.hidden) == pruned.spec.hidden
    assert np.array_equal(pruned.network.hidden[0].weights, again.network.hidden[0].weights)
    scores = [score_units(tests, {t.id: each.logits(t) for t in tests}) for each in (student, pruned)]
    assert scores[1].auroc_mean > scores[0].auroc_mean - 0.03


@pytest.mark.parametrize(
    "bad",
    [{}, {"keep": 0.5, "target_instructions": 3}, {"keep": 0.0}, {"target_instructions": 0},
     {"keep": 0.5, "saliency": "random"}, {"keep": 0.5, "rounds": 0}, {"keep": 0.5, "multiple": 0}],
    ids=str,
)  # fmt: skip
def test_impossible_pruning_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(InputError):
        PruneSpec(**bad)
