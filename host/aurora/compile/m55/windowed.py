"""The step of a convolution, depthwise or not: what does not turn on how its sums are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aurora.compile.ir import Constant, Field, Graph, KernelCall, Operation, Tensor, shape_text
from aurora.compile.m55.geometry import Buffers, channel_constant, is_relu
from aurora.compile.quantise import activation_range, levels_constant
from aurora.compile.window import window_of


class Plan(Protocol):
    """``fields`` of nn_m55_conv_params, C for file scope, and the bytes read of an input in place."""

    @property
    def fields(self) -> dict[str, Field]: ...
    @property
    def instances(self) -> tuple[str, ...]: ...
    @property
    def room_in(self) -> int: ...


def window(graph: Graph, op: Operation) -> dict[str, int]:
    """The fields of nn_window."""
    weights = graph.activation(op, 1)
    channels = weights.shape[0 if op.kind == "CONV_2D" else 3]
    return dict(window_of(graph, op, (weights.shape[1], weights.shape[2]), channels).fields)


def by_channel(graph: Graph, op: Operation) -> NDArray[np.int8]:
    """The weights, channel first."""
    weights = np.asarray(graph.activation(op, 1).data, np.int8)
    return weights if op.kind == "CONV_2D" else np.moveaxis(weights, 3, 0)


def windowed_call(
    function: str, graph: Graph, op: Operation, out: Tensor, b: Buffers, plan: Plan, weights: Constant,
    more: Mapping[str, Field], pool: str = "", then: str = "",
) -> KernelCall:  # fmt: skip
    """The step that runs ``function`` and writes ``out``; ``weights`` are in the order of its tile.

    ``more`` are fields beside the plan's, ``pool`` ends the name of the function that finishes a ReLU's sums,
    ``then`` the summary.
    """
    x, taken, made = graph.activation(op), graph.activation(op, 1), graph.result(op)
    f, values, relu = window(graph, op), by_channel(graph, op), is_relu(op, made)
    low, high = activation_range(op, made, int(op.options["activation"]))
    return KernelCall(
        function=function,
        header="m55/conv.h",
        parameters="nn_m55_conv_params",
        summary=f"{op.kind} {shape_text(x.shape)} -> {shape_text(made.shape)}, "
        f"{f['taps_h']}x{f['taps_w']} taps, stride {f['stride_h']}x{f['stride_w']}{then}",
        fields={
            "finish": f"nn_m55_relu{pool}" if relu else "nn_m55_any",
            "channels": len(values),
            **plan.fields,
            **more,
        },
        constants={
            "weights": weights,
            "scales": channel_constant(graph, op, values, x, taken, made),
            "levels": levels_constant(x, made, low, high),
        },
        inputs=(x.index,),
        outputs=(out.index,),
        macs=made.elements * taken.elements // len(values),
        scratch_bytes=b.scratch,
        facts={"relu": int(relu)},
        instances=plan.instances,
        room={out.index: b.target.bytes} | ({} if b.staged else {x.index: plan.room_in}),
        private=not b.target.plain,
    )
