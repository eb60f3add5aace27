"""Output channels in the form that the m4 kernels multiply: which packing is exact is proved here.

A kernel sums 2^d times what TFLite sums: d = 8 where weights are packed two to a halfword, d = 2 where each
takes a halfword (dsp.h). TFLite then computes, with multiplier m and right shift n,

    x = floor((sum m + 2^30) / 2^31),   y = x / 2^n rounded half away from zero, plus zero point z.

For x >= 0 both floors merge: y = floor((sum m + 2^30 + 2^(30+n) + z 2^(31+n)) / 2^(31+n)); for x < 0 the same
holds less 2^31 in the numerator. With sums times 2^d every term is a multiple of 2^32 / 2^d, d >= 2, so

    y = (high word of (2^d sum) m + add) >> (d + n - 1),  add = 2^(d-2) + 2^(d+n-2) + z 2^(d+n-1),

exactly, less 2^(d-1) for negative sums. Under ReLU with z = -128 negative sums end at -128 either way, so
that correction is left out. What must hold is that no sum leaves its bits over all inputs, and that add fits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.compile.ir import Constant, Graph, Operation, Tensor
from aurora.compile.quantise import (
    INT8_MAX,
    INT8_MIN,
    WORD,
    activation_range,
    channel_factors,
    quantise_multiplier,
)
from aurora.compile.variant import Variant
from aurora.compile.weights import bias_of

Ints = NDArray[np.int64]

PACKED, WIDE = 0, 1  # NN_M4_PACKED, NN_M4_WIDE of dsp.h
FACTOR_BITS = {PACKED: 8, WIDE: 2}  # d
SUM_LIMIT = {PACKED: 1 << 23, WIDE: 1 << 29}  # 2^d sum stays inside 32 bits
ADD_BITS = 30  # of 2^d 2^n 2^7, and as much again for the high word
PACKED_SLACK = 0.75  # of the limit: so that a network trained again is packed as well
GROUP = 4


@dataclass(frozen=True, eq=False)
class Sums:
    """``weights`` [channels, k] and ``bias`` with the input's zero point folded in; ``requants`` are
    (multiplier, add, shift) of nn_m4_requant; all for sums of ``kind``. ``relu``: see above."""

    kind: int
    relu: bool
    weights: Ints
    bias: Ints
    requants: Ints


def exact_output(total: int, multiplier: int, shift: int, zero: int) -> int:
    """TFLite's own arithmetic, the activation's clamp aside. ``shift`` is the right shift."""
    x = (total * multiplier + (1 << 30)) >> 31
    mask = (1 << shift) - 1
    x = (x >> shift) + int((x & mask) > (mask >> 1) + (x < 0))
    return max(INT8_MIN, min(INT8_MAX, x + zero))


def sums_of(
    graph: Graph, op: Operation, matrix: NDArray[np.int8], variant: Variant, *, wide: bool = False
) -> Sums | None:
    """The channels of ``op`` with weights ``[channels, k]``: packed where that is proved and ``wide`` is not
    asked for, wide otherwise; None where neither is exact. For a deployed program: what that one has."""
    x, weights, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    low, _ = activation_range(op, out, int(op.options["activation"]))
    relu = int(op.options["activation"]) != 0 and low == out.zero_point == INT8_MIN
    kinds: tuple[int, ...] = (WIDE,) if wide else (PACKED, WIDE)
    slack = PACKED_SLACK
    if variant.wish is not None:
        wish = dict(variant.wish)
        if "kind" not in wish:
            return None
        kinds, slack = tuple({wish["kind"]} & {*kinds, WIDE}), 1.0
        relu = relu and wish.get("relu") == 1
    for kind in kinds:
        limit = SUM_LIMIT.get(kind, 0) * (slack if kind == PACKED else 1)
        result = _proved(graph, op, matrix, (x, weights, out), kind, relu, limit)
        if result is not None:
            return result
    return None


def _proved(
    graph: Graph,
    op: Operation,
    matrix: NDArray[np.int8],
    tensors: tuple[Tensor, Tensor, Tensor],
    kind: int,
    relu: bool,
    limit: float,
) -> Sums | None:
    x, weights, out = tensors
    values = matrix.astype(np.int64)
    bias = bias_of(graph, op, len(values)) - x.zero_point * values.sum(axis=1)
    positive, negative = np.maximum(values, 0).sum(axis=1), np.minimum(values, 0).sum(axis=1)
    low = bias + INT8_MIN * positive + INT8_MAX * negative
    high = bias + INT8_MAX * positive + INT8_MIN * negative
    scale = FACTOR_BITS[kind]
    pairs = [quantise_multiplier(factor) for factor in channel_factors(x, weights, out)]
    pairs = pairs * (len(values) // len(pairs))
    requants = np.zeros((len(values), 3), np.int64)
    kept, kept_bias = values.copy(), bias.copy()
    for channel, (multiplier, left) in enumerate(pairs):
        shift = -left
        fits = int(max(abs(low[channel]), abs(high[channel]))) < limit
        fits = fits and (0 if relu else 1) <= shift <= ADD_BITS - 7 - scale and multiplier > 0
        if kind == PACKED and int(values[channel].min()) == INT8_MIN:
            fits = False
        if fits:
            add = (1 << (scale - 2)) + (out.zero_point << (scale + shift - 1))
            add += 1 << (scale + shift - 2) if shift else 0
            requants[channel] = multiplier, add, scale + shift - 1
            continue
        constant = _constant(int(low[channel]), int(high[channel]), multiplier, shift, out.zero_point)
        if constant is None:
            return None
        kept[channel], kept_bias[channel], requants[channel] = 0, 0, (0, constant, 0)
    return Sums(kind, relu, kept, kept_bias, requants)


def _constant(low: int, high: int, multiplier: int, shift: int, zero: int) -> int | None:
    """The output of a channel whose sums all give the same one (pruned, or dead after training)."""
    if shift < 0 or not -(1 << 31) <= low <= high < 1 << 31:
        return None
    ends = {exact_output(total, multiplier, shift, zero) for total in (low, high)}
    return ends.pop() if len(ends) == 1 else None


def weight_words(sums: Sums, groups: int) -> NDArray[np.uint32]:
    """[channels, groups, words]: one word per group of 4 weights where packed, two where wide."""
    channels, k = sums.weights.shape
    flat = np.zeros((channels, groups * GROUP), np.int64)
    flat[:, :k] = sums.weights
    w = flat.reshape(channels, groups, GROUP)
    if sums.kind == WIDE:
        w <<= FACTOR_BITS[WIDE]
        return np.stack([_halves(w[..., 0], w[..., 2]), _halves(w[..., 1], w[..., 3])], axis=-1)
    return _halves(256 * w[..., 1] + w[..., 0], 256 * w[..., 3] + w[..., 2])[..., None]


def _halves(low: Ints, high: Ints) -> NDArray[np.uint32]:
    return ((low & 0xFFFF) | (high & 0xFFFF) << 16).astype(np.uint32)


def bias_words(sums: Sums, groups: int) -> NDArray[np.uint32]:
    """[channels]: biases at the sums' scale, less what packed activations add (127 for each even weight)."""
    bias = sums.bias << FACTOR_BITS[sums.kind]
    if sums.kind == PACKED:
        bias = bias - 127 * sums.weights[:, 0::2].sum(axis=1)
    return (bias & 0xFFFFFFFF).astype(np.uint32)


def stream(
    sums: Sums, groups: int, together: int, copies: int, packing: str, *, by_word: bool = False
) -> tuple[Constant, int]:
    """The stream that a kernel of ``together`` channels at a time reads, and its bytes per such set: biases
    (each ``copies`` times), weights by group, requants. The last set overlaps the one before where the
    channels are not a multiple. Of wide weights ``by_word`` puts all channels' first words before their
    second."""
    channels = len(sums.bias)
    sets = list(range(0, channels - together + 1, together))
    if channels % together:
        sets.append(channels - together)
    index = np.array(sets)[:, None] + np.arange(together)
    biases = np.repeat(bias_words(sums, groups)[index], copies, axis=1)
    axes = (0, 2, 3, 1) if by_word else (0, 2, 1, 3)
    words = weight_words(sums, groups)[index].transpose(axes).reshape(len(sets), -1)
    requants = (sums.requants & 0xFFFFFFFF).astype(np.uint32)[index].reshape(len(sets), -1)
    rows = np.concatenate([biases, words, requants], axis=1)
    kind = "wide" if sums.kind == WIDE else "packed"
    form = "relu" if sums.relu else "any"
    text = f"m4 {packing}: {together} channels, {groups} groups, bias x{copies}, {kind}, {form}"
    return Constant(rows.astype("<u4").tobytes(), WORD, text), 4 * rows.shape[1]
