"""Order of execution, which also drops dead operations.

The order follows the outputs by name, each depth first through its operands. So it depends on the network's
structure alone and not on the order in which a converter happened to write two heads: the same architecture,
trained again, gives the same program.
"""

from __future__ import annotations

from dataclasses import replace

from aurora.compile.ir import Graph, Operation


def order(graph: Graph) -> Graph:
    """The graph with the operations that outputs need, in canonical order."""
    producer = {index: op for op in graph.operations for index in op.outputs}
    done: set[int] = set()
    ordered: list[Operation] = []
    stack = [producer[port.tensor] for port in reversed(graph.outputs) if port.tensor in producer]
    while stack:
        op = stack[-1]
        if op.position in done:
            stack.pop()
            continue
        waiting = [producer[i] for i in op.inputs if i in producer and producer[i].position not in done]
        if waiting:
            stack.extend(reversed(waiting))
            continue
        done.add(op.position)
        ordered.append(op)
        stack.pop()
    return replace(graph, operations=tuple(ordered))
