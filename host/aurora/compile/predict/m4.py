"""Loops of the kernels for cores with the DSP extension (firmware/lib/nn/kernels/m4)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from aurora.compile.predict import m4_depthwise

Trips = dict[str, float]

TOGETHER = 3  # positions of a block, windows of a strip
IN_LINE = 8  # groups of the inner loop of blocks and strips
REQUANTS = (24, 12)  # nn_m4_requant of a pair: bytes before its end, the multiplier first


def dense(step: Mapping[str, Any]) -> Trips:
    """Four outputs at a time; the last four overlap those before."""
    fields = step["fields"]
    groups, quads = -(-fields["inputs"] // 4), -(-fields["outputs"] // 4)
    return {"once": 1.0, "cut": float(fields["inputs"] % 4 != 0), "expanded": float(groups),
            "quads": float(quads), "products": float(quads * groups),
            "overlap": float(fields["outputs"] % 4 != 0)}  # fmt: skip


def dense_pieces(step: Mapping[str, Any]) -> Trips:
    """Outputs by fours, for which the input is expanded piece by piece."""
    fields = step["fields"]
    groups, quads = fields["inputs"] // 4, -(-fields["outputs"] // 4)
    blocks, pieces = -(-quads // fields["fours"]), -(-groups // fields["piece"])
    return {"once": 1.0, "blocks": float(blocks), "calls": float(blocks * pieces),
            "expanded": float(blocks * groups), "quads": float(quads), "turns": float(quads * pieces),
            "products": float(quads * groups)}  # fmt: skip


def rows_code(step: Mapping[str, Any]) -> str:
    """Which macro made the tile: packed or wide weights, with or without a pool."""
    instance = next((line for line in step["instances"] if line.startswith("NN_M4_")), "")
    return f"{instance.partition('(')[0]}:{step['fields']['kind']}"


def conv_rows(step: Mapping[str, Any]) -> Trips:
    """Chunks of windows are expanded once, then taken together for a pair of channels at a time."""
    f = step["fields"]
    pairs = -(-f["channels"] // 2)
    chunks = blocks = calls = expanded = cut = 0
    at = n = 0
    while at < f["windows"]:
        left = f["windows"] - at
        n = left if left < f["chunk"] + f["together"] else f["chunk"]
        last = n - 1 if f["apart"] == 0 else n - 2
        groups = last * f["step"] // 4 + f["groups"]
        start = at * f["step"] - f["before"]
        for begin in (start, start + f["step"])[: 1 if f["apart"] == 0 else 2]:
            inside = _groups_inside(begin, groups, f["size"])
            expanded += inside
            cut += groups - inside
        chunks += 1
        calls += 1 if n % f["together"] == 0 else 2
        blocks += -(-n // f["together"])
        at += n
    return {"once": 1.0, "chunks": float(chunks), "calls": float(calls * pairs), "expanded": float(expanded),
            "cut": float(cut), "blocks": float(blocks * pairs),
            "products": float(blocks * pairs * f["groups"] * f["together"])}  # fmt: skip


def _groups_inside(begin: int, groups: int, size: int) -> int:
    """Of groups of 4 bytes from byte ``begin`` of a row on, those that its ends do not cut."""
    before = min(groups, max(0, -(begin // 4)))
    return min(groups - before, max(0, (size - begin - 4 * before) // 4))


def conv_depthwise(step: Mapping[str, Any]) -> Trips:
    """By chunk: windows are expanded piece by piece and multiplied into planes, then each channel's tile."""
    f = step["fields"]
    each = m4_depthwise.chunk_cost(next((line for line in step["instances"] if f["depthwise"] in line), ""))
    pairs, chunks = -(-f["channels"] // 2), -(-f["outputs"] // f["chunk"])
    pieces = expanded = cut = made = 0
    ready = f["pad"]
    for _ in range(chunks):
        while ready < f["need"] and made < f["windows"]:
            wanted = min(f["need"] - ready, f["windows"] - made)
            n = min(-(-wanted // TOGETHER) * TOGETHER, f["at_once"])
            groups = (n - 1) * f["step"] // 4 + f["groups"]
            inside = _groups_inside(made * f["step"] - f["before"], groups, f["size"])
            pieces, expanded, cut = pieces + 1, expanded + inside, cut + groups - inside
            made, ready = made + n, ready + n
        ready -= f["move"]
    blocks = made // TOGETHER * pairs
    return {"once": 1.0, "chunks": float(chunks), "pieces": float(pieces), "expanded": float(expanded),
            "cut": float(cut), "blocks": float(blocks), "products": float(blocks * f["groups"] * TOGETHER),
            "tile": float(chunks * f["channels"] * each)}  # fmt: skip


def conv_blocks(step: Mapping[str, Any]) -> Trips:
    """Three positions at a time: their taps are expanded, then every pair of channels multiplies them."""
    fields = step["fields"]
    g, groups = fields["window"], fields["groups"]
    positions = g["out_h"] * g["out_w"]
    starts = [min(at, positions - TOGETHER) for at in range(0, positions, TOGETHER)]
    counts = {"blocks": len(starts), "expanded": len(starts) * groups, "read": g["out_c"] // 2,
              "odd": len(starts) * (g["out_c"] % 2)}  # fmt: skip
    counts |= _multiplied(len(starts) * -(-g["out_c"] // 2), groups)
    if fields["border"]:
        counts |= _windows(g, starts, fields["border"])
    return {"once": 1.0} | {name: float(count) for name, count in counts.items()}


def _multiplied(pairs: int, groups: int) -> dict[str, int]:
    return {"pairs": pairs, "products": pairs * groups, "turns": pairs * -(-(groups - 1) // IN_LINE)}


def constant_pairs(step: Mapping[str, Any], constants: bytes) -> Trips:
    """What changes where pairs of channels are the same for every input: those are filled, and the inner loop
    is entered for each run of others."""
    fields, g = step["fields"], step["fields"]["window"]
    pairs, size = g["out_c"] // 2, fields["pair_bytes"]
    ends = [step["constants"]["weights"]["offset"] + size * (pair + 1) for pair in range(pairs)]
    live = [any(struct.unpack_from("<i", constants, end - at)[0] for at in REQUANTS) for end in ends]
    if all(live):
        return {}
    blocks = -(-g["out_h"] * g["out_w"] // TOGETHER)
    runs = sum(now and not before for now, before in zip(live, [False, *live], strict=False))
    counts = _multiplied(blocks * (sum(live) + g["out_c"] % 2), fields["groups"])
    counts |= {"runs": blocks * runs, "filled": blocks * (pairs - sum(live)), "searched": blocks * pairs}
    return {name: float(count) for name, count in counts.items()}


def _windows(g: Mapping[str, int], starts: list[int], row: int) -> dict[str, int]:
    """Blocks whose windows lie inside the input, side by side, and others; rows of taps of those; bytes that
    rows leave over to whole words."""
    inside = 0
    for first in starts:
        y, x = divmod(first, g["out_w"])
        top, left = y * g["stride_h"] - g["pad_h"], x * g["stride_w"] - g["pad_w"]
        right = left + (TOGETHER - 1) * g["stride_w"] + g["taps_w"]
        bottom = top + (g["taps_h"] - 1) * g["dilation_h"]
        inside += int(x + TOGETHER <= g["out_w"] and min(top, left) >= 0 and right <= g["in_w"]
                      and bottom < g["in_h"] and g["dilation_w"] == 1)  # fmt: skip
    cut, left_over = len(starts) - inside, TOGETHER * g["taps_h"] * int(row % 4 > 0)
    return {"inside": inside, "inside_rows": inside * g["taps_h"], "inside_left": inside * left_over,
            "inside_bytes": inside * left_over * (row % 4), "cut": cut, "cut_rows": cut * g["taps_h"],
            "cut_bytes": cut * g["taps_h"] * row * TOGETHER}  # fmt: skip


def conv_strips(step: Mapping[str, Any]) -> Trips:
    """Strips three columns wide: a row of taps is expanded once for all output rows that read it; the columns
    left over go three rows at a time."""
    fields = step["fields"]
    g = fields["window"]
    pairs, wide = -(-g["out_c"] // 2), g["out_w"] // TOGETHER * TOGETHER
    multiplied = expanded = strips = 0
    windows = dict.fromkeys(("rows_inside", "rows_outside", "rows_cut"), 0)
    for top in range(0, g["out_h"], fields["rows"]):
        rows = min(fields["rows"], g["out_h"] - top)
        reach = (rows - 1) * g["stride_h"] + g["taps_h"]
        for left in range(0, wide, TOGETHER):
            strips += 1
            multiplied += rows
            expanded += reach
            for at in range(left, left + TOGETHER):
                _rows_of_taps(windows, g, range(top * g["stride_h"], top * g["stride_h"] + reach), at)
        for at in range(wide, g["out_w"]):
            for first in (min(n, rows - TOGETHER) for n in range(0, rows, TOGETHER)):
                strips += 1
                multiplied += 1
                expanded += g["taps_h"]
                for i in range(TOGETHER):
                    start = (top + first + i) * g["stride_h"]
                    _rows_of_taps(windows, g, range(start, start + g["taps_h"]), at)
    counts = {"strips": strips, "multiplied": multiplied, "pairs": multiplied * pairs,
              "products": multiplied * pairs * fields["groups"], "odd": multiplied * (g["out_c"] % 2),
              "expansions": expanded, "expanded": expanded * fields["border"] // 4,
              "cut_bytes": windows["rows_cut"] * fields["border"], **windows}  # fmt: skip
    return {"once": 1.0} | {name: float(count) for name, count in counts.items()}


def _rows_of_taps(windows: dict[str, int], g: Mapping[str, int], rows: range, column: int) -> None:
    """Adds a window's rows of taps to those inside the input, outside, or cut by its left or right end."""
    x = column * g["stride_w"] - g["pad_w"]
    whole = x >= 0 and x + g["taps_w"] <= g["in_w"]
    inside = sum(0 <= row - g["pad_h"] < g["in_h"] for row in rows)
    windows["rows_outside"] += len(rows) - inside
    windows["rows_inside" if whole else "rows_cut"] += inside
