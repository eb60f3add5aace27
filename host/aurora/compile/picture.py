"""The arena over time as an SVG: which bytes hold which buffer at which step, and what each step needs.

Written by hand and not by matplotlib: rectangles and words, and `aurora compile` stays fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

STEP_PX, HEIGHT_PX = 64, 360
LEFT_PX, TOP_PX, BOTTOM_PX = 70, 34, 54
MOST_STEPS_PX = 1600  # long programs get narrower steps, not wider pictures
WIDEST_NAME_PX = 56  # below this a name does not fit its rectangle
TENSOR, SCRATCH, INK, GREY = "#9ecae1", "#fdd0a2", "#222222", "#bbbbbb"


def arena_picture(report: dict[str, Any]) -> str:
    """SVG text from ``make_report``'s record: x is the step, y the byte offset; scratch is orange."""
    steps, arena_bytes = max(1, len(report["layers"])), max(1, report["arena_bytes"])
    step_px = min(STEP_PX, MOST_STEPS_PX / steps)
    width, height = LEFT_PX + steps * step_px + 20, TOP_PX + HEIGHT_PX + BOTTOM_PX
    title = f"{report['model']}: {arena_bytes:,} bytes of arena, {steps} steps"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}"'
        f' font-family="sans-serif" font-size="11" fill="{INK}">',
        f'<rect width="{width:.0f}" height="{height}" fill="white"/>',
        _text(LEFT_PX, 20, title),
        *_offsets(arena_bytes, steps * step_px),
        *(line for buffer in report["arena"] for line in _buffer(buffer, arena_bytes, step_px)),
        *(
            _text(LEFT_PX + (layer["step"] + 0.5) * step_px, TOP_PX + HEIGHT_PX + 16, str(layer["step"]),
                  "middle", layer["operation"])
            for layer in report["layers"]
        ),
        _text(LEFT_PX, TOP_PX + HEIGHT_PX + 40, "step; blue holds tensors, orange is scratch of one step"),
        "</svg>\n",
    ])  # fmt: skip


def _offsets(arena_bytes: int, across_px: float) -> Iterator[str]:
    for quarter in range(5):
        offset = arena_bytes * quarter // 4
        y = TOP_PX + HEIGHT_PX * offset / arena_bytes
        right = LEFT_PX + across_px
        yield f'<line x1="{LEFT_PX}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GREY}"/>'
        yield _text(LEFT_PX - 6, y + 4, f"{offset:,}", "end")


def _buffer(buffer: dict[str, Any], arena_bytes: int, step_px: float) -> Iterator[str]:
    x = LEFT_PX + buffer["first_step"] * step_px
    width = (buffer["last_step"] - buffer["first_step"] + 1) * step_px - 2
    y = TOP_PX + HEIGHT_PX * buffer["offset"] / arena_bytes
    height = HEIGHT_PX * buffer["bytes"] / arena_bytes
    color = SCRATCH if buffer["buffer"].startswith("scratch") else TENSOR
    told = f"{buffer['buffer']}: {buffer['bytes']:,} bytes at {buffer['offset']:,}"
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"'
        f' fill-opacity="0.7" stroke="{INK}" stroke-width="0.5"><title>{escape(told)}</title></rect>'
    )
    if height >= 14 and width >= WIDEST_NAME_PX:
        yield _text(x + 4, y + 12, buffer["buffer"])


def _text(x: float, y: float, words: str, anchor: str = "start", told: str = "") -> str:
    title = f"<title>{escape(told)}</title>" if told else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{title}{escape(words)}</text>'
