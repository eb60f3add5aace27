"""HARD_SWISH: a table, x min(max(x + 3, 0), 6) / 6 in TFLite Micro's 16-bit fixed point."""

from __future__ import annotations

import numpy as np

from aurora.compile.ir import Graph, KernelCall, Operation, refused, shape_text
from aurora.compile.lookup import clamped, lookup_call, round_shift
from aurora.compile.ops import OpSupport
from aurora.compile.quantise import quantise_multiplier
from aurora.compile.variant import Variant

INT16_MIN, INT16_MAX = -32768, 32767
SMALLEST_EXPONENT, LARGEST_EXPONENT = -15, 30


def _factor(ratio: np.float32) -> tuple[int, int]:
    """(16-bit multiplier, exponent) of a factor."""
    multiplier, exponent = quantise_multiplier(float(ratio))
    return min((multiplier + (1 << 15)) >> 16, INT16_MAX), exponent


def _factors(graph: Graph, op: Operation) -> tuple[tuple[int, int], tuple[int, int]]:
    """From the input times 128 to the output's scale, and to 3 / 32768."""
    fine = np.float32(1 / 128) * np.float32(graph.activation(op).scale)
    with np.errstate(over="ignore"):
        return (
            _factor(fine / np.float32(graph.result(op).scale)),
            _factor(fine / (np.float32(3) / np.float32(32768))),
        )


def check(graph: Graph, op: Operation) -> None:
    x, out = graph.activation(op), graph.result(op)
    if x.shape != out.shape:
        raise refused(op, out, f"{shape_text(x.shape)} cannot become {shape_text(out.shape)}")
    if not x.scale / out.scale < 128 or not x.scale < 1e4:
        raise refused(op, out, f"its scales {x.scale:.3g} and {out.scale:.3g} are beyond its fixed point")
    (_, exponent), (_, inner) = _factors(graph, op)
    if not SMALLEST_EXPONENT <= exponent <= 0 or not SMALLEST_EXPONENT <= inner <= LARGEST_EXPONENT:
        raise refused(op, out, f"its scales {x.scale:.3g} and {out.scale:.3g} are beyond its fixed point")


def _saturated(value: int) -> int:
    return min(max(value, INT16_MIN), INT16_MAX)


def _rounded_high(a: int, b: int) -> int:
    """High half of 2ab of two int16, rounded half up."""
    return _saturated((a * b + (1 << 14)) >> 15)


def _gate(fine: int, multiplier: int, exponent: int) -> int:
    """min(max(x + 3, 0), 6) / 6 in Q0.15."""
    value = fine
    if exponent > 0:
        value = _saturated(value << (exponent - 1))
    value = _rounded_high(value, multiplier)
    if exponent > 0:
        value = _saturated(value << 1)
    elif exponent < 0:
        value = round_shift(value, -exponent)
    return (value + (1 << 15)) >> 1


def lower(graph: Graph, op: Operation, variant: Variant) -> tuple[KernelCall, ...]:
    x, out = graph.activation(op), graph.result(op)
    (multiplier, exponent), inner = _factors(graph, op)

    def value(stored: int) -> int:
        fine = (stored - x.zero_point) * 128
        product = _gate(fine, *inner) * _rounded_high(fine, multiplier)
        high = product >> 15 if product >= 0 else -(-product >> 15)  # towards zero
        return clamped(round_shift(high, -exponent) + out.zero_point)

    return (lookup_call(graph, op, value),)


SUPPORT = OpSupport(kind="HARD_SWISH", check=check, lower=lower)
