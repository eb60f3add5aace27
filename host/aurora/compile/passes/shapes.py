"""Shapes that the model works out at run time are known here: what only computes them is dropped.

A converter that was given a dynamic batch writes SHAPE, STRIDED_SLICE and PACK before a RESHAPE. The bytes of
a RESHAPE do not depend on them, and the file states its output's shape.
"""

from __future__ import annotations

from dataclasses import replace

from aurora.compile.ir import Graph, Operation

COMPUTED = ("int32", "int64")


def known_shapes(graph: Graph) -> Graph:
    """The graph whose RESHAPEs take one operand, without the operations that fed only the other."""
    operations = [
        replace(op, inputs=op.inputs[:1]) if op.kind == "RESHAPE" else op for op in graph.operations
    ]
    read = {port.tensor for port in graph.outputs}
    kept: list[Operation] = []
    for op in reversed(operations):
        computes_shapes = all(graph.tensors[index].dtype in COMPUTED for index in op.outputs)
        if computes_shapes and not read & set(op.outputs):
            continue
        read |= set(op.inputs)
        kept.append(op)
    return replace(graph, operations=tuple(reversed(kept)))
