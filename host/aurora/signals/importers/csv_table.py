"""CSV with a header line and one row per sample, read through a mapping file (mapping.py).

Rows of one unit stand in time order; units may alternate. Every ``n`` rows of a unit make a window, or the
rows that share one value in the ``window`` column do. A window takes the mean of rpm and load over its rows,
the first row's time and time to failure, and its fault if all rows agree. Rows that do not fill a window are
dropped and counted in the provenance. With a time column the rows of a window have to be 1/rate apart.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from aurora.errors import InputError
from aurora.signals.importers.csv_window import Window, read_window
from aurora.signals.importers.labels import fault_names, unit_name
from aurora.signals.importers.mapping import Mapping
from aurora.signals.importers.recording import Recording
from aurora.signals.importers.units import assemble

MAX_CSV_BYTES = 4 << 30
MAX_LINE_CHARACTERS = 1 << 16
PROGRESS_CHARACTERS = 1 << 20


def read(source: Path, mapping: Mapping, progress: Callable[[int, int], None] | None = None) -> Recording:
    """All windows of the file; ``progress`` gets (characters read, bytes of the file).

    Raises InputError or NotFiniteError naming row and column.
    """
    if source.stat().st_size > MAX_CSV_BYTES:
        raise InputError("is larger than 4 GiB", where=source, hint="split it, or convert it to NPZ")
    windows: dict[str, list[Window]] = {}
    rows = left_over = 0
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            table = _Table(
                source,
                mapping,
                csv.reader(_bounded_lines(file, source, progress), delimiter=mapping.delimiter),
            )
            for unit, block in table.blocks():
                rows += len(block.rows)
                if len(block.rows) < mapping.n:
                    left_over += len(block.rows)
                    continue
                windows.setdefault(unit, []).append(read_window(block, table.columns, mapping, source))
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text (byte {error.start} of a block)", where=source) from error
    except csv.Error as error:
        raise InputError(f"is not a CSV: {error}", where=source) from error
    if not windows:
        raise InputError(
            f"has {rows} rows, none fills a window of {mapping.n}",
            where=source,
            hint="check n in the mapping file",
        )
    faults = fault_names((w.fault for unit in windows.values() for w in unit), mapping.fault_types, source)
    return Recording(
        name=mapping.name or "csv",
        rate_hz=float(mapping.rate_hz),
        n=mapping.n,
        axes=mapping.axes,
        units=(assemble(unit, blocks, faults, mapping) for unit, blocks in windows.items()),
        unit_count=len(windows),
        horizon_s=mapping.horizon_s,
        fault_types=faults,
        nominal_rpm=mapping.nominal_rpm,
        provenance={"format": "csv", "rows": rows, "rows_left_over": left_over},
        read_before=True,
    )


@dataclass
class Block:
    """Consecutive rows of one unit on their way to becoming a window; ``lines`` are 1-based line numbers."""

    key: str = ""
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


class _Table:
    """The header resolved to column positions, and the rows grouped into blocks."""

    def __init__(self, source: Path, mapping: Mapping, reader: Iterator[list[str]]) -> None:
        self._source, self._mapping, self._reader = source, mapping, reader
        header = [name.strip() for name in next(reader, [])]
        self._width = len(header)
        self.columns: dict[str, int] = {}
        wanted = {f"samples[{i}]": name for i, name in enumerate(mapping.samples)} | mapping.fields
        for key, name in wanted.items():
            if header.count(name) != 1:
                what = f"column {name!r} stands {header.count(name)} times in the header"
                shown = ", ".join(header[:12])[:200]
                delimiter = mapping.delimiter
                hint = f"header with delimiter {delimiter!r}: {shown}" if shown else "the first line is empty"
                raise InputError(
                    what if name in header else f"has no column {name!r}", where=source, hint=hint
                )
            self.columns[key] = header.index(name)

    def blocks(self) -> Iterator[tuple[str, Block]]:
        """(unit id, block of at most n rows); short blocks are those that no further row can fill."""
        unit_column, window_column = self.columns.get("unit"), self.columns.get("window")
        open_blocks: dict[str, Block] = {}
        names: dict[str, str] = {}
        for number, row in enumerate(self._reader, 2):
            if not row:
                continue
            if len(row) != self._width:
                raise InputError(
                    f"row {number} has {len(row)} cells, the header {self._width}", where=self._source
                )
            text = row[unit_column] if unit_column is not None else self._mapping.unit
            if text not in names:
                names[text] = unit_name(text, f"{self._source}: row {number}")
            unit = names[text]
            block = open_blocks.setdefault(unit, Block())
            key = row[window_column] if window_column is not None else ""
            if block.rows and key != block.key:
                self._check_full(block)
                yield unit, block
                block = open_blocks[unit] = Block()
            block.key = key
            block.rows.append(row)
            block.lines.append(number)
            if len(block.rows) == self._mapping.n and window_column is None:
                yield unit, open_blocks.pop(unit)
        for unit, block in open_blocks.items():
            if window_column is not None:
                self._check_full(block)
            yield unit, block

    def _check_full(self, block: Block) -> None:
        if len(block.rows) != self._mapping.n:
            place = f"window {block.key[:60]!r} (row {block.lines[0]})"
            raise InputError(
                f"{place} has {len(block.rows)} rows, not {self._mapping.n}",
                where=self._source,
                hint="dropped samples? correct n, or leave the window out",
            )


def _bounded_lines(file: TextIO, source: Path, progress: Callable[[int, int], None] | None) -> Iterator[str]:
    """Lines of bounded length: a binary file without line ends must not be read as one."""
    number = characters = told = 0
    size = source.stat().st_size
    while line := file.readline(MAX_LINE_CHARACTERS):
        number += 1
        characters += len(line)
        if progress and characters - told > PROGRESS_CHARACTERS:
            told = characters
            progress(characters, size)
        if len(line) == MAX_LINE_CHARACTERS:
            raise InputError(f"row {number} is longer than {MAX_LINE_CHARACTERS} characters", where=source)
        if "\0" in line:
            raise InputError(f"row {number} holds NUL bytes: not a text file", where=source)
        yield line
