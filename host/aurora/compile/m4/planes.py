"""Channels of a depthwise convolution with one common last shift: exactness is proved channel by channel.

Weights take a halfword, so sums may be 2^d times TFLite's with a d of each channel's own: with right shift n,
d = shift + 1 - n makes the last shift of the short form (sums.py) the same for all channels, an immediate in
the kernel's instructions. Where no shift suits all channels, each keeps its own, read from the stream. A
channel whose sums all give the same output becomes that constant where it fits no form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.compile.ir import Graph, Operation
from aurora.compile.m4.sums import Ints, exact_output
from aurora.compile.quantise import INT8_MAX, INT8_MIN, activation_range, channel_factors, quantise_multiplier
from aurora.compile.variant import Variant
from aurora.compile.weights import bias_of

EACH = 0  # instead of a shift: channels have their own
SHIFTS = (10, 8, 12, EACH)  # by preference; d of 2 to 8 takes factors from 2^-9 to 2^-3 at 10
LEAST, MOST = 2, 8  # d
SUM_LIMIT = 1 << 31
ADD_BITS = 30  # of zero point and roundings at their last shift, and as much for the high word


@dataclass(frozen=True, eq=False)
class Channels:
    """``weights`` [channels, taps] and ``bias`` at 2^d; ``requants``: multiplier, add and, where ``shift`` is
    EACH, the channel's shift, otherwise without ``relu`` what negative sums lose."""

    shift: int
    relu: bool
    weights: Ints
    bias: Ints
    requants: Ints


@dataclass(frozen=True)
class _Channel:
    low: int
    high: int
    multiplier: int
    right: int
    zero: int

    def exact(self, total: int) -> int:
        return exact_output(total, self.multiplier, self.right, self.zero)


def channels_of(
    graph: Graph, op: Operation, matrix: NDArray[np.int8], variant: Variant, relu_fact: str = "relu"
) -> Channels | None:
    """The channels of ``op`` with weights ``[channels, taps]``; None where they have no exact short form. For
    a deployed program: in the form that its facts "shift" and ``relu_fact`` say."""
    x, weights, out = graph.activation(op), graph.activation(op, 1), graph.result(op)
    low, _ = activation_range(op, out, int(op.options["activation"]))
    relu = int(op.options["activation"]) != 0 and low == out.zero_point == INT8_MIN
    shifts: tuple[int, ...] = SHIFTS
    if variant.wish is not None:
        wish = dict(variant.wish)
        if "shift" not in wish:
            return None
        shifts, relu = (wish["shift"],), relu and wish.get(relu_fact) == 1
    values = matrix.astype(np.int64)
    bias = bias_of(graph, op, len(values)) - x.zero_point * values.sum(axis=1)
    positive, negative = np.maximum(values, 0).sum(axis=1), np.minimum(values, 0).sum(axis=1)
    lows = bias + INT8_MIN * positive + INT8_MAX * negative
    highs = bias + INT8_MAX * positive + INT8_MIN * negative
    pairs = [quantise_multiplier(factor) for factor in channel_factors(x, weights, out)]
    pairs *= len(values) // len(pairs)
    channels = [
        _Channel(int(lows[i]), int(highs[i]), multiplier, -left, out.zero_point)
        for i, (multiplier, left) in enumerate(pairs)
    ]
    for shift in shifts:
        forms = [_form(channel, shift, relu) for channel in channels]
        found = np.array([form for form in forms if form is not None], np.int64)
        if len(found) == len(forms):
            scale, used = np.maximum(found[:, 0], 0), found[:, 0] > 0
            requants = found[:, 1:3] if relu and shift != EACH else found[:, 1:]
            scaled = (values << scale[:, None]) * used[:, None], (bias << scale) * used
            return Channels(shift, relu, *scaled, requants)
    return None


def _form(channel: _Channel, shift: int, relu: bool) -> tuple[int, int, int, int] | None:
    """(d, multiplier, add, the last word of ``requants``); d is 0 for a channel that is a constant."""
    right, reach = channel.right, max(abs(channel.low), abs(channel.high))
    scale = LEAST if shift == EACH else shift + 1 - right
    total = scale + right - 1
    fits = channel.multiplier > 0 and right >= (0 if relu else 1) and total + 8 <= ADD_BITS
    if fits and LEAST <= scale <= MOST and reach << scale < SUM_LIMIT:
        add = (1 << (scale - 2)) + (channel.zero << total) + ((1 << (total - 1)) if right else 0)
        return scale, channel.multiplier, add, total if shift == EACH else 1 << (scale - 1)
    if right < 0 or reach >= SUM_LIMIT or channel.exact(channel.low) != channel.exact(channel.high):
        return None
    return 0, 0, channel.exact(channel.low) << shift, 0
