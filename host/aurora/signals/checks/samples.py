"""What the samples themselves give away: clipping, constant stretches, repeated windows, a doubled rate."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from aurora.signals.checks.finding import Finding, Severity
from aurora.signals.dataset import DataSet, Unit

BATCH = 64
# A converter at its limit repeats its extreme value; recorded vibration never did so more than twice in a row
# in 7,893 windows of FEMTO and CWRU.
CLIPPED_REPEATS = 4
LOUD_COUNTS = 64  # below this peak a repeated extreme says nothing
CONSTANT_RUN = 32  # equal samples in a row: filled in, not measured
CLIPPED_WINDOWS_ERROR = 0.01  # of a unit's windows
HELD_SHARE = 0.9

Digests = dict[bytes, list[tuple[str, int]]]


def sample_findings(
    dataset: DataSet, progress: Callable[[int], None] | None = None
) -> tuple[list[Finding], Digests]:
    """Findings in the samples, and where each window's bytes occur (for leakage between splits)."""
    findings: list[Finding] = []
    digests: Digests = defaultdict(list)
    for unit in dataset.units:
        marks = _Marks(unit.windows)
        for start in range(0, unit.windows, BATCH):
            block = np.asarray(unit.samples[start : start + BATCH])
            marks.fill(start, block)
            for i, window in enumerate(block):
                if not marks.silent[start + i]:
                    digest = hashlib.blake2b(window.tobytes(), digest_size=16).digest()
                    digests[digest].append((unit.id, start + i))
            if progress:
                progress(len(block))
        findings += marks.findings(unit)
    findings += _duplicates(digests)
    return findings, digests


class _Marks:
    """Per window of one unit: what was seen."""

    def __init__(self, windows: int) -> None:
        self.silent = np.zeros(windows, bool)
        self.clipped = np.zeros(windows, bool)
        self.constant = np.zeros(windows, bool)
        self.held = np.zeros(windows, np.int64)

    def fill(self, start: int, block: NDArray[np.int16]) -> None:
        """Judge a block [b, axes, n] of windows from ``start`` on."""
        rows = slice(start, start + len(block))
        high, low = block.max(axis=-1, keepdims=True), block.min(axis=-1, keepdims=True)
        flat = (high == low)[..., 0]
        same = block[..., 1:] == block[..., :-1]
        at_limit = same & ((block[..., 1:] == high) | (block[..., 1:] == low))
        loud = np.maximum(high.astype(np.int32), -low.astype(np.int32))[..., 0] >= LOUD_COUNTS
        clipped = (at_limit.sum(axis=-1) >= CLIPPED_REPEATS) & loud & ~flat
        constant = _has_run(same & ~at_limit, CONSTANT_RUN - 1) & ~flat
        self.silent[rows] = flat.all(axis=-1)
        self.clipped[rows] = clipped.any(axis=-1)
        self.constant[rows] = (constant | (flat & ~flat.all(axis=-1, keepdims=True))).any(axis=-1)
        self.held[rows] = _held(block, flat)

    def findings(self, unit: Unit) -> Iterator[Finding]:
        """The unit's findings, one per kind."""
        many = self.clipped.mean() > CLIPPED_WINDOWS_ERROR
        kinds: list[tuple[NDArray[np.bool_], Severity, str, str, str]] = [
            (self.silent, "error", "silent", "all samples of every axis are equal",
             "check cable and export, leave these windows out"),
            (self.clipped, "error" if many else "warning", "clipped", "the signal sits at its limit",
             "lower the gain, or leave these windows out"),
            (self.constant, "error", "dropped_samples",
             f"{CONSTANT_RUN} or more equal samples in a row: samples were dropped and filled in",
             "leave these windows out"),
        ]  # fmt: skip
        for marks, severity, code, what, do in kinds:
            if marks.any():
                yield Finding(severity, code, what, do, unit.id, int(np.argmax(marks)), int(marks.sum()))
        for factor in (2, 3, 4):
            held = self.held == factor
            if held.any():
                what = f"every sample stands {factor} times: the true rate is the declared one / {factor}"
                do = "import the original samples with their own rate"
                yield Finding("error", "wrong_rate", what, do, unit.id, int(np.argmax(held)), int(held.sum()))


def _has_run(same: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """[...]: whether ``length`` True stand in a row along the last axis."""
    if same.shape[-1] < length:
        return np.zeros(same.shape[:-1], bool)
    total = np.cumsum(same, axis=-1, dtype=np.int32)
    first = total[..., length - 1] == length
    found: NDArray[np.bool_] = first | ((total[..., length:] - total[..., :-length]) == length).any(axis=-1)
    return found


def _held(block: NDArray[np.int16], flat: NDArray[np.bool_]) -> NDArray[np.int64]:
    """[b]: 2, 3 or 4 where samples come in groups of so many equal ones on every axis, else 1."""
    held = np.ones(len(block), np.int64)
    for factor in range(2, min(4, block.shape[-1]) + 1):
        groups = block[..., : block.shape[-1] // factor * factor].reshape(*block.shape[:-1], -1, factor)
        share = (groups == groups[..., :1]).all(axis=-1).mean(axis=-1)
        held[((share > HELD_SHARE) & ~flat).all(axis=-1)] = factor
    return held


def _duplicates(digests: Digests) -> Iterator[Finding]:
    """Windows whose samples are the same to the bit, grouped by the pair of units that share them."""
    pairs: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for places in digests.values():
        first_unit, first_window = places[0]
        for unit, window in places[1:]:
            pairs[first_unit, unit].append((first_window, window))
    for (first_unit, unit), windows in pairs.items():
        first, window = min(windows, key=lambda pair: pair[1])
        twin = f"window {first}" if unit == first_unit else f"window {first} of unit {first_unit}"
        what = f"holds the same samples as {twin}"
        yield Finding("error", "duplicate", what, "keep one of them", unit, window, len(windows))
