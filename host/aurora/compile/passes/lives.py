"""Lives of the arena's buffers: from the step that first writes one to the last that touches it."""

from __future__ import annotations

from collections.abc import Sequence

from aurora.compile.ir import Graph, KernelCall
from aurora.compile.passes.arena import Buffer
from aurora.compile.passes.storage import Storage


def tensor_key(root: int) -> str:
    return f"tensor {root}"


def scratch_key(step: int) -> str:
    return f"scratch {step}"


def lives(graph: Graph, storage: Storage, calls: Sequence[KernelCall]) -> list[Buffer]:
    """Buffers of the tensors that lie in the arena, and of each step's scratch."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for step, call in enumerate(calls):
        for root in call.outputs:
            first.setdefault(root, step)
        for root in (*call.outputs, *call.inputs):
            last[root] = step
    tensors = [
        Buffer(tensor_key(root), graph.tensors[root].elements, start, last[root])
        for root, start in first.items()
        if root not in storage.outputs
    ]
    scratch = [
        Buffer(scratch_key(step), call.scratch_bytes, step, step)
        for step, call in enumerate(calls)
        if call.scratch_bytes
    ]
    return tensors + scratch
