"""Leakage between splits: the same machine, or the same samples, on both sides.

A split file is JSON: {"train": [...], "test": [...]}, each a list of unit ids, or an object
{"<unit id>": [window, ...]} where windows of one unit were dealt out (which is the leak).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aurora.errors import InputError
from aurora.signals.checks.finding import Finding
from aurora.signals.checks.samples import Digests
from aurora.signals.dataset import DataSet

MAX_SPLIT_BYTES = 64 << 20
Splits = dict[str, dict[str, set[int] | None]]  # split -> unit -> its windows, None = all


def load_splits(path: Path) -> Splits:
    """Read a split file; InputError names what is wrong in it."""
    try:
        if path.stat().st_size > MAX_SPLIT_BYTES:
            raise InputError("is larger than any split file", where=path)
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError("no such split file", where=path) from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"is not JSON: {str(error)[:120]}", where=path) from error
    if not isinstance(raw, dict) or not raw:
        raise InputError("is not an object of splits", where=path, hint='{"train": [...], "test": [...]}')
    return {name: _split(name, content, path) for name, content in raw.items()}


def _split(name: str, content: Any, path: Path) -> dict[str, set[int] | None]:
    if isinstance(content, list) and all(isinstance(unit, str) for unit in content):
        return dict.fromkeys(content)
    if isinstance(content, dict):
        good = all(
            isinstance(windows, list) and all(type(window) is int for window in windows)
            for windows in content.values()
        )
        if good:
            return {unit: set(windows) for unit, windows in content.items()}
    raise InputError(
        f"split {name[:60]!r} is neither a list of unit ids nor an object of window lists", where=path
    )


def split_findings(dataset: DataSet, splits: Splits, digests: Digests) -> Iterator[Finding]:
    """Units and window bytes that stand in two splits; units that no data set has, or no split."""
    known = {unit.id: unit.windows for unit in dataset.units}
    home: dict[str, str] = {}
    for split, units in splits.items():
        for unit, windows in units.items():
            if unit not in known:
                what = f"split {split!r} names unit {unit[:60]!r}, which the data set lacks"
                yield Finding("error", "unknown_unit", what, "correct the split file")
                continue
            if windows and not 0 <= min(windows) <= max(windows) < known[unit]:
                what = f"split {split!r} names a window beyond the unit's {known[unit]}"
                yield Finding("error", "unknown_window", what, "correct the split file", unit)
            if unit in home:
                what = f"leaks: it is in the splits {home[unit]!r} and {split!r}"
                yield Finding("error", "leak_unit", what, "keep a machine in one split", unit)
            home.setdefault(unit, split)
    yield from _shared_bytes(splits, digests)
    missing = sorted(set(known) - set(home))
    if missing:
        what = f"{len(missing)} units are in no split: {', '.join(missing[:8])}"
        yield Finding("note", "unsplit_unit", what, "expected if left out on purpose")


def _shared_bytes(splits: Splits, digests: Digests) -> Iterator[Finding]:
    leaks: dict[tuple[str, str, str], list[int]] = {}
    for places in digests.values():
        if len(places) < 2:
            continue
        seen = {(split, place) for place in places for split in _splits_of(splits, *place)}
        for split, (unit, window) in sorted(seen):
            for other, (other_unit, _) in seen:
                if split > other and unit != other_unit:
                    leaks.setdefault((unit, split, other), []).append(window)
    for (unit, split, other), windows in sorted(leaks.items()):
        what = f"leaks: its samples in split {split!r} are in split {other!r} too, under another unit"
        yield Finding(
            "error", "leak_window", what, "keep one copy, in one split", unit, min(windows), len(set(windows))
        )


def _splits_of(splits: Splits, unit: str, window: int) -> Iterator[str]:
    for name, units in splits.items():
        if unit in units:
            windows = units[unit]
            if windows is None or window in windows:
                yield name
