"""MAX_POOL_2D: the largest of the taps inside the input."""

from __future__ import annotations

from aurora.compile.pooling import pool_support

SUPPORT = pool_support("MAX_POOL_2D", "nn_max_pool_2d")
