"""Dot products of a convolution: the sums of 4 positions x 2 output channels at a time, in assembly.

A patch is `rows` runs of `length` bytes, neighbouring positions are `step` bytes apart. One VMLADAV takes 16
products. Runs are read in pieces of 16 bytes; pieces of different positions that lie at the same address
share one load, so pieces are visited in the order that brings such neighbours together. Where a channel has
at most three pieces, its weights stay in vector registers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.compile.m55.assembly import MAX_STEP, RETURN, SUMS, constant, function, moved

VECTOR = 16
POSITIONS = 4
VECTORS = 8
ROW_POINTERS = ("r1", "r3", "r5")
RESIDENT = 6  # weight vectors that may stay in registers where they are all there are
KEPT = (2, 4)  # of more, so many
NEAR_WEIGHTS = 63  # vectors that an immediate offset reaches
LOADS = {4: "vldrw.32", 2: "vldrh.16", 1: "vldrb.8"}


@dataclass(frozen=True)
class Patch:
    """``across`` x ``down`` positions a call; ``next_row`` bytes from a row of positions to the next.

    ``bases``: every call's first patch lies a sum of multiples of these behind an aligned address.
    """

    rows: int
    length: int
    row_step: int
    step: int
    across: int
    down: int
    next_row: int
    bases: tuple[int, ...] = ()


class Tile:
    def __init__(self, patch: Patch) -> None:
        self.patch = patch
        count = -(-patch.length // VECTOR)
        starts = [VECTOR * piece for piece in range(count)]
        if patch.step < VECTOR and (count - 1) * patch.step + VECTOR >= patch.length:
            starts = [patch.step * piece for piece in range(count)]  # so that neighbours share loads
        starts.sort(key=lambda start: (start % patch.step, start))
        self.pieces = [(row, start) for row in range(patch.rows) for start in starts]
        few = len(self.pieces) <= 3 and patch.step < 64
        whole = patch.down == 1 or patch.across % (2 * POSITIONS) == 0
        self.together = 2 if few and whole else 1  # groups of positions per turn of the loop
        turn = self.together * POSITIONS
        self.turns = -(-patch.across // turn)
        self.positions = self.turns * turn * patch.down
        strides = (*starts, patch.step, patch.row_step, patch.next_row, *patch.bases)
        self.alignment = next(size for size in (4, 2, 1) if all(at % size == 0 for at in strides))

    @property
    def reach(self) -> int:
        """Bytes from the first patch's start to the end of the last read."""
        p = self.patch
        across = self.turns * self.together * POSITIONS
        last = (across - 1) * p.step + (p.down - 1) * p.next_row + (p.rows - 1) * p.row_step
        return last + max(start for _, start in self.pieces) + VECTOR

    @property
    def fits(self) -> bool:
        p = self.patch
        jump = abs(p.next_row - self.turns * self.together * POSITIONS * p.step) if p.down > 1 else 0
        return p.rows <= len(ROW_POINTERS) and max(p.row_step, p.step * 8, jump, p.length) <= MAX_STEP

    def packed(self, weights: NDArray[np.int8]) -> bytes:
        """Weights [channel, row, byte] by pair of channels, piece, channel; zeros where pieces overlap."""
        channels, rows, length = weights.shape
        padded = np.zeros((channels + channels % 2, rows, length + VECTOR), np.int8)
        padded[:channels, :, :length] = weights
        out = np.zeros((len(padded) // 2, len(self.pieces), 2, VECTOR), np.int8)
        taken = np.zeros((rows, length), bool)
        for row, start in sorted(self.pieces):
            piece = self.pieces.index((row, start))
            for i in range(start, min(start + VECTOR, length)):
                if not taken[row, i]:
                    taken[row, i] = True
                    out[:, piece, :, i - start] = padded[:, row, i].reshape(-1, 2)
        return out.tobytes()

    def text(self, name: str) -> str:
        p = self.patch
        comment = (
            f"Sums of {p.across} x {p.down} positions, {p.step} bytes apart, patches of "
            f"{p.rows} x {p.length} bytes."
        )
        lines: list[str] = min((_Writer(self, kept).lines() for kept in KEPT), key=len)
        return function(name, lines, comment)


class _Writer:
    """One emission: which vector holds what, and where the row pointers stand."""

    def __init__(self, tile: Tile, kept: int) -> None:
        self.tile, self.patch = tile, tile.patch
        self.vectors = 2 * len(tile.pieces)
        kept = self.vectors if self.vectors <= RESIDENT else kept
        self.kept = [f"q{VECTORS - kept + i}" for i in range(kept)]
        self.stream = [] if kept == self.vectors else ["q0", "q1"]
        self.free = [f"q{i}" for i in range(len(self.stream), VECTORS - kept)]
        self.far = self.vectors > NEAR_WEIGHTS
        self.advance = tile.together * POSITIONS * self.patch.step
        self.held: dict[tuple[int, int], str] = {}
        self.here: dict[int, int] = {}  # row -> where its pointer stands in a turn
        self.entered: dict[int, tuple[int, int]] = {}  # row -> first address, line of its first load
        self.body: list[str] = []

    def lines(self) -> list[str]:
        self._write_body()
        p = self.patch
        head = ["mov r7, r1", "mov r9, r2", "mov r11, r3"]
        for row in reversed(range(p.rows)):
            back = row * p.row_step + self.here[row] - self.advance
            head += [
                *constant("r4", abs(back)),
                f"{'add' if back >= 0 else 'sub'} {ROW_POINTERS[row]}, r0, r4",
            ]
        head += [f"vldrw.32 {q}, [r7, #{VECTOR * i}]" for i, q in enumerate(self.kept)]
        if self.stream:
            head.append(f"addw r7, r7, #{VECTOR * len(self.kept) if self.far else 508}")
        tail = moved("r7", -VECTOR * (self.vectors - len(self.kept))) if self.far else []
        return self._looped(head, [*_early_loads(self.body), *tail])

    def _looped(self, head: list[str], body: list[str]) -> list[str]:
        """The body for every turn of a row and every row; counters in free registers or on the stack."""
        p = self.patch
        free = [] if self.stream else ["r7"]
        free += [ROW_POINTERS[row] for row in range(p.rows, len(ROW_POINTERS))]
        across = _Counter(self.tile.turns, free.pop() if free and self.tile.turns > 1 else "", 0)
        down = _Counter(p.down, free.pop() if free and p.down > 1 else "", 4)
        stack = any(counter.turns > 1 and not counter.register for counter in (across, down))
        head += ["sub sp, sp, #8"] if stack else []
        lines = [*head, *down.start(), *across.start(), "1:", *body, *across.step()]
        if p.down > 1:
            jump = p.next_row - self.tile.turns * self.advance
            for row in range(p.rows):
                lines += moved(ROW_POINTERS[row], jump)
            lines += [*down.count(), *across.start(), *down.back()]
        return [*lines, *(["add sp, sp, #8"] if stack else []), *RETURN]

    def _write_body(self) -> None:
        tile, p = self.tile, self.patch
        uses = [
            (row, start + (POSITIONS * group + position) * p.step)
            for group in range(tile.together)
            for row, start in tile.pieces
            for position in range(POSITIONS)
        ]
        for number, (row, at) in enumerate(uses):
            piece, position = number // POSITIONS % len(tile.pieces), number % POSITIONS
            weights = self._weights(piece, position)
            if (row, at) not in self.held:
                self._load(row, at, uses[number:])
            operation = "vmladava.s8" if piece else "vmladav.s8"
            for channel in range(2):
                total = SUMS[POSITIONS * channel + position]
                self.body.append(f"{operation} {total}, {self.held[row, at]}, {weights[channel]}")
            if piece == len(tile.pieces) - 1 and position == POSITIONS - 1:
                self.body += ["stm r9!, {r0, r2, r4, r6}", "stm r11!, {r8, r10, r12, lr}"]
        for row, (first, line) in self.entered.items():  # the first load of a row moves its pointer on
            move = first - self.here[row] + self.advance
            load = self.body[line]
            if abs(move) <= self._span:
                self.body[line] = load.replace("#0]", f"#{move}]!")
            else:
                self.body[line : line + 1] = ["\n".join([*_step(ROW_POINTERS[row], move), load])]
        self.body = [line for lines in self.body for line in lines.split("\n")]

    @property
    def _span(self) -> int:
        return 127 * self.tile.alignment

    def _weights(self, piece: int, position: int) -> list[str]:
        vectors = self.kept[2 * piece : 2 * piece + 2]
        if vectors:
            return vectors
        if position == 0:
            for channel in range(2):
                number = 2 * piece + channel
                place = "[r7], #16" if self.far else f"[r7, #{VECTOR * number - 508}]"
                self.body.append(f"vldrw.32 {self.stream[channel]}, {place}")
        return self.stream

    def _load(self, row: int, at: int, later: list[tuple[int, int]]) -> None:
        if not self.free:  # give up the vector whose next use is furthest away
            next_use = {
                place: later.index(place) if place in later else len(later) + 1 for place in self.held
            }
            self.free.append(self.held.pop(max(next_use, key=lambda place: next_use[place])))
        vector = self.held[row, at] = self.free.pop(0)
        pointer = ROW_POINTERS[row]
        if row not in self.here:
            self.here[row] = at
            self.entered[row] = (at, len(self.body))
        elif abs(at - self.here[row]) > self._span:
            self.body += _step(pointer, at - self.here[row])
            self.here[row] = at
        self.body.append(f"{LOADS[self.tile.alignment]} {vector}, [{pointer}, #{at - self.here[row]}]")


@dataclass(frozen=True)
class _Counter:
    """Counts ``turns`` down in ``register``, or in a word of the stack where none is free."""

    turns: int
    register: str
    slot: int

    def start(self) -> list[str]:
        if self.turns == 1:
            return []
        if self.register:
            return constant(self.register, self.turns)
        return [*constant("r0", self.turns), f"str r0, [sp, #{self.slot}]"]

    def count(self) -> list[str]:
        if self.turns == 1:
            return []
        if self.register:
            return [f"subs {self.register}, {self.register}, #1"]
        return [f"ldr r0, [sp, #{self.slot}]", "subs r0, r0, #1", f"str r0, [sp, #{self.slot}]"]

    def back(self) -> list[str]:
        return ["bne 1b"] if self.turns > 1 else []

    def step(self) -> list[str]:
        return [*self.count(), *self.back()]


def _step(register: str, by: int) -> list[str]:
    return [f"{'addw' if by >= 0 else 'subw'} {register}, {register}, #{abs(by)}"]


def _early_loads(lines: list[str]) -> list[str]:
    """Each load two multiplications earlier where that is safe, so that its result is there in time."""
    out: list[str] = []
    for line in lines:
        at, register = len(out), line.split()[1].strip(",")
        while line.startswith("vldr") and at and len(out) - at < 2 and out[at - 1].startswith("vmla"):
            if register in out[at - 1].replace(",", "").split():
                break
            at -= 1
        out.insert(at, line)
    return out
