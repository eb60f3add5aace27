"""SVDF: filters over the input, then over time; state of int8 or int16."""

from __future__ import annotations

import numpy as np

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.operands import constant_matrix, own_state
from aurora.compile.ops import OpSupport
from aurora.compile.passes.zero_points import folded_bias
from aurora.compile.quantise import WORD, requant_pair, words
from aurora.compile.variant import Variant

FEATURE, TIME, BIAS, STATE = 1, 2, 3, 4
NONE, RELU = 0, 1  # both are the output's range alone, in TFLite Micro as well
BIAS_SCALE_TOLERANCE = 1e-5  # TFLite Micro's own


def check(graph: Graph, op: Operation) -> None:
    x, out, rank = graph.activation(op), graph.result(op), int(op.options["rank"])
    weights, time = graph.activation(op, FEATURE), graph.activation(op, TIME)
    if len(x.shape) != 2 or x.shape[0] != 1 or len(weights.shape) != 2 or len(time.shape) != 2:
        raise refused(op, x, f"needs a batch of 1 and 2 axes, not {shape_text(x.shape)}")
    filters, memory = weights.shape[0], time.shape[1]
    if rank < 1 or filters % rank or out.shape != (1, filters // rank) or filters < 1 or memory < 1:
        raise refused(op, out, f"{filters} filters of rank {rank} do not give {shape_text(out.shape)}")
    if op.options["activation"] not in (NONE, RELU):
        raise refused(op, out, "its fused activation has no int8 form", "use ReLU")
    constant_matrix(op, weights, (filters, x.shape[1]), ("int8",))
    constant_matrix(op, time, (filters, memory), ("int8", "int16"))
    state = own_state(graph, op, STATE, ("int8", "int16"), filters * memory)
    if state.dtype != time.dtype or (state.dtype == "int16" and state.zero_point):
        raise refused(op, state, "its state must have the type of the time weights; int16 zero point 0")
    bias = graph.activation(op, BIAS)
    if bias.dtype != "int32" or bias.data is None or bias.elements != filters // rank:
        raise refused(op, bias, f"its bias is not a constant of {filters // rank} int32")
    if abs(bias.scale - state.scale * time.scale) >= BIAS_SCALE_TOLERANCE:
        raise refused(op, bias, "its bias scale is not state scale times time scale")


def _values(graph: Graph, op: Operation) -> list[int]:
    """nn_svdf_values."""
    x, out, state = graph.activation(op), graph.result(op), graph.activation(op, STATE)
    feature = x.scale * graph.activation(op, FEATURE).scale / state.scale
    output = state.scale * graph.activation(op, TIME).scale / out.scale
    pairs = [*requant_pair(op, state, feature), *requant_pair(op, out, output)]
    return [*pairs, state.zero_point, out.zero_point]


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out, rank = graph.activation(op), graph.result(op), int(op.options["rank"])
    weights = np.asarray(graph.activation(op, FEATURE).data, np.int8)
    time = np.asarray(graph.activation(op, TIME).data)
    bias = np.asarray(graph.activation(op, BIAS).data)
    filters, memory = time.shape
    none = np.zeros(filters, np.int64)
    return (
        KernelCall(
            function="nn_svdf",
            header="svdf.h",
            parameters="nn_svdf_params",
            summary=f"SVDF {shape_text(x.shape)} -> {shape_text(out.shape)}, rank {rank}, memory {memory}",
            fields={
                "inputs": x.shape[1],
                "units": filters // rank,
                "rank": rank,
                "memory": memory,
                "narrow": int(graph.activation(op, STATE).dtype == "int8"),
            },
            constants={
                "weights": Constant(weights.tobytes(), variant.weights_alignment, "int8 [filter][input]"),
                "feature_bias": folded_bias(weights, none, x.zero_point),
                "time_weights": Constant(time.astype("<i2").tobytes(), WORD, "int16 [filter][step]"),
                "bias": Constant(bias.astype("<i4").tobytes(), WORD, "int32 bias"),
                "values": Constant(words(_values(graph, op)), WORD, "nn_svdf_values"),
            },
            inputs=(x.index,),
            outputs=(out.index,),
            macs=weights.size + time.size,
            state_bytes=WORD + 2 * time.size,
        ),
    )


SUPPORT = OpSupport(
    kind="SVDF",
    check=check,
    lower=lower,
    table="SVDFOptions",
    options={"rank": "Rank", "activation": "FusedActivationFunction"},
)
