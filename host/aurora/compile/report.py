"""The report beside a program: what it costs, by layer, and when which bytes of the arena are in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from aurora.compile.ir import Graph, KernelCall
from aurora.compile.layout import layout_id
from aurora.compile.passes.arena import Buffer, Plan
from aurora.compile.predict import predict_steps


def make_report(
    name: str,
    core: str,
    graph: Graph,
    calls: Sequence[KernelCall],
    buffers: Sequence[Buffer],
    plan: Plan,
    layout: dict[str, Any],
    constants: bytes,
) -> dict[str, Any]:
    """Sizes in bytes. ``traced_tensors[k]`` is the .tflite index of the tensor that a trace calls ``k``."""
    steps, predicted = layout["steps"], predict_steps(layout, constants)
    traced = [root for call, step in zip(calls, steps, strict=True)
              for root, _ in zip(call.outputs, step["traced"], strict=False)]  # fmt: skip
    return {
        "model": name,
        "core": core,
        "variant": layout["variant"],
        "layout_id": layout_id(layout).hex(),
        "macs": sum(step["macs"] for step in steps),
        "constants_bytes": layout["constants_bytes"],
        "arena_bytes": layout["arena_bytes"],
        "operations": dict(sorted(Counter(op.kind for op in graph.operations).items())),
        "inputs": [_port(graph, port.tensor, port.name) for port in graph.inputs],
        "outputs": [_port(graph, port.tensor, port.name) for port in graph.outputs],
        "predicted_instructions": None if None in predicted else sum(map(int, filter(None, predicted))),
        "layers": [_layer(*numbered) for numbered in enumerate(zip(steps, predicted, strict=True))],
        "arena": _timeline(buffers, plan),
        "traced_tensors": traced,
    }


def _port(graph: Graph, index: int, name: str) -> dict[str, Any]:
    tensor = graph.tensors[index]
    return {"name": name, "shape": list(tensor.shape), "dtype": tensor.dtype, "scale": tensor.scale,
            "zero_point": tensor.zero_point}  # fmt: skip


def _layer(number: int, costed: tuple[dict[str, Any], int | None]) -> dict[str, Any]:
    step, predicted = costed
    sizes = {name: constant["bytes"] for name, constant in step["constants"].items()}
    return {"step": number, "operation": step["summary"], "kernel": step["function"], "macs": step["macs"],
            "predicted_instructions": predicted, "constants_bytes": sum(sizes.values()),
            "constants": sizes}  # fmt: skip


def _timeline(buffers: Sequence[Buffer], plan: Plan) -> list[dict[str, Any]]:
    """The arena's buffers in order of time; "tensor N" counts as the .tflite does. Steps are inclusive."""
    return [
        {
            "buffer": buffer.key,
            "offset": plan.offsets[buffer.key],
            "bytes": buffer.size,
            "first_step": buffer.first,
            "last_step": buffer.last,
        }
        for buffer in sorted(buffers, key=lambda buffer: (buffer.first, buffer.key))
    ]
