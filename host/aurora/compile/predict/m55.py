"""Loops of the Helium kernels (firmware/lib/nn/kernels/m55), and of the tiles written for a shape."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from aurora.compile.predict.portable import column_spans, row_spans

Trips = dict[str, float]

FINISHING = ("nn_m55_conv_2d", "nn_m55_depthwise_conv_2d")
CHANNEL = struct.Struct("<iii")  # nn_m55_channel: bias, multiplier, shift

_LINE = re.compile(r'^\s*"(.*?)\\n"', re.MULTILINE)
_LABEL = re.compile(r"(\d+):\s*(.*)")
_BACK = re.compile(r"(?:bne|bgt|le lr,|le) (\d+)b")
_SET = re.compile(r"(?:movw|mov|movs|dls) (r\d+|lr), #(\d+)$")
_STORE = re.compile(r"str (r\d+|lr), \[sp, #(\d+)\]")
_LOAD = re.compile(r"ldr (r\d+|lr), \[sp, #(\d+)\]")
_DOWN = re.compile(r"subs (r\d+|lr), (?:\1, )?#(\d+)")


@lru_cache(maxsize=1024)
def tile_instructions(text: str) -> int:
    """Instructions of one call of a tile, from its assembly: its loops count down from constants.

    ``text`` is a step's instance. A loop whose counter is not found runs once.
    """
    times = [1]  # of the loops around, by the lines' nesting
    lines = _lines(text)
    ends = {index: _start_of(lines, index) for index in range(len(lines)) if _BACK.search(lines[index])}
    total = 0
    for index, line in enumerate(lines):
        if not line or line.startswith("."):
            continue
        product = times[0]
        for end, start in ends.items():
            if start <= index <= end:
                product *= _rounds(lines, start, end)
        total += product
    return total


def _lines(text: str) -> list[str]:
    """Instructions in order, a label on a line of its own as '' with its number kept apart."""
    found: list[str] = []
    for line in _LINE.findall(text):
        label = _LABEL.fullmatch(line.strip())
        found.append(f".label {label[1]}" if label else line.strip())
        if label and label[2]:
            found.append(label[2])
    return found


def _start_of(lines: list[str], end: int) -> int:
    """The label that a branch at ``end`` goes back to."""
    match = _BACK.search(lines[end])
    wanted = f".label {match[1]}" if match else ""
    return next((at for at in range(end, -1, -1) if lines[at] == wanted), end)


def _rounds(lines: list[str], start: int, end: int) -> int:
    """How often a loop runs: its counter's first value over what each round takes away.

    The counter lives in a register or in a word of the stack that the loop loads it from.
    """
    at = next((at for at in range(end, start, -1) if _DOWN.match(lines[at])), end)
    down = _DOWN.match(lines[at])
    counter, by = (down[1], int(down[2])) if down else ("lr", 1)
    before = lines[:start]
    loaded = _LOAD.match(lines[at - 1])
    if loaded and loaded[1] == counter:
        stores = [i for i, line in enumerate(before) if (m := _STORE.match(line)) and m[2] == loaded[2]]
        if not stores:
            return 1
        store = _STORE.match(before[stores[-1]])
        counter, before = (store[1] if store else counter), before[: stores[-1]]
    value = next((m for m in map(_SET.match, reversed(before)) if m and m[1] == counter), None)
    return -(-int(value[2]) // by) if value else 1


def _tile(step: Mapping[str, Any]) -> int:
    name = step["fields"]["tile"]
    text: str = next((line for line in step["instances"] if f"NN_M55_TILE({name})" in line), "")
    return tile_instructions(text)


def _chunks(fields: Mapping[str, Any]) -> int:
    """Calls for one channel: the last chunk ends at the last unit."""
    return max(1, -(-int(fields["units"]) // int(fields["chunk"])))


def _prepared(fields: Mapping[str, Any]) -> Trips:
    """The input's copy into its buffer with a border, and the borders' bytes."""
    staging = fields["staging"]
    counts = {"once": 1.0, "filled": 0.0}
    for name in ("x_border", "y_border", "border"):
        border = fields.get(name) or {}
        counts["filled"] += sum(-(-border.get(part, 0) // 16) for part in ("before", "after"))
    counts["moved"] = float(-(-fields["y_bytes"] // 16))
    if staging["bytes"]:
        inner = staging.get("border") or {"before": staging["bytes"]}
        counts["filled"] += sum(-(-inner.get(part, 0) // 16) for part in ("before", "after"))
        counts["staged_rows"] = float(staging["rows"])
        if staging["column"] == staging["channels"]:
            counts["staged_vectors"] = staging["rows"] * float(
                -(-staging["columns"] * staging["channels"] // 16)
            )
        else:
            counts["staged_lines"] = float(staging["rows"] * staging["channels"])
            counts["staged_bytes"] = float(staging["rows"] * staging["columns"] * staging["channels"])
    return counts


def rare_channels(step: Mapping[str, Any], constants: bytes) -> Trips:
    """Channels whose shift the fast ReLU does not take: each is finished by nn_m55_any (channel.c)."""
    fields, scales = step["fields"], step["constants"].get("scales")
    if scales is None or not fields["finish"].startswith("nn_m55_relu"):
        return {}
    rows = range(scales["offset"], scales["offset"] + fields["channels"] * CHANNEL.size, CHANNEL.size)
    rare = sum(not -24 <= CHANNEL.unpack_from(constants, at)[2] <= 0 for at in rows)
    calls = float(rare * _chunks(fields))
    return {"rare": calls, "rare_groups": calls * _groups(fields)}


def _groups(fields: Mapping[str, Any]) -> int:
    return int(fields["groups"] if "groups" in fields else fields["targets"]["groups"])


def _finished(fields: Mapping[str, Any], calls: int) -> Trips:
    name = fields["finish"]
    return {name: float(calls), f"{name}_groups": float(calls * _groups(fields))}


def conv_2d(step: Mapping[str, Any]) -> Trips:
    """Tiles of two channels a chunk of positions, each channel's sums finished apart."""
    fields = step["fields"]
    chunks, channels, patches = _chunks(fields), fields["channels"], fields["patches"]
    tiles = chunks * -(-channels // 2)
    counts = _prepared(fields) | _finished(fields, chunks * channels)
    counts |= {"chunks": float(chunks), "tiles": float(tiles), "tile": float(tiles * _tile(step))}
    if patches["line"]:
        copied = float(chunks * fields["chunk"] * patches["unit"])
        kind = "short" if patches["line"] <= 16 else "long"
        counts |= {f"{kind}_patches": copied, f"{kind}_rows": copied * patches["taps_h"]}
        if kind == "long":
            counts["long_vectors"] = copied * patches["taps_h"] * -(-patches["line"] // 16)
    return counts


def depthwise_conv_2d(step: Mapping[str, Any]) -> Trips:
    """A tile and a finish for each channel and chunk."""
    fields = step["fields"]
    calls = _chunks(fields) * fields["channels"]
    return _prepared(fields) | _finished(fields, calls) | {
        "channels": float(fields["channels"]), "tiles": float(calls), "tile": float(calls * _tile(step)),
    }  # fmt: skip


def fully_connected(step: Mapping[str, Any]) -> Trips:
    """Eight outputs at a time."""
    f = step["fields"]
    groups = float(f["rows"] * f["groups"])
    return {"once": 1.0, "rows": float(f["rows"]), "groups": groups, "vectors": groups * f["vectors"],
            "moved": float(f["rows"] * (f["vectors"] + -(-f["outputs"] // 16)))}  # fmt: skip


def add(step: Mapping[str, Any]) -> Trips:
    """Sixteen elements at a time, the rest one by one."""
    f = step["fields"]
    rows = float(f["rows"])
    border = f.get("y_border") or {}
    return {"once": 1.0, "rows": rows, "vectors": rows * (f["width"] // 16), "rest": rows * (f["width"] % 16),
            "filled": float(sum(-(-border.get(part, 0) // 16) for part in ("before", "after")))}  # fmt: skip


def _pool(step: Mapping[str, Any], channels: int) -> Trips:
    g = step["fields"]["window"]
    rows, columns = row_spans(g), column_spans(g)
    high = sum(bottom - top for top, bottom in rows)
    wide = sum(right - left for left, right in columns)
    positions = float(len(rows) * len(columns))
    vectors = -(-g["in_c"] // channels)
    return {"once": 1.0, "rows": float(len(rows)), "positions": positions, "vectors": positions * vectors,
            "lines": float(high * len(columns) * vectors), "taps": float(high * wide * vectors),
            "outputs": positions * g["in_c"]}  # fmt: skip


def average_pool(step: Mapping[str, Any]) -> Trips:
    """Eight channels at a time, divided one by one."""
    return _pool(step, 8)


def max_pool(step: Mapping[str, Any]) -> Trips:
    """Sixteen channels at a time."""
    return _pool(step, 16)
