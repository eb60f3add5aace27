"""Loops of the kernels for cores with the DSP extension (firmware/lib/nn/kernels/m4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Trips = dict[str, float]

TOGETHER = 3  # positions of a block


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
            before = min(groups, max(0, -(begin // 4)))
            inside = min(groups - before, max(0, (f["size"] - begin - 4 * before) // 4))
            expanded += inside
            cut += groups - inside
        chunks += 1
        calls += 1 if n % f["together"] == 0 else 2
        blocks += -(-n // f["together"])
        at += n
    return {"once": 1.0, "chunks": float(chunks), "calls": float(calls * pairs), "expanded": float(expanded),
            "cut": float(cut), "blocks": float(blocks * pairs),
            "products": float(blocks * pairs * f["groups"] * f["together"])}  # fmt: skip


def conv_blocks(step: Mapping[str, Any]) -> Trips:
    """Three positions at a time: their taps are expanded, then every pair of channels multiplies them."""
    fields = step["fields"]
    g = fields["window"]
    positions = g["out_h"] * g["out_w"]
    starts = [min(at, positions - TOGETHER) for at in range(0, positions, TOGETHER)]
    pairs = -(-g["out_c"] // 2)
    counts = {"once": 1.0, "blocks": float(len(starts)), "pairs": float(len(starts) * pairs),
              "products": float(len(starts) * pairs * fields["groups"]),
              "odd": float(len(starts) * (g["out_c"] % 2))}  # fmt: skip
    if g["in_c"] % 4:
        return counts | _gathered(g, starts, fields["groups"])
    return counts | _expanded(g, starts)


def _places(g: Mapping[str, int], first: int) -> list[tuple[int, int]]:
    return [(at // g["out_w"] * g["stride_h"] - g["pad_h"], at % g["out_w"] * g["stride_w"] - g["pad_w"])
            for at in range(first, first + TOGETHER)]  # fmt: skip


def _expanded(g: Mapping[str, int], starts: list[int]) -> Trips:
    """Whole rows of taps where all three windows lie inside, else tap by tap."""
    reach, inside = (g["taps_h"] - 1) * g["dilation_h"], 0
    for first in starts:
        places = _places(g, first)
        columns = [x for _, x in places]
        inside += int(g["dilation_w"] == 1 and places[0][0] >= 0 and places[-1][0] + reach < g["in_h"]
                      and min(columns) >= 0 and max(columns) + g["taps_w"] <= g["in_w"])  # fmt: skip
    outside, quads = len(starts) - inside, g["in_c"] // 4
    taps = g["taps_h"] * g["taps_w"]
    return {"inside": float(inside), "inside_rows": float(inside * g["taps_h"]), "border": float(outside),
            "border_taps": float(outside * taps), "expanded": float(len(starts) * taps * quads)}  # fmt: skip


def _gathered(g: Mapping[str, int], starts: list[int], groups: int) -> Trips:
    """Channels that do not fill words: the taps of a window are first put behind each other."""
    whole = words = single = slow = taps = 0
    for first in starts:
        for y, x in _places(g, first):
            fits = g["dilation_w"] == 1 and x >= 0 and x + g["taps_w"] <= g["in_w"]
            for ty in range(g["taps_h"]):
                row = y + ty * g["dilation_h"]
                if not fits or not 0 <= row < g["in_h"]:
                    slow += 1
                    taps += g["taps_w"]
                    continue
                length = g["taps_w"] * g["in_c"]
                room = g["in_c"] * (g["in_w"] * (g["in_h"] - row) - x)
                whole += 1
                words += -(-length // 4) if room >= length + 3 else 0
                single += 0 if room >= length + 3 else length
    return {"gathered": float(len(starts) * TOGETHER), "gathered_rows": float(whole),
            "gathered_words": float(words), "gathered_bytes": float(single), "slow_rows": float(slow),
            "slow_taps": float(taps), "slow_bytes": float(taps * g["in_c"]),
            "expanded": float(len(starts) * groups)}  # fmt: skip


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
