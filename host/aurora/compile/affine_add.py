"""ADD as one affine form of the two bytes, where that is TFLite's result for each of the 65,536 pairs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aurora.compile.ir import Constant, Graph, KernelCall, Operation
from aurora.compile.ops import supported
from aurora.compile.quantise import INT8_MAX, INT8_MIN, WORD, activation_range, quantise_multiplier, words
from aurora.compile.variant import Variant

FRACTION_BITS = 20  # of the sum in TFLite
SHIFT = 21
NEARBY = (0, 1, -1, 2, -2, 3, -3)
FAR = 1 << 40


def affine_add(graph: Graph, op: Operation) -> tuple[int, int, int] | None:
    """(ka, kb, kc) with (a ka + b kb + kc) >> SHIFT, saturated, equal to TFLite's sum for every pair and
    inside 32 bits; None where there are none, or a clamp is narrower than int8."""
    a, b, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    if activation_range(op, out, int(op.options["activation"])) != (INT8_MIN, INT8_MAX):
        return None
    return _search(a.scale, b.scale, out.scale, (a.zero_point, b.zero_point, out.zero_point))


def affine_add_call(graph: Graph, op: Operation, variant: Variant, kernel: str) -> KernelCall | None:
    """``op`` on nn_<kernel>_add; None where the tensors are not of one shape.

    Whether the affine form holds is a word of the constants, so that it does not change the layout.
    """
    (portable,) = supported()[op.kind].lower(graph, op, variant)
    if portable.function != "nn_add":
        return None
    found = affine_add(graph, op)
    values = [0, 0, 0, 0] if found is None else [*found, 1]
    return replace(
        portable,
        function=f"nn_{kernel}_add",
        header=f"{kernel}/add.h",
        parameters=f"nn_{kernel}_add_params",
        constants={
            "values": Constant(words(values), WORD, f"nn_{kernel}_add_values"),
            "exact": portable.constants["values"],
        },
        overlaps={0: 0, 1: 0},
    )


@lru_cache(maxsize=64)
def _search(
    a_scale: float, b_scale: float, scale: float, zeros: tuple[int, int, int]
) -> tuple[int, int, int] | None:
    one = 1 << SHIFT
    if max(a_scale, b_scale) / scale * one * 256 >= 1 << 31:
        return None
    values = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
    twice = 2 * max(a_scale, b_scale)
    left = _scaled((values - zeros[0]) << FRACTION_BITS, a_scale / twice)
    right = _scaled((values - zeros[1]) << FRACTION_BITS, b_scale / twice)
    total = _scaled(left[:, None] + right[None, :], twice / ((1 << FRACTION_BITS) * scale)) + zeros[2]
    want = np.clip(total, INT8_MIN, INT8_MAX)
    for da, db in itertools.product(NEARBY, repeat=2):
        ka, kb = round(a_scale / scale * one) + da, round(b_scale / scale * one) + db
        base = values[:, None] * ka + values[None, :] * kb
        # every pair bounds kc from below (its output is reached) and from above (and not exceeded)
        least = np.where(want > INT8_MIN, want * one - base, -FAR).max()
        most = np.where(want < INT8_MAX, (want + 1) * one - 1 - base, FAR).min()
        kc = int(least + most) // 2
        ends = (int(base.min()), int(base.max()), int(base.min()) + kc, int(base.max()) + kc, kc)
        if least <= most and max(map(abs, ends)) < 1 << 31:
            return ka, kb, kc
    return None


def _scaled(x: NDArray[np.int64], real: float) -> NDArray[np.int64]:
    """nn_scale of requantize.h."""
    multiplier, shift = quantise_multiplier(real)
    product = ((x << max(shift, 0)) * multiplier + (1 << 30)) >> 31
    return product if shift >= 0 else (product - (product < 0) + (1 << (-shift - 1))) >> -shift
