"""Loops of the depthwise kernel for the DSP extension, and of the tile that its macro makes for a shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

Trips = dict[str, float]

TOGETHER = 4  # channels
_CALL = re.compile(r"NN_M4_DEPTHWISE\(\w+, ([-\d, ]+)\)")
_CHUNK = re.compile(r"NN_M4_DEPTHWISE_CHUNK\(\w+, ([-\d, ]+)\)")


@lru_cache(maxsize=256)
def tile_costs(instance: str) -> tuple[int, int]:
    """Instructions of a tile's call apart from its rows, and of one row: the macro nn_depthwise
    (firmware/lib/nn/kernels/m4/depthwise_tile.h) read in Python."""
    match = _CALL.search(instance)
    if match is None:
        return 0, 0
    numbers = [int(number) for number in match[1].split(",")]
    taps_h, taps, stride, n, step, blocks, pitch, down, width, channels, weights, relu, shift, parts = numbers
    rows = taps_h * parts
    n = n if n in (6, 5, 4, 3) else 2
    plain = bool(relu and shift)
    kept, spare = plain and rows == 1 and n <= 4, plain and weights <= 2
    loads = 1 + int(weights == 3)
    block = 1 + rows * (_row_of_taps(taps, stride, n) + (0 if kept else loads))
    block += (0 if kept else 1) + int(not plain)
    each = 2 + (0 if relu else 2) + (1 if shift else 2)  # smmla, strb, what negative sums lose, saturation
    block += n * each
    reach, words = (taps_h - 1) * pitch + (parts - 1) * 2 * taps, (n * stride - stride + taps - 1) // 2 + 1
    on, base = _moves_on(reach, words, down * pitch if blocks == 1 else 2 * step * stride)
    row = 2 if spare and blocks == 1 else 4
    if blocks > 1:
        row += (1 if spare else 2) + blocks * (
            block + (2 if spare else 3) + int(not on) + _add(step * channels)
        )
        row += _add(down * pitch - blocks * 2 * step * stride) + _add((width - blocks * step) * channels)
    else:
        row += block + (0 if on else _add(down * pitch)) + _add(width * channels)
    return 3 + _add(base) + (loads + 1 if kept else 0) + int(spare and blocks == 1), row


@lru_cache(maxsize=256)
def chunk_cost(instance: str) -> int:
    """Instructions of one channel of a chunk: the macro nn_depthwise_chunk (depthwise_chunk.h)."""
    match = _CHUNK.search(instance)
    if match is None:
        return 0
    numbers = [int(number) for number in match[1].split(",")]
    taps, stride, n, _, blocks, _, _, carry, _, _, relu, shift = numbers
    more = int(not relu or not shift)
    each = 2 + (0 if relu else 2) + (1 if shift else 2)
    block = _row_of_taps(taps, stride, n) + more + n * each
    return 1 + blocks * block + blocks - 1 + more + 2 * (carry // 2 + carry % 2) + 5


def _moves_on(rows: int, words: int, distance: int) -> tuple[bool, int]:
    """Whether the last load of a block moves the pointer on, and by how much it then starts ahead; ``rows``:
    bytes from the first part of a row of taps to the last."""
    base = rows + 4 * ((words - 1) // 2 * 2) - distance
    on = base >= 0 and distance <= 252 and not (words % 2 and rows - distance > 252)
    return (True, base) if on else (False, 0)


def _row_of_taps(taps: int, stride: int, n: int) -> int:
    words = (n * stride - stride + taps - 1) // 2 + 1
    return words // 2 + words % 2 + sum(_tap(taps, stride, k, i) for k in range(words) for i in range(n))


def _tap(taps: int, stride: int, k: int, i: int) -> int:
    """1 where word k of a row has taps of output i."""
    j = k - i // 2 if stride == 1 else k - i
    if stride == 1 and i % 2 == 1:
        return int(j == 0 or (j > 0 and 2 * j <= taps))
    return int((j == 0 and taps > 1) or (j > 0 and 2 * j + 1 <= taps))


def _add(value: int) -> int:
    return 2 if value > 4095 else int(value > 0)


def depthwise(step: Mapping[str, Any]) -> Trips:
    """Four planes are expanded strip by strip, then each channel's tile runs over the strip's rows."""
    f = step["fields"]
    call, row = tile_costs(next((line for line in step["instances"] if f"({f['tile']}," in line), ""))
    quads = -(-f["channels"] // TOGETHER)
    strips = expanded = blank = moved = 0
    for first in range(0, f["out_h"], f["strip"]):
        rows = (min(f["strip"], f["out_h"] - first) - 1) * f["stride_h"] + f["taps_h"]
        kept = max(0, f["taps_h"] - f["stride_h"]) if first else 0
        strips += 1
        moved += int(kept > 0)
        for i in range(kept, rows):
            inside = 0 <= first * f["stride_h"] + i - f["pad_h"] < f["in_h"]
            expanded += inside
            blank += not inside
    r = f["rows"]
    kept_words = moved * max(0, f["taps_h"] - f["stride_h"]) * f["words"]
    again = f["strip"] < f["out_h"]  # rows of padding move from strip to strip
    counts = {"quads": 1, "strips": strips, "expanded": expanded, "blank": again * blank,
              "blank_words": again * blank * f["words"], "ends": expanded * (r["odd"] + r["last"]),
              "pairs": expanded * r["pairs"], "moves": moved * TOGETHER,
              "moved_words": kept_words * TOGETHER}  # fmt: skip
    tiles = quads * TOGETHER * (strips * call + f["out_h"] * row)
    return {"once": 1.0, "first_words": r["plane"] / 4, "tile": float(tiles)} | {
        name: float(quads * n) for name, n in counts.items()
    }
