"""Loops of the kernels for ARMv7-M without the DSP extension (firmware/lib/nn/kernels/m3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aurora.compile.predict.portable import column_spans, row_spans

Trips = dict[str, float]

CHANNELS, IN_LINE = 4, 8  # of a tile: channels at a time, taps in line
DENSE_TOGETHER, DENSE_IN_LINE = 8, 4


def conv(step: Mapping[str, Any]) -> Trips:
    """All channels of a block of windows, then the next block."""
    f = step["fields"]["windows"]
    channels = f["window"]["out_c"]
    return {"once": 1.0} | _convolved(f, -(-channels // CHANNELS), channels % CHANNELS != 0)


def conv_depthwise(step: Mapping[str, Any]) -> Trips:
    """Four channels after the other: all blocks of windows, then the planes that they are."""
    f = step["fields"]["windows"]
    times = f["window"]["out_c"] // CHANNELS
    counts = {f"conv_{name}": count * times for name, count in _convolved(f, 1, False).items()}
    planes = _planes(step["fields"]["planes"])
    return {"once": 1.0} | counts | {name: count for name, count in planes.items() if name != "copied"}


def _convolved(f: Mapping[str, Any], sets: int, tail: bool) -> Trips:
    """Blocks of windows read where they lie, in runs, and gathered ones; each meets ``sets`` of channels, the
    last of them in a call of its own where there is a ``tail``."""
    tile = f["tile"]
    runs = whole = 0
    gathered: list[int] = []
    for at, blocks in _course(f):
        runs += blocks > 0
        whole += blocks
        if blocks == 0:
            gathered += range(at, at + f["together"])
    alone = len(gathered) // f["together"]
    passes = 2 if f["pool"] > 2 else 1
    rows = whole * f["rows"] + alone
    turns = whole * f["rows"] * -(-f["row_bytes"] // IN_LINE) + alone * -(-f["taps"] // IN_LINE)
    finished = (whole + alone) * sets * CHANNELS * (1 if f["pool"] > 1 else 2)
    counts = {
        "runs": runs + alone,
        "calls": 2 * (whole + alone) if tail else runs + alone,
        "blocks": (whole + alone) * (1 + tail),
        "sets": (whole + alone) * sets,
        "again": (whole + alone) * sets * (passes - 1),
        "rows": rows * sets if tile.startswith("nn_m3_rows") else 0,
        "turns": turns * sets * passes,
        "products": (whole * f["rows"] * f["row_bytes"] + alone * f["taps"]) * sets * passes,
        "finished_relu" if tile.endswith("relu") else "finished_any": finished,
        "pooled": finished if f["pool"] > 1 else 0,
    }
    return _gathering(f["window"], gathered) | {name: float(count) for name, count in counts.items()}


def _course(f: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """Position and how many blocks are read from there where they lie; 0: the one block is gathered."""
    g, at = f["window"], 0
    positions = g["out_h"] * g["out_w"]
    while at < positions:
        at = min(at, positions - f["together"])
        y, x = divmod(at, g["out_w"])
        inside = f["top"] <= y < f["bottom"] and x >= f["left"]
        blocks = max(0, (f["right"] - x) // f["together"]) if inside else 0
        yield at, blocks
        at += max(1, blocks) * f["together"]


def _gathering(g: Mapping[str, int], positions: list[int]) -> Trips:
    """Rows of taps, copied or filled by words and the bytes left over."""
    rows, columns = row_spans(g), column_spans(g)
    counts = dict.fromkeys(("windows", "copied_rows", "filled_rows", "words", "bytes"), 0)
    for at in positions:
        y, x = divmod(at, g["out_w"])
        (top, bottom), (left, right) = rows[y], columns[x]
        counts["windows"] += 1
        counts["copied_rows"] += bottom - top
        counts["filled_rows"] += g["taps_h"] - (bottom - top)
        pieces = [(g["taps_h"] - bottom + top, g["taps_w"])]
        pieces += [(bottom - top, columns) for columns in (left, g["taps_w"] - right)]
        wide = right - left
        pieces += [(bottom - top, wide)] if g["dilation_w"] == 1 else [((bottom - top) * wide, 1)]
        for times, columns_of_piece in pieces:
            counts["words"] += times * (columns_of_piece * g["in_c"] // 4)
            counts["bytes"] += times * (columns_of_piece * g["in_c"] % 4)
    return {name: float(count) for name, count in counts.items()}


def dense(step: Mapping[str, Any]) -> Trips:
    """Eight outputs at a time; the last eight overlap those before."""
    f = step["fields"]
    eights = -(-f["outputs"] // DENSE_TOGETHER)
    form = "relu" if f["tile"].endswith("relu") else "any"
    return {"once": 1.0, "products": float(eights * f["inputs"]),
            "turns": float(eights * -(-f["inputs"] // DENSE_IN_LINE)), f"eights_{form}": float(eights),
            "overlap": float(f["outputs"] % DENSE_TOGETHER != 0)}  # fmt: skip


def depthwise(step: Mapping[str, Any]) -> Trips:
    """Planes of four channels are laid out, then each channel goes block by block."""
    return {"once": 1.0} | _planes(step["fields"]["planes"])


def _planes(f: Mapping[str, Any]) -> Trips:
    g, lane = f["window"], f["lane"]
    _, single, taps, stride, size, relu = f["tile"].split("_")
    block, inputs = int(size), (int(size) - 1) * int(stride) + int(taps)
    channels = g["in_c"]
    blocks = channels * lane["rows"] * lane["blocks"]
    rows = blocks * lane["taps_h"]
    lines, columns = min(g["in_h"], f["high"] - g["pad_h"]), min(g["in_w"], f["wide"] - g["pad_w"])
    form = "relu" if relu == "1" else "any"
    held = "held" if single == "1" else "loaded"
    return {"filled": float(f["high"] * f["wide"]), "planes": channels / 4,
            "copied": channels / 4 * lines * columns, "lines": channels / 4 * lines, "lanes": float(channels),
            "rows": float(channels * lane["rows"]), f"blocks_{held}": float(blocks),
            f"rows_of_taps_{held}": float(rows), f"inputs_{held}": float(rows * inputs),
            f"products_{held}": float(rows * block * int(taps)),
            f"outputs_{form}": float(blocks * block)}  # fmt: skip


def pool(step: Mapping[str, Any]) -> Trips:
    """Four channels at a time over the taps inside."""
    g = step["fields"]["window"]
    rows, columns = row_spans(g), column_spans(g)
    high = sum(bottom - top for top, bottom in rows)
    wide = sum(right - left for left, right in columns)
    positions, quads = float(len(rows) * len(columns)), g["in_c"] // CHANNELS
    return {"once": 1.0, "positions": positions, "quads": positions * quads,
            "lines": float(high * len(columns) * quads), "taps": float(high * wide * quads)}  # fmt: skip


def add(step: Mapping[str, Any]) -> Trips:
    """Element by element, four in line."""
    return {"once": 1.0, "elements": float(step["fields"]["count"])}
