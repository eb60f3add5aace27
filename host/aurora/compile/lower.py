"""Lowering: operations to kernel calls on root tensors, the program's steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from aurora.compile.groups import lower_group
from aurora.compile.ir import Constant, Graph, KernelCall
from aurora.compile.passes.storage import Storage
from aurora.compile.variant import Variant
from aurora.errors import ModelRefused

MAX_CONSTANTS_BYTES = 64 << 20  # many operations may share one large tensor of a small file
OPERAND_ALIGNMENT = 4


def lower(
    graph: Graph,
    storage: Storage,
    variant: Variant,
    deployed: Sequence[Mapping[str, int]] = (),
    spare: Sequence[int] = (),
) -> tuple[KernelCall, ...]:
    """The steps: those of the operations in order, then the copies of outputs that share their bytes.

    Inputs and outputs of a step are roots; an input that is a constant joins the step's constants as
    ``operand_<number>``. ``deployed`` are the facts of a deployed program's steps, to be kept; ``spare`` the
    bytes of scratch that the steps may take for nothing. Raises ModelRefused beyond MAX_CONSTANTS_BYTES.
    """
    calls: list[KernelCall] = []
    size = 0
    for call in _steps(graph, storage, variant, deployed, spare):
        rooted = _with_operands(graph, storage, call)
        size += sum(len(constant.data) for constant in rooted.constants.values())
        if size > MAX_CONSTANTS_BYTES:
            raise ModelRefused(f"its constants exceed {MAX_CONSTANTS_BYTES} bytes", where=call.summary)
        calls.append(rooted)
    return tuple(calls)


def _steps(
    graph: Graph,
    storage: Storage,
    variant: Variant,
    deployed: Sequence[Mapping[str, int]],
    spare: Sequence[int],
) -> Iterator[KernelCall]:
    taken: set[int] = set()
    number = 0
    for op in graph.operations:
        if op.position in taken:
            continue
        wish = tuple(sorted(deployed[number].items())) if number < len(deployed) else None
        room = spare[number] if number < len(spare) else 0
        group = lower_group(graph, op, replace(variant, wish=wish, spare_bytes=room))
        taken |= {other.position for other in group.fused}
        number += len(group.calls)
        yield from group.calls
    for root, at in storage.copies:
        size = graph.tensors[root].bytes
        yield KernelCall(
            function="nn_copy",
            header="copy.h",
            parameters="nn_copy_params",
            summary=f"copy of {size} bytes to output byte {at}",
            fields={"rows": 1, "bytes": size, "pitch": size, "offset": at},
            constants={},
            inputs=(root,),
            outputs=(),
        )


def _with_operands(graph: Graph, storage: Storage, call: KernelCall) -> KernelCall:
    inputs = tuple(storage.roots[index] for index in call.inputs)
    constants = dict(call.constants)
    for number, root in enumerate(inputs):
        data = graph.tensors[root].data
        if data is not None:
            constants[f"operand_{number}"] = Constant(data.tobytes(), OPERAND_ALIGNMENT, "int8 operand")
    outputs = tuple(storage.roots[index] for index in call.outputs)
    room = {storage.roots[index]: size for index, size in call.room.items()}
    return replace(call, constants=constants, inputs=inputs, outputs=outputs, room=room)
