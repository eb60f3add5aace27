"""Loops of the portable kernels (firmware/lib/nn/kernels/*.c)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Trips = dict[str, float]


def spans(out: int, stride: int, pad: int, dilation: int, taps: int, size: int) -> list[tuple[int, int]]:
    """Of each output along one axis: its first tap inside the input, and the first behind it (nn_taps)."""
    found = []
    for number in range(out):
        origin = number * stride - pad
        first = min(taps, (dilation - 1 - origin) // dilation) if origin < 0 else 0
        outside = origin + (taps - 1) * dilation >= size
        end = (size - origin + dilation - 1) // dilation if outside else taps
        found.append((first, max(first, end)))
    return found


def row_spans(window: Mapping[str, int]) -> list[tuple[int, int]]:
    """`spans` of a window's rows."""
    names = ("out_h", "stride_h", "pad_h", "dilation_h", "taps_h", "in_h")
    return spans(*(window[name] for name in names))


def column_spans(window: Mapping[str, int]) -> list[tuple[int, int]]:
    """`spans` of a window's columns."""
    names = ("out_w", "stride_w", "pad_w", "dilation_w", "taps_w", "in_w")
    return spans(*(window[name] for name in names))


def conv_2d(step: Mapping[str, Any]) -> Trips:
    """A dot product a row of taps, then the padding's share of the bias, then requantisation."""
    g = step["fields"]["window"]
    rows, columns = row_spans(g), column_spans(g)
    counts = {"once": 1.0, "rows": float(len(rows)), "positions": float(len(rows) * len(columns))}
    dots = fours = rest = padded = missing = 0
    for top, bottom in rows:
        for left, right in columns:
            high, wide = bottom - top, right - left
            length = wide * g["in_c"] if g["dilation_w"] == 1 else g["in_c"]
            calls = high * (1 if g["dilation_w"] == 1 else wide)
            dots += calls
            fours += calls * (length // 4)
            rest += calls * (length % 4)
            if high != g["taps_h"] or wide != g["taps_w"]:
                padded += 1
                missing += (g["taps_h"] * g["taps_w"] - high * wide) * g["in_c"]
    for name, count in (("dots", dots), ("fours", fours), ("rest", rest), ("padded", padded),
                        ("missing", missing), ("outputs", len(rows) * len(columns))):  # fmt: skip
        counts[name] = float(count * g["out_c"])
    return counts


def depthwise_conv_2d(step: Mapping[str, Any]) -> Trips:
    """A multiplication a tap inside; outside it the weight is summed."""
    g = step["fields"]["window"]
    rows, columns = row_spans(g), column_spans(g)
    lines = taps = padded = outside = 0
    for top, bottom in rows:
        for left, right in columns:
            high, wide = bottom - top, right - left
            lines += high
            taps += high * wide
            if high != g["taps_h"] or wide != g["taps_w"]:
                padded += 1
                outside += g["taps_h"] * g["taps_w"] - high * wide
    positions = len(rows) * len(columns)
    each = {"lines": lines, "taps": taps, "padded": padded, "outside": outside, "outputs": positions,
            "walked": padded * g["taps_h"] * g["taps_w"]}  # fmt: skip
    return {"once": 1.0, "positions": float(positions)} | {
        name: float(count * g["out_c"]) for name, count in each.items()
    }


def fully_connected(step: Mapping[str, Any]) -> Trips:
    """A dot product an output."""
    fields = step["fields"]
    outputs = float(fields["rows"] * fields["outputs"])
    return {"once": 1.0, "outputs": outputs, "fours": outputs * (fields["inputs"] // 4),
            "rest": outputs * (fields["inputs"] % 4)}  # fmt: skip


def pool(step: Mapping[str, Any]) -> Trips:
    """A channel at a time over the taps inside."""
    g = step["fields"]["window"]
    rows, columns = row_spans(g), column_spans(g)
    high = sum(bottom - top for top, bottom in rows)
    wide = sum(right - left for left, right in columns)
    positions = float(len(rows) * len(columns))
    return {"once": 1.0, "positions": positions, "outputs": positions * g["in_c"],
            "lines": float(high * len(columns) * g["in_c"]),
            "taps": float(high * wide * g["in_c"])}  # fmt: skip


def mean(step: Mapping[str, Any]) -> Trips:
    """All that is summed for each output."""
    fields = step["fields"]
    outputs = float(math.prod(fields["kept"]))
    lines = float(math.prod(fields["over"][:2]))
    return {"once": 1.0, "outputs": outputs, "lines": outputs * lines,
            "taps": outputs * lines * fields["over"][2]}  # fmt: skip


def softmax(step: Mapping[str, Any]) -> Trips:
    """Two passes of exponentials over a row and a reciprocal."""
    rows, classes = step["fields"]["rows"], step["fields"]["classes"]
    return {"once": 1.0, "rows": float(rows), "classes": float(rows * classes)}


def copy(step: Mapping[str, Any]) -> Trips:
    """Rows of bytes."""
    rows, size = step["fields"]["rows"], step["fields"]["bytes"]
    return {"once": 1.0, "rows": float(rows), "bytes": float(rows * size)}


def pad(step: Mapping[str, Any]) -> Trips:
    """Lines of the output, filled or copied."""
    inner, outer = step["fields"]["in"], step["fields"]["out"]
    return {"once": 1.0, "lines": float(math.prod(outer[:-1])), "copied": float(math.prod(inner)),
            "filled": float(math.prod(outer) - math.prod(inner))}  # fmt: skip


def lstm(step: Mapping[str, Any]) -> Trips:
    """Four gates a unit and a step."""
    fields = step["fields"]
    units = float(fields["steps"] * fields["units"])
    return {"once": 1.0, "units": units, "inputs": units * fields["inputs"],
            "states": units * fields["units"]}  # fmt: skip
