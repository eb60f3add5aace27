"""The compiler's course: front end, passes, lowering, placement, emission."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aurora.compile.emit import emit_header, emit_source
from aurora.compile.front import read_model
from aurora.compile.ir import Constant, Graph, KernelCall, Port
from aurora.compile.layout import LAYOUT_FORMAT, layout_id, place_constants
from aurora.compile.ops import supported
from aurora.compile.passes.arena import Buffer, Plan, plan_arena
from aurora.compile.passes.check import check
from aurora.compile.passes.fold import fold
from aurora.compile.passes.order import order
from aurora.compile.passes.storage import Storage, assign_storage, offsets
from aurora.compile.program import Program, TensorIO
from aurora.compile.report import make_report
from aurora.compile.variant import KERNEL_ABI, Variant, variant_of
from aurora.errors import ModelRefused

MAX_CONSTANTS_BYTES = 64 << 20


def compile_model(tflite: bytes, core: str, *, trace: bool = False, name: str = "model") -> Program:
    """Compile an int8 .tflite for ``core`` ("cortex-m4f", "host", ...).

    ``trace`` makes the program report every tensor it writes; ``name`` only labels the report. Raises ModelRefused
    naming operation, tensor and reason for what the engine cannot run, InputError for a damaged file.
    """
    variant = variant_of(core)
    graph = read_model(tflite)
    check(graph)
    graph = fold(order(graph))
    storage = assign_storage(graph)
    calls = _with_operands(graph, storage, _lower(graph, storage))
    plan = plan_arena(_buffers(graph, storage, calls), variant.buffer_alignment)
    blob, places = place_constants(
        [{key: (value.data, value.alignment) for key, value in call.constants.items()} for call in calls]
    )
    layout = _layout(graph, storage, calls, plan, blob, places, variant)
    identity = layout_id(layout)
    return Program(
        name=name,
        core=core,
        variant=variant.name,
        layout_id=identity,
        layout=layout,
        source=emit_source(layout, identity, trace=trace),
        header=emit_header(layout, identity),
        constants=blob,
        constants_alignment=variant.constants_alignment,
        arena_bytes=layout["arena_bytes"],
        arena_alignment=variant.arena_alignment,
        inputs=_ports(graph, graph.inputs),
        outputs=_ports(graph, graph.outputs),
        report=make_report(name, core, graph, calls, layout, identity),
    )


def _lower(graph: Graph, storage: Storage) -> list[KernelCall]:
    """All steps: those of the operations in order, then the copies of outputs that share their bytes."""
    calls: list[KernelCall] = []
    size = 0
    for op in graph.operations:
        for call in supported()[op.kind].lower(graph, op):
            size += sum(len(constant.data) for constant in call.constants.values())
            if size > MAX_CONSTANTS_BYTES:
                raise ModelRefused(f"constants beyond {MAX_CONSTANTS_BYTES} bytes", op=op.kind, where=op.kind)
            calls.append(call)
    return calls + [_copy(graph, root, at) for root, at in storage.copies]


def _copy(graph: Graph, root: int, at: int) -> KernelCall:
    size = graph.tensors[root].elements
    return KernelCall(
        function="nn_copy",
        header="copy.h",
        parameters="nn_copy_params",
        summary=f"copy {size} bytes to output byte {at}",
        fields={"rows": 1, "bytes": size, "pitch": size, "offset": at},
        constants={},
        inputs=(root,),
        outputs=(),
    )


def _with_operands(graph: Graph, storage: Storage, calls: list[KernelCall]) -> list[KernelCall]:
    """Replace each input by its root; those that are constants join the call's constants."""
    result = []
    for call in calls:
        roots = tuple(storage.roots[index] for index in call.inputs)
        constants = dict(call.constants)
        for number, root in enumerate(roots):
            data = graph.tensors[root].data
            if data is not None:
                constants[f"operand_{number}"] = Constant(data.tobytes(), 4, "int8 operand")
        result.append(_replaced(call, constants, roots, tuple(storage.roots[index] for index in call.outputs)))
    return result


def _replaced(
    call: KernelCall, constants: Mapping[str, Constant], inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> KernelCall:
    from dataclasses import replace

    return replace(call, constants=constants, inputs=inputs, outputs=outputs)


def _buffers(graph: Graph, storage: Storage, calls: list[KernelCall]) -> list[Buffer]:
    """Lives of the tensors in the arena and of each step's scratch."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for step, call in enumerate(calls):
        for root in call.outputs:
            first.setdefault(root, step)
            last[root] = step
        for root in call.inputs:
            last[root] = step
    buffers = [
        Buffer(f"tensor {root}", graph.tensors[root].elements, start, last[root])
        for root, start in first.items()
        if root not in storage.outputs
    ]
    scratch = [
        Buffer(f"scratch {step}", call.scratch_bytes, step, step)
        for step, call in enumerate(calls)
        if call.scratch_bytes
    ]
    return buffers + scratch


def _layout(
    graph: Graph,
    storage: Storage,
    calls: list[KernelCall],
    plan: Plan,
    blob: bytes,
    places: list[dict[str, int]],
    variant: Variant,
) -> dict[str, Any]:
    writers = Counter(root for call in calls for root in call.outputs)
    steps: list[dict[str, Any]] = []
    number = 0
    for index, (call, offset_of) in enumerate(zip(calls, places, strict=True)):
        inputs = [
            ["constants", offset_of[f"operand_{i}"]]
            if f"operand_{i}" in offset_of
            else _place(root, storage, plan)
            for i, root in enumerate(call.inputs)
        ]
        outputs = [_place(root, storage, plan) for root in call.outputs] or [["output", 0]]
        traced = []
        for root, place in zip(call.outputs, outputs, strict=False):
            writers[root] -= 1
            if writers[root] == 0:
                traced.append({"number": number, "place": place, "bytes": graph.tensors[root].elements})
                number += 1
        steps.append(_step(call, offset_of, inputs, outputs, plan.offsets.get(f"scratch {index}"), traced))
    return {
        "format": LAYOUT_FORMAT,
        "abi": KERNEL_ABI,
        "variant": variant.name,
        "constants_bytes": len(blob),
        "constants_alignment": variant.constants_alignment,
        "arena_bytes": -(-plan.bytes // variant.arena_alignment) * variant.arena_alignment,
        "arena_alignment": variant.arena_alignment,
        "inputs": _port_places(graph, graph.inputs),
        "outputs": _port_places(graph, graph.outputs),
        "steps": steps,
    }


def _step(
    call: KernelCall,
    offset_of: dict[str, int],
    inputs: list[list[Any]],
    outputs: list[list[Any]],
    scratch: int | None,
    traced: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "function": call.function,
        "header": call.header,
        "parameters": call.parameters,
        "summary": call.summary,
        "fields": {name: _plain(value) for name, value in call.fields.items()},
        "constants": {
            name: {
                "offset": offset_of[name],
                "bytes": len(constant.data),
                "alignment": constant.alignment,
                "packing": constant.packing,
            }
            for name, constant in call.constants.items()
        },
        "inputs": inputs,
        "outputs": outputs,
        "scratch": scratch,
        "macs": call.macs,
        "facts": dict(call.facts),
        "traced": traced,
    }


def _plain(value: Any) -> Any:
    """Tuples as lists and mappings as dicts: what JSON and CBOR keep apart from nothing else."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _place(root: int, storage: Storage, plan: Plan) -> list[Any]:
    if root in storage.outputs:
        return ["output", storage.outputs[root]]
    if root in storage.inputs:
        return ["input", storage.inputs[root]]
    return ["arena", plan.offsets[f"tensor {root}"]]


def _port_places(graph: Graph, ports: tuple[Port, ...]) -> list[dict[str, Any]]:
    return [
        {"name": port.name, "shape": list(graph.tensors[port.tensor].shape), "offset": at,
         "bytes": graph.tensors[port.tensor].elements}
        for port, at in zip(ports, offsets(graph, ports), strict=True)
    ]  # fmt: skip


def _ports(graph: Graph, ports: tuple[Port, ...]) -> tuple[TensorIO, ...]:
    result = []
    for port, at in zip(ports, offsets(graph, ports), strict=True):
        tensor = graph.tensors[port.tensor]
        result.append(
            TensorIO(port.name, tensor.shape, tensor.dtype, tensor.scale, tensor.zero_point, at, tensor.elements)
        )
    return tuple(result)
