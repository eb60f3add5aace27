"""What the operations with weights share: checks of the weight and bias operands, and their packing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compile.ir import Constant, Graph, Operation, Tensor, refused
from aurora.compile.variant import Variant

BIAS = 2  # the operand's number in most operations


def check_weights(
    graph: Graph, op: Operation, *, rank: int, axis: int, bias: int = BIAS, int4: bool = False
) -> Tensor:
    """The constant, symmetric int8 weight operand of ``op``, or ``int4`` where TFLite Micro knows that; its
    scales are one or one per slice of ``axis``. ``bias`` numbers the bias operand."""
    weights, biases = graph.activation(op, 1), graph.operand(op, bias)
    if weights.dtype == "int4" and not int4:
        raise refused(op, weights, "its weights are int4, which TFLite Micro does not run here", "use int8")
    if weights.dtype not in ("int8", "int4") or weights.data is None or len(weights.shape) != rank:
        raise refused(op, weights, f"its weights are not a constant int8 tensor of rank {rank}")
    quantisation = weights.quantisation
    if quantisation is None:
        raise refused(op, weights, "its weights carry no scale")
    if any(quantisation.zero_points):
        raise refused(op, weights, "its weights have a zero point other than 0")
    channels = weights.shape[axis]
    if len(quantisation.scales) > 1 and (len(quantisation.scales) != channels or quantisation.axis != axis):
        raise refused(op, weights, f"its weights are quantised along axis {quantisation.axis}, not {axis}")
    if biases is not None and (biases.dtype != "int32" or biases.data is None or biases.elements != channels):
        raise refused(op, biases, f"its bias is not a constant of {channels} int32")
    return weights


def bias_of(graph: Graph, op: Operation, channels: int, bias: int = BIAS) -> NDArray[np.int64]:
    """The bias as int64 ``[channels]``; zeros where the operation has none."""
    biases = graph.operand(op, bias)
    if biases is None or biases.data is None:
        return np.zeros(channels, np.int64)
    return biases.data.reshape(-1).astype(np.int64)


def packed(matrix: NDArray[Any], packing: str, variant: Variant) -> Constant:
    """Weights in the order in which ``variant``'s kernel reads them; for portable C that is the file's.

    ``packing`` names the order and enters the layout id. A variant with kernels of its own reorders here.
    """
    return Constant(np.ascontiguousarray(matrix, np.int8).tobytes(), variant.weights_alignment, packing)
