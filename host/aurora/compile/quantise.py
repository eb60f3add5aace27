"""Scales to integers, exactly as TFLite Micro prepares them (kernel_util.cc, quantization_util.cc).

Scales are float32 in the file; a factor input x weight / output is formed in double. Older TFLite Micro
rounded the product of a fully connected layer with one scale per tensor to float32; the wheel of October
2026 does not (on mlperf_ad01, float32 differs in 5 of 527,000 bytes, double in none).
"""

from __future__ import annotations

import math
import struct

import numpy as np

from aurora.compile.ir import Constant, Operation, Tensor, refused

WORD = 4
INT8_MIN, INT8_MAX = -128, 127
MAX_LEFT_SHIFT = 30

# ActivationFunctionType of the schema: real bounds of the fused activations that int8 kernels know
FUSED: dict[int, tuple[float | None, float | None]] = {
    0: (None, None),
    1: (0.0, None),
    2: (-1.0, 1.0),
    3: (0.0, 6.0),
}


def quantise_multiplier(real: float) -> tuple[int, int]:
    """A factor as (Q31 multiplier, shift): real ~ multiplier * 2^(shift - 31), multiplier in [2^30, 2^31)."""
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = multiplier // 2, shift + 1
    if real == 0.0 or shift < -31:
        return 0, 0
    return multiplier, shift


def requant_pair(op: Operation, tensor: Tensor, real: float) -> tuple[int, int]:
    """`quantise_multiplier`, refusing factors that 32 bits cannot carry."""
    multiplier, shift = quantise_multiplier(real)
    if not math.isfinite(real) or shift > MAX_LEFT_SHIFT:
        raise refused(op, tensor, f"its scales call for a factor of {real:.3g}, which 32 bits cannot carry")
    return multiplier, shift


def channel_factors(x: Tensor, weights: Tensor, out: Tensor) -> list[float]:
    """Input scale x weight scale / output scale: one per output channel, or a single one."""
    assert weights.quantisation is not None
    return [x.scale * scale / out.scale for scale in weights.quantisation.scales]


def activation_range(op: Operation, out: Tensor, fused: int) -> tuple[int, int]:
    """Clamp of the stored output for a fused activation."""
    if fused not in FUSED:
        raise refused(op, out, f"its fused activation {fused} has no int8 form", "use ReLU or ReLU6")
    low, high = FUSED[fused]
    return (
        INT8_MIN if low is None else max(INT8_MIN, stored_level(op, out, low)),
        INT8_MAX if high is None else min(INT8_MAX, stored_level(op, out, high)),
    )


def stored_level(op: Operation, out: Tensor, real: float) -> int:
    """The stored value of ``real``, rounded half away from zero in float32."""
    ratio = float(np.float32(real) / np.float32(out.scale))
    if abs(ratio) >= 2.0**31:
        raise refused(op, out, f"its scale {out.scale:.3g} cannot represent the bound {real:g}")
    return out.zero_point + int(math.copysign(math.floor(abs(ratio) + 0.5), ratio))


def words(values: list[int]) -> bytes:
    """Little-endian int32 words."""
    return struct.pack(f"<{len(values)}i", *values)


def levels_constant(x: Tensor, out: Tensor, low: int, high: int) -> Constant:
    """nn_levels of requantize.h."""
    return Constant(words([x.zero_point, out.zero_point, low, high]), WORD, "nn_levels")


def requant_constant(pairs: list[tuple[int, int]]) -> Constant:
    """nn_requant[] of requantize.h."""
    return Constant(words([value for pair in pairs for value in pair]), WORD, f"nn_requant[{len(pairs)}]")


def channel_requants(op: Operation, x: Tensor, weights: Tensor, out: Tensor, channels: int) -> Constant:
    """nn_requant per output channel; one scale per tensor is repeated."""
    factors = channel_factors(x, weights, out)
    pairs = [requant_pair(op, out, factor) for factor in factors]
    return requant_constant(pairs * (channels // len(pairs)))
