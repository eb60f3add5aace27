"""ADD as one affine form of the two bytes, where that gives TFLite's result for each of the 65,536 pairs."""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aurora.compile.groups import Group
from aurora.compile.ir import Constant, Graph, KernelCall, Operation, shape_text
from aurora.compile.m55.form import form_of, in_arena
from aurora.compile.ops import supported
from aurora.compile.quantise import WORD, activation_range, quantise_multiplier, words
from aurora.compile.variant import Variant

KINDS = ("ADD",)
FRACTION_BITS = 20  # of the sum in TFLite
SHIFT = 21
NEARBY = (0, 1, -1, 2, -2, 3, -3)
ROUNDING = (1 << (SHIFT - 1)) + (1 << 15)  # of the kernel's two narrowing shifts


def takes(graph: Graph, op: Operation) -> bool:
    a, b, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    if a.index == b.index or a.shape != out.shape or b.shape != out.shape or len(out.shape) != 4:
        return False
    return all(in_arena(graph, tensor) for tensor in (a, b, out))


def lower(graph: Graph, op: Operation, variant: Variant) -> Group | None:
    if not takes(graph, op):
        return None
    (portable,) = supported()[op.kind].lower(graph, op, variant)
    found = _coefficients(graph, op)
    values = (0, 0, 0, 0) if found is None else (*found, 1)
    tensors = (graph.activation(op), graph.activation(op, 1), graph.result(op))
    a, b, y = (form_of(graph, tensor, variant) for tensor in tensors)
    rows, width = y.rows, y.columns * y.column
    if a.contiguous and b.contiguous and y.contiguous:
        rows, width = 1, rows * width
    call = KernelCall(
        function="nn_m55_add",
        header="m55/add.h",
        parameters="nn_m55_add_params",
        summary=f"ADD {shape_text(tensors[2].shape)}",
        fields={
            "rows": rows,
            "width": width,
            "start": (a.start, b.start, y.start),
            "row": (a.row, b.row, y.row),
            "y_border": y.border_bytes(),
        },
        constants={
            "values": Constant(words(list(values)), WORD, "nn_m55_add_values"),
            "exact": portable.constants["values"],
        },
        inputs=(tensors[0].index, tensors[1].index),
        outputs=(tensors[2].index,),
        room={} if y.plain else {tensors[2].index: y.bytes},
        private=not y.plain,
    )
    return Group((call,))


def _coefficients(graph: Graph, op: Operation) -> tuple[int, int, int] | None:
    a, b, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    limits = activation_range(op, out, int(op.options["activation"]))
    return _search(a.scale, b.scale, out.scale, (a.zero_point, b.zero_point, out.zero_point), limits)


@lru_cache(maxsize=64)
def _search(
    a_scale: float, b_scale: float, scale: float, zeros: tuple[int, int, int], limits: tuple[int, int]
) -> tuple[int, int, int] | None:
    """(ka, kb, kc) with (a * ka + b * kb + kc) >> SHIFT, saturated, equal to TFLite's sum for every pair."""
    low, high = limits
    if (low, high) != (-128, 127):
        return None
    values = np.arange(-128, 128, dtype=np.int64)
    twice = 2 * max(a_scale, b_scale)
    left = _scaled((values - zeros[0]) << FRACTION_BITS, a_scale / twice)
    right = _scaled((values - zeros[1]) << FRACTION_BITS, b_scale / twice)
    total = _scaled(left[:, None] + right[None, :], twice / ((1 << FRACTION_BITS) * scale)) + zeros[2]
    want = np.clip(total, low, high)
    one = 1 << SHIFT
    if max(a_scale, b_scale) / scale * one * 256 >= 2**31:
        return None
    for da, db in itertools.product(NEARBY, repeat=2):
        ka, kb = round(a_scale / scale * one) + da, round(b_scale / scale * one) + db
        base = values[:, None] * ka + values[None, :] * kb
        # every pair bounds kc from below (its output is reached) and from above (and not exceeded)
        least = np.where(want > low, want * one - base, -(2**40)).max()
        most = np.where(want < high, (want + 1) * one - 1 - base, 2**40).min()
        kc = int(least + most) // 2
        if least <= most and abs(base + kc).max() < 2**31 - 2 * ROUNDING:
            return ka, kb, kc - ROUNDING
    return None


def _scaled(x: NDArray[np.int64], real: float) -> NDArray[np.int64]:
    """nn_scale of requantize.h for a factor below one."""
    multiplier, shift = quantise_multiplier(real)
    if shift > 0:
        x, shift = x << shift, 0
    product = (x * multiplier + (1 << 30)) >> 31
    return product if shift == 0 else (product - (product < 0) + (1 << (-shift - 1))) >> -shift
