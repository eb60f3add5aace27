"""A convolutional graph to full int8 .tflite by TensorFlow's converter, in a process of its own.

    python -m aurora.compress.convert_graph FOLDER   reads FOLDER/graph.json, job.npz; writes model.tflite

Batch normalisations are folded into the convolution before them by the converter. See compress.convert for
why the process is another one.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compress.convert import full_int8, run_converter
from aurora.errors import InputError
from aurora.train.graph import Graph, Node
from aurora.train.graph_keras import build_keras_graph


def convert_graph(graph: Graph, representative: NDArray[np.float32]) -> bytes:
    """int8 input and outputs, per-channel weights; ``representative`` [rows, ...] sets every range.

    Raises InputError for a graph with more than one input, BuildFailed with the converter's last line.
    """
    if sum(node.kind == "input" for node in graph.nodes) != 1:
        raise InputError("a board's network has one input")
    with tempfile.TemporaryDirectory(prefix="aurora-convert-") as folder:
        nodes = [{"name": n.name, "kind": n.kind, "inputs": n.inputs, "params": dict(n.params)}
                 for n in graph.nodes]  # fmt: skip
        (Path(folder) / "graph.json").write_text(json.dumps({"nodes": nodes, "outputs": dict(graph.outputs)}))
        arrays: dict[str, Any] = {f"{name}|{place}": array for name, arrays in graph.weights.items()
                                  for place, array in enumerate(arrays)}  # fmt: skip
        np.savez(Path(folder) / "job.npz", allow_pickle=False, representative=representative, **arrays)
        return run_converter("aurora.compress.convert_graph", Path(folder))


def _read(folder: Path) -> tuple[Graph, NDArray[np.float32]]:
    document = json.loads((folder / "graph.json").read_text())
    weights: dict[str, tuple[NDArray[np.float32], ...]] = {}
    with np.load(folder / "job.npz", allow_pickle=False) as job:
        for key in sorted(job.files):  # at most four arrays a node: their numbers sort as text
            name, _, place = key.partition("|")
            if place:
                weights[name] = (*weights.get(name, ()), job[key])
        representative = job["representative"]
    nodes = tuple(Node(n["name"], n["kind"], tuple(n["inputs"]), n["params"]) for n in document["nodes"])
    return Graph(nodes, weights, document["outputs"]), representative


def _work(folder: Path) -> None:
    graph, representative = _read(folder)
    model = build_keras_graph(graph)
    (folder / "model.tflite").write_bytes(full_int8(model, representative, folder / "saved"))


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
