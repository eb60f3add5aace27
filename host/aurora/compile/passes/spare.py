"""Room that the arena has anyway: steps away from its peak may take more scratch, which saves instructions.

Steps are lowered with little scratch, the arena is planned, and they are lowered again with the largest gap
that the plan leaves to each. Of these forms those are taken with which every other buffer stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aurora.compile.ir import Graph, KernelCall
from aurora.compile.passes.arena import MANY, Buffer, Plan, plan_arena, prove
from aurora.compile.passes.lives import lives, overlaps, scratch_key, tensor_key
from aurora.compile.passes.storage import Storage
from aurora.errors import AuroraError

Calls = tuple[KernelCall, ...]


def place(
    graph: Graph, storage: Storage, lower: Callable[[Sequence[int]], Calls], alignment: int
) -> tuple[Calls, list[Buffer], Plan]:
    """The steps that ``lower`` gives for bytes to spare of each (0 beyond the last), their buffers and the
    arena, which is no larger than without anything to spare."""
    calls = lower(())
    buffers = lives(graph, storage, calls)
    plan = plan_arena(buffers, alignment, overlaps(buffers, storage, calls))
    if len(calls) > MANY or not any(call.scratch_bytes for call in calls):
        return calls, buffers, plan
    gaps = [gap(scratch_key(step), step, buffers, plan, alignment) for step in range(len(calls))]
    wider = lower([size for _, size in gaps])
    if len(wider) != len(calls):
        raise AuroraError("room to spare has changed the steps of the program")
    chosen, offsets = list(calls), dict(plan.offsets)
    for step, (at, size) in enumerate(gaps):
        old, new = calls[step], wider[step]
        if old.scratch_bytes < new.scratch_bytes <= size and _stays(old, new, offsets):
            chosen[step], offsets[scratch_key(step)] = new, at
    final, plan = tuple(chosen), Plan(offsets, plan.bytes)
    buffers = lives(graph, storage, final)
    prove(buffers, plan, alignment, overlaps(buffers, storage, final))
    return final, buffers, plan


def _stays(old: KernelCall, new: KernelCall, offsets: Mapping[str, int]) -> bool:
    """Whether the step's output and inputs may lie where they do with the ``new`` form as well."""
    places = [(call.room, call.in_place, call.inputs, call.outputs) for call in (old, new)]
    if places[0] != places[1]:
        return False
    for number, distance in old.overlaps.items():
        wanted = new.overlaps.get(number)
        reader, writer = (offsets.get(tensor_key(root)) for root in (new.inputs[number], new.outputs[0]))
        if reader is None or writer is None or (wanted is not None and wanted <= distance):
            continue
        if wanted is None or writer + wanted > reader:
            return False
    return True


def gap(key: str, step: int, buffers: Sequence[Buffer], plan: Plan, alignment: int) -> tuple[int, int]:
    """(offset, bytes) of the largest place for buffer ``key`` of ``step`` alone that moves no other."""
    live = sorted(
        (plan.offsets[buffer.key], buffer.size)
        for buffer in buffers
        if buffer.first <= step <= buffer.last and buffer.key != key
    )
    found, end = (0, 0), 0
    for at, size in [*live, (plan.bytes, 0)]:
        found = max(found, (end, at - end), key=lambda place: place[1])
        end = max(end, -(-(at + size) // alignment) * alignment)
    return found
