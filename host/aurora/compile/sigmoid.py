"""Logistic function and tanh in the fixed point of gemmlowp, on Python's integers.

Names Qm.n: m integer bits and n fractional bits beside the sign. The constants and the order of operations
are those of gemmlowp's fixedpoint.h, on which TFLite Micro's int8 LOGISTIC and TANH rest; bits depend on it.
"""

from __future__ import annotations

import math
import struct

from aurora.compile.lookup import INT32_MAX, high_multiply, round_shift, wrapped

INTEGER_BITS = 4  # of the argument, Q4.27
FRACTION_BITS = 27
ONE_Q2_29 = 1 << 29
EXP_FACTORS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)  # exp(-2^k), k = -2..4


def argument_factor(scale: float) -> tuple[int, int, int]:
    """(multiplier, left shift, radius): from an input's scale to Q4.27, and where the function saturates."""
    fraction, shift = math.frexp(scale * (1 << FRACTION_BITS))
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    radius = math.floor(((1 << INTEGER_BITS) - 1) * (1 << FRACTION_BITS) / 2.0**shift)
    return multiplier, shift, radius


def logistic(x: int) -> int:
    """1 / (1 + exp(-x)) in Q0.31 for x in Q4.27."""
    if x == 0:
        return 1 << 30
    positive = _reciprocal(_exp(-abs(x)))
    return positive if x > 0 else wrapped(INT32_MAX - positive)


def tanh(x: int) -> int:
    """tanh x in Q0.31 for x in Q4.27."""
    if x == 0:
        return 0
    exp = _exp(-abs(x), integer_bits=INTEGER_BITS + 1)  # exp(-2|x|): the same bits with the point moved
    result = _shifted_left(_newton(exp) - ONE_Q2_29, 2)
    return result if x > 0 else wrapped(-result)


def _exp(x: int, integer_bits: int = INTEGER_BITS) -> int:
    """exp(x) in Q0.31 for x <= 0 with ``integer_bits``: a series modulo 1/4, a factor per bit above."""
    if x == 0:
        return INT32_MAX
    quarter = 1 << (31 - integer_bits - 2)
    remainder = (x & (quarter - 1)) - quarter
    result = _exp_quarter(_shifted_left(remainder, integer_bits))
    rest = remainder - x
    for k, factor in enumerate(EXP_FACTORS[: integer_bits + 2]):
        if rest & (quarter << k):
            result = high_multiply(result, factor)
    return result


def _exp_quarter(x: int) -> int:
    """exp(x) in Q0.31 for -1/4 <= x < 0: Taylor of degree 4 around -1/8."""
    center, one_third = 1895147668, 715827883
    d = x + (1 << 28)
    d2 = high_multiply(d, d)
    d3 = high_multiply(d2, d)
    d4_over_4 = round_shift(high_multiply(d2, d2), 2)
    tail = round_shift(high_multiply(wrapped(d4_over_4 + d3), one_third) + d2, 1)
    return wrapped(center + high_multiply(center, wrapped(d + tail)))


def _newton(x: int) -> int:
    """2 / (1 + x) in Q2.29 for 0 <= x < 1 in Q0.31: three Newton-Raphson steps from a straight line."""
    half_denominator = (x + INT32_MAX + 1) // 2
    estimate = wrapped(1515870810 + high_multiply(half_denominator, -1010580540))
    for _ in range(3):
        error = wrapped(ONE_Q2_29 - high_multiply(half_denominator, estimate))
        estimate = wrapped(estimate + _shifted_left(high_multiply(estimate, error), 2))
    return estimate


def _reciprocal(x: int) -> int:
    """1 / (1 + x) in Q0.31 for 0 <= x < 1 in Q0.31."""
    return _shifted_left(_newton(x), 1)


def _shifted_left(x: int, bits: int) -> int:
    """x * 2^bits, saturated to int32."""
    return min(max(x << bits, -INT32_MAX - 1), INT32_MAX)


def interpolation_table() -> bytes:
    """uint16 [256]: 65536 sigmoid(i / 24), for straight lines between; the table of TFLite Micro's 16-bit
    LOGISTIC and TANH. Each entry is raised by half of what the line would lose to the curve."""
    curve = [65536 / (1 + math.exp(-i / 24)) for i in range(-1, 257)]
    values = [
        math.floor(here - (before - 2 * here + after) / 16 + 0.5)
        for before, here, after in zip(curve, curve[1:], curve[2:], strict=False)
    ]
    return struct.pack("<256H", *values[:-1], 65535)
