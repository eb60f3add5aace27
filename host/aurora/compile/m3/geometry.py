"""Windows as the m3 kernels read them: which lie in memory as they are, and what may lie over what."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aurora.compile.window import FIELD_MAX

AXES = ("in", "out", "taps", "stride", "dilation", "pad")
TOGETHER = 2  # positions of a block that is not pooled


def straightened(fields: Mapping[str, int]) -> dict[str, int]:
    """The same window along one row where the image is a column, or the window a point of every position."""
    found = dict(fields)
    if found["in_w"] == found["taps_w"] == found["out_w"] == 1:
        for name in AXES:
            found[f"{name}_w"], found[f"{name}_h"] = found[f"{name}_h"], found[f"{name}_w"]
    point = all(found[f"{name}_{axis}"] == 1 for name in ("taps", "stride") for axis in "hw")
    if point and found["in_h"] * found["in_w"] <= FIELD_MAX:
        for side in ("in", "out"):
            found[f"{side}_w"] *= found[f"{side}_h"]
            found[f"{side}_h"] = 1
    return found


def whole(fields: Mapping[str, int], axis: str) -> tuple[int, int]:
    """The outputs along ``axis`` whose windows lie inside the input: first and end."""
    stride, pad = fields[f"stride_{axis}"], fields[f"pad_{axis}"]
    last = fields[f"in_{axis}"] + pad - (fields[f"taps_{axis}"] - 1) * fields[f"dilation_{axis}"] - 1
    first = -(-pad // stride)
    return first, max(first, min(fields[f"out_{axis}"], last // stride + 1 if last >= 0 else 0))


def distance(fields: Mapping[str, int], channels: int, pool: int) -> int:
    """How far before the input the output must start: what a block of positions writes ends before all that
    it and later ones read."""
    positions, together = fields["out_h"] * fields["out_w"], max(pool, TOGETHER)
    first = np.minimum(np.arange(0, positions, together), positions - together)
    y, x = np.divmod(np.arange(positions), fields["out_w"])
    top = np.maximum(y * fields["stride_h"] - fields["pad_h"], 0)
    left = np.maximum(x * fields["stride_w"] - fields["pad_w"], 0)
    lowest = (top * fields["in_w"] + np.minimum(left, fields["in_w"] - 1)) * fields["in_c"]
    later = np.minimum.accumulate(lowest[::-1])[::-1]  # lowest byte that this or a later position reads
    return int(np.max((first + together) // pool * channels - later[first]))
