"""The compiler's course: front end, passes, lowering, placement, emission."""

from __future__ import annotations

from dataclasses import replace

from aurora.compile.emit import emit_header, emit_source
from aurora.compile.fit import Deployed, check_fit, deployed_facts
from aurora.compile.front import read_model
from aurora.compile.ir import Graph, Port
from aurora.compile.layout import describe, layout_id, place_constants
from aurora.compile.lint import lint
from aurora.compile.lower import lower
from aurora.compile.passes.check import check
from aurora.compile.passes.fold import fold
from aurora.compile.passes.order import order
from aurora.compile.passes.shapes import known_shapes
from aurora.compile.passes.spare import place
from aurora.compile.passes.storage import assign_storage, offsets
from aurora.compile.program import Program, TensorIO
from aurora.compile.report import make_report
from aurora.compile.variant import variant_of


def compile_model(
    tflite: bytes,
    core: str,
    *,
    trace: bool = False,
    name: str = "model",
    fuse: bool = True,
    for_layout: Deployed | None = None,
) -> Program:
    """Compile an int8 .tflite for ``core`` ("cortex-m4f", "host", ...).

    ``trace`` makes the program report every tensor it writes; ``name`` only labels the report; without
    ``fuse`` every operation stays a step of its own, so that a trace shows all tensors.
    ``for_layout`` is the layout (or its id) of a deployed program that shall run this model: its choices are
    kept where they hold, and ModelRefused names the first difference where they do not. Raises
    ModelRefused naming operation, tensor and reason for what the engine cannot run, InputError for a damaged
    file.
    """
    variant = replace(variant_of(core), fuse=fuse)
    read = read_model(tflite)
    graph = fold(known_shapes(read))
    check(graph)
    graph = order(graph)
    storage = assign_storage(graph)
    facts = deployed_facts(for_layout)
    calls, buffers, plan = place(
        graph, storage, lambda spare: lower(graph, storage, variant, facts, spare), variant.buffer_alignment
    )
    constants, places = place_constants(calls)
    layout = describe(graph, storage, calls, plan, places, len(constants), variant)
    check_fit(layout, for_layout)
    identity = layout_id(layout)
    report = make_report(name, core, graph, calls, buffers, plan, layout, constants)
    report["warnings"] = [finding.record() for finding in lint(read, calls, variant)]
    return Program(
        name=name,
        core=core,
        variant=variant.name,
        layout_id=identity,
        layout=layout,
        source=emit_source(layout, identity, trace=trace),
        header=emit_header(layout, identity),
        constants=constants,
        constants_alignment=variant.constants_alignment,
        arena_bytes=layout["arena_bytes"],
        arena_alignment=variant.arena_alignment,
        inputs=_ports(graph, graph.inputs),
        outputs=_ports(graph, graph.outputs),
        report=report,
    )


def _ports(graph: Graph, ports: tuple[Port, ...]) -> tuple[TensorIO, ...]:
    result = []
    for port, at in zip(ports, offsets(graph, ports), strict=True):
        tensor = graph.tensors[port.tensor]
        result.append(
            TensorIO(port.name, tensor.shape, tensor.dtype, tensor.scale, tensor.zero_point, at, tensor.bytes)
        )
    return tuple(result)
