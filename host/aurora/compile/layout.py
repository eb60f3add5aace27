"""The layout: everything a program was generated from, and its identity.

The description holds steps, shapes, arena map, each constant's place and packing, the version of the kernels'
interface, the core variant and every fact about values that a step was specialised on. The program's text is
made from it alone, so equal ids mean equal programs. It holds no weights, scales or internal tensor names.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from aurora.compile.ir import Graph, KernelCall, Port
from aurora.compile.passes.arena import Plan
from aurora.compile.passes.lives import scratch_key, state_key, tensor_key
from aurora.compile.passes.storage import Storage, offsets
from aurora.compile.variant import KERNEL_ABI, Variant

LAYOUT_FORMAT = 2

#: Region ("input", "output", "arena", "constants") and byte offset.
Place = list[Any]


def layout_id(layout: Mapping[str, Any]) -> bytes:
    """SHA-256 over the canonical CBOR (RFC 8949, section 4.2) of the description."""
    import cbor2

    return hashlib.sha256(cbor2.dumps(layout, canonical=True)).digest()


def place_constants(calls: Sequence[KernelCall]) -> tuple[bytes, list[dict[str, int]]]:
    """Lay the constants one behind the other, each at its alignment. Returns the bytes and offsets per
    step."""
    blob, places = bytearray(), []
    for call in calls:
        at = {}
        for name, constant in call.constants.items():
            blob += bytes(-len(blob) % constant.alignment)
            at[name] = len(blob)
            blob += constant.data
        places.append(at)
    return bytes(blob), places


def describe(
    graph: Graph,
    storage: Storage,
    calls: Sequence[KernelCall],
    plan: Plan,
    places: Sequence[Mapping[str, int]],
    constants_bytes: int,
    variant: Variant,
) -> dict[str, Any]:
    """The description: plain numbers, strings, lists and dicts."""
    writes_left = Counter(root for call in calls for root in call.outputs)
    steps: list[dict[str, Any]] = []
    number = 0
    for index, (call, at) in enumerate(zip(calls, places, strict=True)):
        step = _step(call, at, storage, plan, index)
        for root in call.outputs:
            writes_left[root] -= 1
            if writes_left[root] == 0:  # a tensor filled by several steps is reported after the last
                if call.private:
                    continue
                place = _place(root, storage, plan)
                step["traced"].append({"number": number, "place": place, "bytes": graph.tensors[root].bytes})
                number += 1
        steps.append(step)
    return {
        "format": LAYOUT_FORMAT,
        "abi": KERNEL_ABI,
        "variant": variant.name,
        "constants_bytes": constants_bytes,
        "constants_alignment": variant.constants_alignment,
        "arena_bytes": -(-plan.bytes // variant.arena_alignment) * variant.arena_alignment,
        "arena_alignment": variant.arena_alignment,
        "inputs": _ports(graph, graph.inputs),
        "outputs": _ports(graph, graph.outputs),
        "steps": steps,
    }


def _step(
    call: KernelCall, at: Mapping[str, int], storage: Storage, plan: Plan, index: int
) -> dict[str, Any]:
    inputs = []
    for number, root in enumerate(call.inputs):
        operand = at.get(f"operand_{number}")
        inputs.append(_place(root, storage, plan) if operand is None else ["constants", operand])
    return {
        "function": call.function,
        "header": call.header,
        "parameters": call.parameters,
        "summary": call.summary,
        "fields": {name: _plain(value) for name, value in call.fields.items()},
        "constants": {
            name: {
                "offset": at[name],
                "bytes": len(constant.data),
                "alignment": constant.alignment,
                "packing": constant.packing,
            }
            for name, constant in call.constants.items()
        },
        "inputs": inputs,
        "outputs": [_place(root, storage, plan) for root in call.outputs] or [["output", 0]],
        "scratch": plan.offsets.get(scratch_key(index)),
        "state": [plan.offsets[state_key(index)], call.state_bytes] if call.state_bytes else None,
        "macs": call.macs,
        "facts": dict(call.facts),
        "instances": list(call.instances),
        "traced": [],
    }


def _plain(value: Any) -> Any:
    """Tuples as lists and mappings as dicts, which JSON and CBOR both know."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _place(root: int, storage: Storage, plan: Plan) -> Place:
    if root in storage.outputs:
        return ["output", storage.outputs[root]]
    if root in storage.inputs:
        return ["input", storage.inputs[root]]
    return ["arena", plan.offsets[tensor_key(root)]]


def _ports(graph: Graph, ports: tuple[Port, ...]) -> list[dict[str, Any]]:
    return [
        {
            "name": port.name,
            "shape": list(graph.tensors[port.tensor].shape),
            "dtype": graph.tensors[port.tensor].dtype,
            "offset": at,
            "bytes": graph.tensors[port.tensor].bytes,
        }
        for port, at in zip(ports, offsets(graph, ports), strict=True)
    ]
