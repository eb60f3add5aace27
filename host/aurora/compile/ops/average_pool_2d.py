"""AVERAGE_POOL_2D: the mean of the taps inside the input, rounded half away from zero."""

from __future__ import annotations

from aurora.compile.pooling import pool_support

SUPPORT = pool_support("AVERAGE_POOL_2D", "nn_average_pool_2d")
