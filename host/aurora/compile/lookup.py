"""Operations on single int8 values as tables of 256 bytes, filled here, at compile time.

The device looks up; so the arithmetic below is the host's alone, and follows TFLite Micro's step by step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aurora.compile.ir import Constant, Graph, KernelCall, Operation, shape_text
from aurora.compile.quantise import INT8_MAX, INT8_MIN

TABLE_ALIGNMENT = 4
INT32_MAX = (1 << 31) - 1


def high_multiply(a: int, b: int) -> int:
    """High half of 2ab of two int32, rounded half up."""
    return min((a * b + (1 << 30)) >> 31, INT32_MAX)


def round_shift(value: int, bits: int) -> int:
    """value / 2^bits, rounded half away from zero."""
    mask = (1 << bits) - 1
    return (value >> bits) + ((value & mask) > (mask >> 1) + (value < 0))


def wrapped(value: int) -> int:
    """The low 32 bits as int32."""
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def scaled(value: int, multiplier: int, shift: int) -> int:
    """MultiplyByQuantizedMultiplier: nn_scale of requantize.h."""
    left, right = max(shift, 0), max(-shift, 0)
    return round_shift(high_multiply(wrapped(value << left), multiplier), right)


def clamped(value: int) -> int:
    return min(max(value, INT8_MIN), INT8_MAX)


def lookup_call(graph: Graph, op: Operation, function: Callable[[int], int]) -> KernelCall:
    """One step that maps each byte of input 0 through ``function``, from stored value to stored value.

    uint8 values count from 0 to 255 on either side.
    """
    x, out = graph.activation(op), graph.result(op)
    # the kernel reads a byte and uses it as an index: 0..127, then -128..-1 of an int8
    values = [function(index if x.dtype == "uint8" or index < 128 else index - 256) for index in range(256)]
    table = (np.array(values) & 0xFF).astype(np.uint8).tobytes()
    return KernelCall(
        function="nn_lookup",
        header="lookup.h",
        parameters="nn_lookup_params",
        summary=f"{op.kind} {shape_text(out.shape)}",
        fields={"count": out.elements},
        constants={"table": Constant(table, TABLE_ALIGNMENT, "int8 by input byte")},
        inputs=(x.index,),
        outputs=(out.index,),
    )
