"""Dot products of a depthwise convolution on one plane, in assembly.

The patches of a small block of neighbouring outputs are read together, at most 16 bytes of the plane: by a
gathering load, or by a plain one where they lie within 16 bytes. Each output of the block has its own copy of
the weights, zero where the patch is another's, so that one VMLADAV gives its sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.compile.m55.assembly import MAX_STEP, RETURN, SUMS, constant, function, moved

VECTOR = 16
MAX_TAPS = 15  # a 16th byte of the weights is the zero that other patches' taps read
FARTHEST = 255  # a gathering load's offsets are bytes
PLAIN_REACH = 127
LONGEST_ROW = 64  # outputs of a row (or pair of rows), which are written out


@dataclass(frozen=True)
class PlanePatch:
    """Taps of one output as offsets from its first byte; ``across`` x ``down`` outputs a call."""

    taps: tuple[int, ...]
    row: int
    stride_h: int
    stride_w: int
    across: int
    down: int


@dataclass(frozen=True)
class _Block:
    high: int
    wide: int
    offsets: tuple[int, ...]
    gather: bool


class DepthwiseTile:
    def __init__(self, patch: PlanePatch) -> None:
        self.patch = patch
        blocks = [
            block
            for high in (1, 2)
            for wide in range(1, 7)
            if high <= patch.down and (block := self._block(high, wide)) is not None
        ]
        self.block = min(blocks, key=self._cost, default=None)

    def _block(self, high: int, wide: int) -> _Block | None:
        p, outputs = self.patch, high * wide
        lanes = [self._lane(y, x) for y in range(high) for x in range(wide)]
        union = sorted({lane + tap for lane in lanes for tap in p.taps})
        if len(p.taps) > MAX_TAPS or wide > p.across or p.across * high > LONGEST_ROW:
            return None
        if union[-1] < VECTOR and outputs <= 6:
            return _Block(high, wide, tuple(range(VECTOR)), gather=False)
        if len(union) > VECTOR or union[-1] > FARTHEST or outputs > 5:
            return None
        return _Block(high, wide, (*union, *[union[-1]] * (VECTOR - len(union))), gather=True)

    def _lane(self, y: int, x: int) -> int:
        return y * self.patch.stride_h * self.patch.row + x * self.patch.stride_w

    def _cost(self, block: _Block) -> float:
        """Instructions per output, about."""
        loads = -(-self.patch.across // block.wide) * (2 if block.gather else 1)
        return (loads + 4) / (self.patch.across * block.high)

    @property
    def fits(self) -> bool:
        p = self.patch
        if len(set(p.taps)) < len(p.taps):  # taps wider than a row meet the same byte of the border
            return False
        return self.block is not None and 2 * p.stride_h * p.row <= MAX_STEP

    @property
    def positions(self) -> int:
        return self.patch.across * self.patch.down

    @property
    def reach(self) -> int:
        """Bytes from the first patch's start to the end of the last read."""
        p, block = self.patch, self._chosen
        across = -(-p.across // block.wide) * block.wide
        return self._lane(p.down, across) + max(block.offsets) + VECTOR

    @property
    def _chosen(self) -> _Block:
        assert self.block is not None
        return self.block

    def order(self) -> list[tuple[int, int]]:
        """(row, column) of every sum, in the order in which they are written."""
        p, high = self.patch, self._chosen.high
        return [place for y in range(0, p.down, high) for place in self._group(y, min(high, p.down - y))]

    def _group(self, first: int, rows: int) -> list[tuple[int, int]]:
        wide = self._chosen.wide
        return [
            (first + y, x)
            for start in range(0, self.patch.across, wide)
            for y in range(rows)
            for x in range(start, min(start + wide, self.patch.across))
        ]

    def packed(self, weights: NDArray[np.int8]) -> bytes:
        """Weights [channel, tap] in 16 bytes a channel."""
        out = np.zeros((len(weights), VECTOR), np.int8)
        out[:, : weights.shape[1]] = weights
        return out.tobytes()

    def text(self, name: str) -> str:
        p = self.patch
        comment = (
            f"Sums of {p.across} x {p.down} positions of a plane with rows of {p.row} bytes, "
            f"{len(p.taps)} taps, stride {p.stride_h}x{p.stride_w}."
        )
        return function(name, self._lines(), comment)

    def _lines(self) -> list[str]:
        p, block = self.patch, self._chosen
        lanes = [(y, x) for y in range(block.high) for x in range(block.wide)]
        lines = ["mov r9, r2", "adr r5, 3f"]
        for number in range(len(lanes)):
            lines += [f"vldrb.u8 q7, [r5, #{number * VECTOR % 128}]", f"vldrb.u8 q{number}, [r1, q7]"]
        tables = [self._selection(lane, block) for lane in lanes]
        if block.gather:
            lines.append(f"vldrb.u8 q7, [r5, #{len(lanes) * VECTOR}]")
            tables.append(block.offsets)
        turns, rest = divmod(p.down, block.high)
        lines += ["mov r1, r0", *(constant("r3", turns) if turns > 1 else []), "1:"]
        lines += self._rows(block.high, last=turns == 1 and not rest)
        lines += ["subs r3, r3, #1", "bne 1b"] if turns > 1 else []
        lines += self._rows(rest, last=True) if rest else []
        data = [f".byte {', '.join(map(str, table))}" for table in tables]
        return [*lines, *RETURN, ".align 2", "3:", *data]

    def _selection(self, lane: tuple[int, int], block: _Block) -> tuple[int, ...]:
        """Which of the channel's 16 weights each byte of the block's patch meets."""
        first = self._lane(*lane)
        taps = {first + tap: number for number, tap in enumerate(self.patch.taps)}
        places = dict.fromkeys(block.offsets)
        known = [taps.get(offset, MAX_TAPS) for offset in places]
        return (*known, *[MAX_TAPS] * (VECTOR - len(known)))

    def _rows(self, rows: int, *, last: bool) -> list[str]:
        """One row of outputs, or two: loads one block ahead of the multiplications."""
        p, block = self.patch, self._chosen
        lanes = block.high * block.wide
        vectors = [f"q{i}" for i in range(lanes, 7 if block.gather else 8)]
        loads: list[list[str]] = []
        uses: list[list[tuple[str, str]]] = []
        here = 0
        for number, start in enumerate(range(0, p.across, block.wide)):
            vector, at = vectors[number % len(vectors)], start * p.stride_w
            load, here = self._load(vector, at, here)
            loads.append(load)
            columns = range(min(block.wide, p.across - start))
            uses.append([(vector, f"q{y * block.wide + x}") for y in range(rows) for x in columns])
        lines, waiting = [*loads[0]], 0
        for number, group in enumerate(uses):
            lines += loads[number + 1] if number + 1 < len(loads) and len(vectors) > 1 else []
            for vector, weights in group:
                lines.append(f"vmladav.s8 {SUMS[waiting]}, {vector}, {weights}")
                waiting += 1
                if waiting == len(SUMS):
                    lines.append(_store(waiting))
                    waiting = 0
            lines += loads[number + 1] if number + 1 < len(loads) and len(vectors) == 1 else []
        lines += [_store(waiting)] if waiting else []
        return lines + ([] if last else moved("r1", block.high * p.stride_h * p.row - here))

    def _load(self, vector: str, at: int, here: int) -> tuple[list[str], int]:
        if self._chosen.gather:
            return [*moved("r1", at - here), f"vldrb.u8 {vector}, [r1, q7]"], at
        if at - here > PLAIN_REACH:
            return [*moved("r1", at - here), f"vldrb.u8 {vector}, [r1]"], at
        return [f"vldrb.u8 {vector}, [r1, #{at - here}]"], here


def _store(count: int) -> str:
    return f"stm r9!, {{{', '.join(SUMS[:count])}}}" if count > 1 else "str r0, [r9], #4"
