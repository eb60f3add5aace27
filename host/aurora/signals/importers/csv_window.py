"""One window of a CSV: text cells to numbers, with row and column in every complaint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError, NotFiniteError
from aurora.signals.importers.mapping import Mapping
from aurora.signals.importers.recording import to_counts

MAX_RATE_ERROR = 0.01


class Rows(Protocol):
    """The rows of one window with their line numbers."""

    rows: list[list[str]]
    lines: list[int]


@dataclass(frozen=True)
class Window:
    """What one window of a source says about itself."""

    counts: NDArray[np.int16]  # [axes, n]
    scale_g: NDArray[np.float32]  # [axes]
    rpm: float
    load: float
    time_s: float  # nan = the source has no time
    ttf_s: float
    fault: str


def read_window(block: Rows, columns: dict[str, int], mapping: Mapping, source: Path) -> Window:
    """Parse a full block; raises InputError or NotFiniteError naming row and column."""
    cells = _Cells(block, columns, mapping, source)
    values = np.stack([cells.numbers(f"samples[{i}]", measured=True) for i in range(len(mapping.axes))])
    counts, scale_g = to_counts(values, float(mapping.scale_g))
    time_s = math.nan
    if "time" in columns:
        times = cells.numbers("time", measured=True)
        _check_spacing(times, float(mapping.rate_hz), block.lines, source)
        time_s = float(times[0])
    return Window(
        counts=counts,
        scale_g=scale_g,
        rpm=cells.mean("rpm"),
        load=cells.mean("load"),
        time_s=time_s,
        ttf_s=float(cells.numbers("ttf", measured=False)[0]) if "ttf" in columns else math.nan,
        fault=cells.common("fault"),
    )


@dataclass(frozen=True)
class _Cells:
    block: Rows
    columns: dict[str, int]
    mapping: Mapping
    source: Path

    def numbers(self, key: str, *, measured: bool) -> NDArray[np.float64]:
        """[n] numbers of a column; ``measured`` ones have to be finite, in others empty means nan."""
        column = self.columns[key]
        texts = [row[column] for row in self.block.rows]
        try:
            values = np.array(texts, dtype=np.float64)
        except ValueError:
            values = np.array([self._number(key, i, text) for i, text in enumerate(texts)])
        if measured and not np.isfinite(values).all():
            bad = int(np.argmin(np.isfinite(values)))
            raise NotFiniteError(
                f"{self._place(key, bad)}: {texts[bad][:30]!r} is no finite number",
                where=self.source,
                hint="remove or repair the window",
            )
        return values

    def mean(self, key: str) -> float:
        """Mean of the column's known cells; nan where there is none."""
        if key not in self.columns:
            return math.nan
        values = self.numbers(key, measured=False)
        if np.isinf(values).any():
            bad = int(np.argmax(np.isinf(values)))
            raise NotFiniteError(f"{self._place(key, bad)}: is infinite", where=self.source)
        known = values[~np.isnan(values)]
        return float(known.mean()) if known.size else math.nan

    def common(self, key: str) -> str:
        """The text that all rows share; "" if they differ."""
        if key not in self.columns:
            return ""
        texts = {row[self.columns[key]].strip() for row in self.block.rows}
        return texts.pop() if len(texts) == 1 else ""

    def _number(self, key: str, index: int, text: str) -> float:
        if not text.strip():
            return math.nan
        try:
            return float(text)
        except ValueError as error:
            raise InputError(
                f"{self._place(key, index)}: {text[:30]!r} is no number",
                where=self.source,
                hint="decimal commas and units are not read" if "," in text else "correct the file",
            ) from error

    def _place(self, key: str, index: int) -> str:
        names = self.mapping.samples
        name = names[int(key[8:-1])] if key.startswith("samples[") else self.mapping.fields[key]
        return f"row {self.block.lines[index]}, column {name!r}"


def _check_spacing(times: NDArray[np.float64], rate_hz: float, lines: list[int], source: Path) -> None:
    """The rows' own time has to agree with the rate: a wrong rate moves every frequency."""
    span, steps = float(times[-1] - times[0]), np.diff(times)
    if times.size < 2 or abs(span * rate_hz / (times.size - 1) - 1) <= MAX_RATE_ERROR:
        return
    rows = f"rows {lines[0]} to {lines[-1]}"
    worst = int(np.argmax(steps))
    if steps[worst] * rate_hz > 2 and steps[worst] > 3 * max(float(np.median(steps)), 0.0) > 0:
        raise InputError(
            f"rows {lines[worst]} and {lines[worst + 1]} are {steps[worst]:g} s apart: samples are missing",
            where=source,
            hint="give a window column, or cut the file at the gap",
        )
    found = f"{(times.size - 1) / span:.6g} Hz" if span > 0 else "no forward step"
    raise InputError(
        f"{rows}: time says {found}, rate_hz says {rate_hz:g}",
        where=source,
        hint="correct rate_hz or the time column",
    )
