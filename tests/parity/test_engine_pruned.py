"""A residual network with depthwise convolutions: pruned, converted, compiled, and exact."""

from collections.abc import Callable

import numpy as np
from aurora.compile import Program, compile_model
from aurora.compress.convert_graph import convert_graph
from aurora.compress.prune import PruneSpec, prune_graph
from aurora.compress.tflm import TflmInterpreter
from aurora.train.graph import parameters
from aurora.train.graph_keras import GraphTraining, fit_graph, graph_gradients
from engine_host import HostEngine, extremes, random_inputs
from graph_samples import residual_graph, windows

Build = Callable[[Program], HostEngine]


def test_pruned_residual_network_is_exact(build: Build) -> None:
    whole, (x, targets) = residual_graph(width=16), windows()
    pruned = prune_graph(
        whole, PruneSpec(keep=0.5, rounds=1, multiple=4),
        lambda graph, _: fit_graph(graph, x, targets, GraphTraining(epochs=5), 1),
        gradients=lambda graph: graph_gradients(graph, x, targets),
    )  # fmt: skip
    assert parameters(pruned) < 0.5 * parameters(whole)
    tflite = convert_graph(pruned, windows(40)[0])
    program = compile_model(tflite, "host")
    assert {"ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"} <= set(program.report["operations"])
    assert [port.name for port in program.outputs] == ["fails_within_h", "fault_type"]
    size = program.inputs[0].bytes
    inputs = np.concatenate([extremes(size), random_inputs(size, 200)])
    assert np.array_equal(build(program).run(inputs, program.constants), TflmInterpreter(tflite).run(inputs))
