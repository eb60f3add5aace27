"""UNIDIRECTIONAL_SEQUENCE_LSTM: int8 with a 16-bit cell; without peepholes, projection or layer norm."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, Tensor, refused, shape_text
from aurora.compile.operands import constant_matrix, own_state
from aurora.compile.ops import OpSupport
from aurora.compile.passes.zero_points import folded_bias
from aurora.compile.quantise import WORD, requant_pair, words
from aurora.compile.sigmoid import interpolation_table
from aurora.compile.variant import Variant

X, WEIGHTS, RECURRENT, BIASES = 0, (1, 2, 3, 4), (5, 6, 7, 8), (12, 13, 14, 15)
HIDDEN, CELL = 18, 19
ABSENT = (9, 10, 11, 16, 17, 20, 21, 22, 23)  # peepholes, projection, layer norm
OPERANDS = 24
TANH = 4  # ActivationFunctionType
GATE_SCALE, PRODUCT_SCALE = 2.0**-12, 2.0**-15  # Q3.12 before an activation, Q0.15 after it
CLIP_MAX, NO_CLIP = 32767, 32768
LARGEST_TANH_SHIFT = 14
LOG_TOLERANCE = 1e-3  # TFLite's own


def _sizes(graph: Graph, op: Operation) -> tuple[int, int, int]:
    """Time steps, inputs, units."""
    x, out = graph.activation(op), graph.result(op)
    time, batch = (0, 1) if op.options["time_major"] else (1, 0)
    if len(x.shape) != 3 or len(out.shape) != 3 or x.shape[batch] != 1 or x.shape[:2] != out.shape[:2]:
        raise refused(op, x, f"needs a batch of 1 and 3 axes, not {shape_text(x.shape)}")
    return x.shape[time], x.shape[2], out.shape[2]


def check(graph: Graph, op: Operation) -> None:
    x = graph.activation(op)
    if len(op.inputs) != OPERANDS or any(op.inputs[number] != -1 for number in ABSENT):
        raise refused(op, x, "has peepholes, a projection or layer norm", "use keras.layers.LSTM as it is")
    if op.options["activation"] != TANH:
        raise refused(op, x, f"its activation {op.options['activation']} is not tanh", "use tanh")
    _, inputs, units = _sizes(graph, op)
    for number in WEIGHTS:
        constant_matrix(op, graph.activation(op, number), (units, inputs), ("int8",))
    for number in RECURRENT:
        constant_matrix(op, graph.activation(op, number), (units, units), ("int8",))
    for number in BIASES:
        bias = graph.activation(op, number)
        if bias.data is None or bias.dtype != "int32" or bias.elements != units:
            raise refused(op, bias, f"its bias is not a constant of {units} int32")
    own_state(graph, op, HIDDEN, ("int8",), units)
    cell = own_state(graph, op, CELL, ("int16",), units)
    power = math.log2(cell.scale)
    if abs(power - round(power)) > LOG_TOLERANCE or cell.zero_point:
        raise refused(op, cell, f"its cell's scale {cell.scale:.6g} is not a power of two with zero point 0")
    if _cell_shift(cell) > LARGEST_TANH_SHIFT:
        raise refused(op, cell, f"its cell's scale {cell.scale:.6g} is too large")


def _cell_shift(cell: Tensor) -> int:
    """The cell's scale as 2^(shift - 12)."""
    return 12 + round(math.log2(cell.scale))


def _clip(op: Operation, cell: Tensor) -> int:
    clip = float(op.options["cell_clip"])
    return int(min(clip / cell.scale, CLIP_MAX)) if clip > 0 else NO_CLIP


def _values(graph: Graph, op: Operation) -> list[int]:
    """nn_lstm_values."""
    hidden, cell, out = graph.activation(op, HIDDEN), graph.activation(op, CELL), graph.result(op)
    values: list[int] = []
    for source, numbers in ((graph.activation(op), WEIGHTS), (hidden, RECURRENT)):
        for number in numbers:
            factor = source.scale * graph.activation(op, number).scale / GATE_SCALE
            values += requant_pair(op, out, factor)
    square = PRODUCT_SCALE * PRODUCT_SCALE
    for factor in (PRODUCT_SCALE * cell.scale / cell.scale, square / cell.scale, square / hidden.scale):
        values += requant_pair(op, out, factor)
    shift = _cell_shift(cell)
    return [*values, hidden.zero_point, _clip(op, cell), 3 << max(shift, 0), max(-shift, 0)]


def _stack(graph: Graph, op: Operation, numbers: tuple[int, ...]) -> NDArray[np.int8]:
    """[gate, unit, column]."""
    return np.stack([np.asarray(graph.activation(op, number).data, np.int8) for number in numbers])


def _biases(graph: Graph, op: Operation) -> NDArray[np.int64]:
    return np.stack(
        [np.asarray(graph.activation(op, number).data, np.int64).reshape(-1) for number in BIASES]
    )


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out, hidden = graph.activation(op), graph.result(op), graph.activation(op, HIDDEN)
    steps, inputs, units = _sizes(graph, op)
    weights, recurrent = _stack(graph, op, WEIGHTS), _stack(graph, op, RECURRENT)
    bias, none = _biases(graph, op).reshape(-1), np.zeros(4 * units, np.int64)
    alignment = variant.weights_alignment
    return (
        KernelCall(
            function="nn_lstm",
            header="lstm.h",
            parameters="nn_lstm_params",
            summary=f"UNIDIRECTIONAL_SEQUENCE_LSTM {shape_text(x.shape)} -> {shape_text(out.shape)}",
            fields={"steps": steps, "inputs": inputs, "units": units},
            constants={
                "weights": Constant(weights.tobytes(), alignment, "int8 [gate][unit][input]"),
                "recurrent": Constant(recurrent.tobytes(), alignment, "int8 [gate][unit][unit]"),
                "bias": folded_bias(weights.reshape(4 * units, inputs), bias, x.zero_point),
                "recurrent_bias": folded_bias(recurrent.reshape(4 * units, units), none, hidden.zero_point),
                "sigmoid": Constant(interpolation_table(), WORD, "uint16 [256] sigmoid"),
                "values": Constant(words(_values(graph, op)), WORD, "nn_lstm_values"),
            },
            inputs=(x.index,),
            outputs=(out.index,),
            macs=steps * 4 * units * (inputs + units),
            scratch_bytes=4 * units * 2,
            state_bytes=WORD + units * 3,
        ),
    )


SUPPORT = OpSupport(
    kind="UNIDIRECTIONAL_SEQUENCE_LSTM",
    check=check,
    lower=lower,
    table="UnidirectionalSequenceLSTMOptions",
    options={"activation": "FusedActivationFunction", "cell_clip": "CellClip", "time_major": "TimeMajor"},
)
