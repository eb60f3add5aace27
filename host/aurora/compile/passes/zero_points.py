"""Folds the input's zero point into the bias: sum w (x - z) + b = sum w x + (b - z sum w)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compile.ir import Constant

WORD = 4


def folded_bias(matrix: NDArray[Any], bias: NDArray[np.int64], zero_point: int) -> Constant:
    """int32 biases for weights ``[channel, ...]``. Sums wrap at 32 bits, as the kernels' do."""
    sums = matrix.reshape(len(matrix), -1).sum(axis=1, dtype=np.int64)
    folded = (bias - zero_point * sums) & 0xFFFFFFFF
    return Constant(folded.astype("<u4").tobytes(), WORD, "int32 bias, input zero point folded in")
