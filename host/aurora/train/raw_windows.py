"""Raw windows for a net: levelled by the machine's own start, and made only when a batch asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.signals.dataset import Unit
from aurora.train.dense import Target
from aurora.train.graded import graded_targets
from aurora.train.table import UnitTable

Floats = NDArray[np.float32]


class Recording:
    """A unit's windows as the net takes them, made when asked for.

    ``level`` [axes] is the unit's own, by its first ``reference_windows``; None where there are none.
    """

    def __init__(self, unit: Unit, reference_windows: int) -> None:
        self.unit = unit
        first = np.arange(min(reference_windows, unit.windows))
        self.level = self._g(first).std(axis=2).mean(axis=0) if len(first) else None

    def _g(self, rows: NDArray[np.integer]) -> Floats:
        g: Floats = self.unit.samples[rows].astype(np.float32) * self.unit.scale_g[rows, :, None]
        return g

    def windows(self, rows: NDArray[np.integer]) -> Floats:
        """[w, n, axes]: in units of the axis's reference level, without its mean, large values compressed."""
        g = self._g(rows)
        g = g - g.mean(axis=2, keepdims=True)
        level = g.std(axis=2) if self.level is None else self.level[None]
        x = g / np.maximum(level, np.float32(1e-6))[:, :, None]
        squeezed: Floats = (np.sign(x) * np.log1p(np.abs(x))).astype(np.float32)
        return squeezed.transpose(0, 2, 1)


@dataclass(frozen=True)
class Rows:
    """Scored windows of several units: which recording, which window; targets of both heads."""

    recordings: list[Recording]
    unit: NDArray[np.int64]
    window: NDArray[np.int64]
    targets: dict[str, Target]

    def batch(self, chosen: NDArray[np.integer]) -> Floats:
        """[rows, n, axes] of the chosen rows."""
        parts = [
            self.recordings[self.unit[row]].windows(self.window[row : row + 1]) for row in chosen.tolist()
        ]
        return np.concatenate(parts)


def rows_of(
    pairs: Sequence[tuple[Unit, UnitTable]],
    heads: dict[str, int],
    spread: float,
    reference_windows: int,
    *,
    least_classes: int = 2,
) -> Rows:
    """The scored windows of ``pairs`` and their graded targets (train/graded.py)."""
    windows = [np.flatnonzero(table.scored) for _, table in pairs]
    return Rows(
        recordings=[Recording(unit, reference_windows) for unit, _ in pairs],
        unit=np.repeat(np.arange(len(pairs)), [len(one) for one in windows]),
        window=np.concatenate(windows),
        targets=graded_targets([t for _, t in pairs], heads, spread, least_classes=least_classes),
    )
