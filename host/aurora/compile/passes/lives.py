"""Lives of the arena's buffers: from the step that first writes one to the last that touches it."""

from __future__ import annotations

from collections.abc import Sequence

from aurora.compile.ir import Graph, KernelCall
from aurora.compile.passes.arena import Buffer, Overlap
from aurora.compile.passes.storage import Storage


def tensor_key(root: int) -> str:
    return f"tensor {root}"


def scratch_key(step: int) -> str:
    return f"scratch {step}"


def state_key(step: int) -> str:
    return f"state {step}"


def lives(graph: Graph, storage: Storage, calls: Sequence[KernelCall]) -> list[Buffer]:
    """Buffers of the tensors that lie in the arena, of each step's scratch, and of the state of those that
    keep one: that is never given to anything else."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for step, call in enumerate(calls):
        for root in call.outputs:
            first.setdefault(root, step)
        for root in (*call.outputs, *call.inputs):
            last[root] = step
    tensors = [
        Buffer(tensor_key(root), _size(graph, root, calls), start, last[root])
        for root, start in first.items()
        if root not in storage.outputs
    ]
    scratch = [
        Buffer(scratch_key(step), call.scratch_bytes, step, step)
        for step, call in enumerate(calls)
        if call.scratch_bytes
    ]
    state = [
        Buffer(state_key(step), call.state_bytes, 0, len(calls) - 1)
        for step, call in enumerate(calls)
        if call.state_bytes
    ]
    return tensors + scratch + state


def _size(graph: Graph, root: int, calls: Sequence[KernelCall]) -> int:
    return max(graph.tensors[root].bytes, *(call.room.get(root, 0) for call in calls))


def overlaps(buffers: Sequence[Buffer], storage: Storage, calls: Sequence[KernelCall]) -> tuple[Overlap, ...]:
    """Pairs that may share memory: a step's output and an input that no later step reads."""
    by_key = {buffer.key: buffer for buffer in buffers}
    result = []
    for step, call in enumerate(calls):
        distances = {**call.overlaps, **dict.fromkeys(call.in_place)}
        for number, distance in distances.items():
            reader = by_key.get(tensor_key(call.inputs[number]))
            writer = by_key.get(tensor_key(call.outputs[0]))
            if reader is None or writer is None or reader.last != step or writer.first != step:
                continue
            if call.inputs.count(call.inputs[number]) == 1:
                result.append(Overlap(reader.key, writer.key, distance))
    return tuple(result)
