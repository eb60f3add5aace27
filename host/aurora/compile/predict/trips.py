"""How often the loops of each kernel run in one step: from kernel to the function that counts them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from aurora.compile.predict import m3, m4, m4_depthwise, m55, portable

Trips = dict[str, float]

COUNTERS: dict[str, Callable[[Mapping[str, Any]], Trips]] = {
    "nn_conv_2d": portable.conv_2d,
    "nn_depthwise_conv_2d": portable.depthwise_conv_2d,
    "nn_fully_connected": portable.fully_connected,
    "nn_average_pool_2d": portable.pool,
    "nn_max_pool_2d": portable.pool,
    "nn_mean": portable.mean,
    "nn_softmax": portable.softmax,
    "nn_copy": portable.copy,
    "nn_pad": portable.pad,
    "nn_lstm": portable.lstm,
    "nn_m3_add": m3.add,
    "nn_m3_average_pool_2d": m3.pool,
    "nn_m3_conv": m3.conv,
    "nn_m3_conv_depthwise": m3.conv_depthwise,
    "nn_m3_dense": m3.dense,
    "nn_m3_depthwise": m3.depthwise,
    "nn_m3_max_pool_2d": m3.pool,
    "nn_m4_conv_blocks": m4.conv_blocks,
    "nn_m4_conv_depthwise": m4.conv_depthwise,
    "nn_m4_conv_rows": m4.conv_rows,
    "nn_m4_conv_strips": m4.conv_strips,
    "nn_m4_dense": m4.dense,
    "nn_m4_dense_pieces": m4.dense_pieces,
    "nn_m4_depthwise": m4_depthwise.depthwise,
    "nn_m55_conv_2d": m55.conv_2d,
    "nn_m55_depthwise_conv_2d": m55.depthwise_conv_2d,
    "nn_m55_fully_connected": m55.fully_connected,
    "nn_m55_fully_connected_rows": m55.fully_connected,
    "nn_m55_add": m55.add,
    "nn_m55_average_pool_2d": m55.average_pool,
    "nn_m55_max_pool_2d": m55.max_pool,
}

#: Fields that choose the code of a kernel, so that each value has coefficients of its own.
CHOICES = {"nn_m4_conv_blocks": "block", "nn_m4_conv_strips": "block", "nn_m4_dense": "tile",
           "nn_m4_dense_pieces": "tile"}  # fmt: skip


def kernel_key(step: Mapping[str, Any]) -> str:
    """The name under which a step's coefficients are kept: the kernel, and which code of it runs."""
    name: str = step["function"]
    if name in ("nn_m4_conv_rows", "nn_m4_conv_depthwise"):
        return f"{name}:{m4.rows_code(step)}"
    choice = CHOICES.get(name)
    return f"{name}:{step['fields'][choice]}" if choice else name


def trips(step: Mapping[str, Any], constants: bytes | None = None) -> Trips:
    """Name of a loop -> how often it runs; a kernel without a counter of its own costs by its elements."""
    name = step["function"]
    fallback = portable.pool if "pool_2d" in name and "window" in step["fields"] else unknown
    counts = COUNTERS.get(name, fallback)(step)
    if constants is not None and name in m55.FINISHING:
        counts |= m55.rare_channels(step, constants)
    if constants is not None and name == "nn_m4_conv_blocks":
        counts |= m4.constant_pairs(step, constants)
    return counts


def unknown(step: Mapping[str, Any]) -> Trips:
    """Once, per multiply-accumulate, per element where the fields say how many there are."""
    count = step["fields"].get("count", 0)
    written = sum(traced["bytes"] for traced in step["traced"])
    return {"once": 1, "macs": step["macs"], "elements": count or written or math.prod(_sizes(step))}


def _sizes(step: Mapping[str, Any]) -> list[int]:
    return [value for value in step["fields"].values() if isinstance(value, int) and value > 0][:2]
