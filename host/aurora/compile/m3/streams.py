"""Constants in the order in which the m3 kernels read them: several channels side by side."""

from __future__ import annotations

import numpy as np

from aurora.compile.ir import Constant
from aurora.compile.m4.sums import Sums
from aurora.compile.quantise import WORD


def stream(sums: Sums, together: int) -> tuple[Constant, int]:
    """The stream of a kernel that takes ``together`` channels at a time, and its bytes per such set: biases,
    int8 weights by tap, requants. The last set overlaps the one before where the channels are no multiple."""
    channels = len(sums.bias)
    sets = [*range(0, channels - together + 1, together)]
    if channels % together:
        sets.append(channels - together)
    parts = []
    for first in sets:
        of = slice(first, first + together)
        parts += [
            (sums.bias[of] & 0xFFFFFFFF).astype("<u4").tobytes(),
            _words(sums.weights[of].T.astype(np.int8).tobytes()),
            (sums.requants[of] & 0xFFFFFFFF).astype("<u4").tobytes(),
        ]
    data = b"".join(parts)
    form = "relu" if sums.relu else "any"
    text = f"m3: {together} channels side by side, {sums.weights.shape[1]} taps, {form}"
    return Constant(data, WORD, text), len(data) // len(sets)


def _words(data: bytes) -> bytes:
    """``data`` up to a whole word."""
    return data + bytes(-len(data) % WORD)
