"""The hook of a core variant: lowerings of operations, or of groups of them, to kernels of its own.

A module in the variant's package takes part by defining

    KINDS = ("CONV_2D", ...)                                    # operations that a group may start with
    def lower(graph, op, variant) -> Group | None: ...

``lower`` sees every operation of these kinds that no earlier group took and returns its calls, with the
operations that they replace beside ``op``, or None where it has no kernel; then the next module is asked, and
at last the portable lowering. Modules are asked in order of PRIORITY (0 where there is none), then name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from aurora.compile.ir import Graph, KernelCall, Operation
from aurora.compile.ops import supported
from aurora.compile.variant import Variant


@dataclass(frozen=True)
class Group:
    """Calls for an operation and those in ``fused``, whose intermediate tensors need not exist.

    The calls run in the place of the first operation: whatever else they read is written before it.
    """

    calls: tuple[KernelCall, ...]
    fused: tuple[Operation, ...] = ()


Lowering = Callable[[Graph, Operation, Variant], Group | None]


@cache
def lowerings(package: str) -> Mapping[str, tuple[Lowering, ...]]:
    """Operation -> the variant's lowerings, in the order in which they are asked."""
    if not package:
        return {}
    path = importlib.import_module(package).__path__
    modules = [importlib.import_module(f"{package}.{module.name}") for module in pkgutil.iter_modules(path)]
    modules = [module for module in modules if hasattr(module, "KINDS")]
    modules.sort(key=lambda module: (getattr(module, "PRIORITY", 0), module.__name__))
    found: dict[str, tuple[Lowering, ...]] = {}
    for module in modules:
        for kind in module.KINDS:
            found[kind] = (*found.get(kind, ()), module.lower)
    return found


def lower_group(graph: Graph, op: Operation, variant: Variant) -> Group:
    """``op`` in the variant's best form."""
    for lowering in lowerings(variant.package).get(op.kind, ()):
        group = lowering(graph, op, variant)
        if group is not None:
            return group
    return Group(supported()[op.kind].lower(graph, op, variant))


def only_reader(graph: Graph, op: Operation, variant: Variant) -> Operation | None:
    """The operation that alone reads the result of ``op``;
    None where the result has other readers, is given out, or groups are not wanted."""
    if not variant.fuse:
        return None
    result = op.outputs[0]
    readers = [other for other in graph.operations if result in other.inputs]
    if len(readers) != 1 or any(port.tensor == result for port in graph.outputs):
        return None
    return readers[0]


def given_out(graph: Graph, tensor: int) -> bool:
    """Whether the bytes of ``tensor``, perhaps in another shape, are an output of the model."""
    same = {tensor}
    for op in graph.operations:
        if supported()[op.kind].alias and op.inputs[0] in same:
            same.add(op.outputs[0])
    return any(port.tensor in same for port in graph.outputs)
