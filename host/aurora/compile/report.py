"""The report beside a program: what it costs, by layer, and when which bytes of the arena are in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from aurora.compile.ir import Graph, KernelCall


def make_report(
    name: str, core: str, graph: Graph, calls: Sequence[KernelCall], layout: dict[str, Any], identity: bytes
) -> dict[str, Any]:
    """Sizes in bytes. ``traced_tensors[k]`` is the .tflite index of the tensor that a trace calls ``k``."""
    steps = layout["steps"]
    traced = [root for call, step in zip(calls, steps, strict=True)
              for root, _ in zip(call.outputs, step["traced"], strict=False)]  # fmt: skip
    return {
        "model": name,
        "core": core,
        "variant": layout["variant"],
        "layout_id": identity.hex(),
        "macs": sum(step["macs"] for step in steps),
        "constants_bytes": layout["constants_bytes"],
        "arena_bytes": layout["arena_bytes"],
        "operations": dict(sorted(Counter(op.kind for op in graph.operations).items())),
        "inputs": [_port(graph, port.tensor, port.name) for port in graph.inputs],
        "outputs": [_port(graph, port.tensor, port.name) for port in graph.outputs],
        "layers": [_layer(number, step) for number, step in enumerate(steps)],
        "arena": _timeline(steps),
        "traced_tensors": traced,
    }


def _port(graph: Graph, index: int, name: str) -> dict[str, Any]:
    tensor = graph.tensors[index]
    return {"name": name, "shape": list(tensor.shape), "dtype": tensor.dtype, "scale": tensor.scale,
            "zero_point": tensor.zero_point}  # fmt: skip


def _layer(number: int, step: dict[str, Any]) -> dict[str, Any]:
    sizes = {name: constant["bytes"] for name, constant in step["constants"].items()}
    return {"step": number, "operation": step["summary"], "kernel": step["function"], "macs": step["macs"],
            "constants_bytes": sum(sizes.values()), "constants": sizes}  # fmt: skip


def _timeline(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per step, the arena's live tensors: written by this step or before, read by this step or later."""
    lives: dict[int, dict[str, int]] = {}
    owner: dict[int, int] = {}
    for number, step in enumerate(steps):
        for region, offset in step["inputs"]:
            if region == "arena":
                lives[owner[offset]]["last"] = number
        for traced in step["traced"]:
            region, offset = traced["place"]
            if region == "arena":
                owner[offset] = traced["number"]
                lives[traced["number"]] = {
                    "tensor": traced["number"], "offset": offset, "bytes": traced["bytes"], "first": number,
                    "last": number}  # fmt: skip
    return list(lives.values())
