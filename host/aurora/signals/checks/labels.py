"""Labels that no one can learn from: without a unit, against each other, or against time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aurora.signals.checks.finding import Finding
from aurora.signals.dataset import HEALTHY_NAMES, DataSet, Unit, fails_within
from aurora.signals.values import value_problems

TTF_SLACK = 0.02  # float32 and rounding in sources


def label_findings(dataset: DataSet) -> Iterator[Finding]:
    """Value problems, then labels: per unit, then over the data set."""
    for unit in dataset.units:
        for problem in value_problems(unit, len(dataset.fault_types)):
            code = "not_finite" if problem.not_finite else "impossible_value"
            what, do = f"{problem.column}: {problem.what}", "correct the source and import it again"
            yield Finding("error", code, what, do, unit.id, problem.window, problem.count)
        yield from _life(unit)
        yield from _healthy_start(dataset, unit)
    yield from _without_units(dataset)
    yield from _coverage(dataset)


def _life(unit: Unit) -> Iterator[Finding]:
    known = ~np.isnan(unit.ttf_s)
    finite = np.isfinite(unit.ttf_s)
    if (known & ~finite).any() and finite.any():
        window = int(np.argmax(known & ~finite))
        what = "time to failure is infinite in a unit that fails in other windows"
        yield Finding("error", "label_clash", what, "split the unit at its repair", unit.id, window)
        return
    rows = np.flatnonzero(finite)
    if rows.size < 2:
        return
    ttf, time_s = unit.ttf_s[rows].astype(np.float64), unit.time_s[rows]
    rises = np.diff(ttf) > TTF_SLACK * np.maximum(ttf[:-1], 1)
    if rises.any():
        window = int(rows[np.argmax(rises) + 1])
        what = "time to failure rises"
        yield Finding(
            "error", "ttf_rises", what, "split the unit at its repair", unit.id, window, int(rises.sum())
        )
        return
    elapsed, lost = time_s[-1] - time_s[0], ttf[0] - ttf[-1]
    if np.isfinite(elapsed) and abs(lost - elapsed) > TTF_SLACK * max(abs(elapsed), abs(lost)):
        what = f"time to failure falls by {lost:.6g} s while {elapsed:.6g} s go by"
        yield Finding("warning", "ttf_pace", what, "check that both are in seconds", unit.id, int(rows[0]))


def _healthy_start(dataset: DataSet, unit: Unit) -> Iterator[Finding]:
    start = unit.healthy_start_windows
    if start == 0:
        return
    faulty = [i for i, name in enumerate(dataset.fault_types) if name not in HEALTHY_NAMES]
    clash = np.isin(unit.fault[:start], faulty)
    if clash.any():
        what, window = "is marked as healthy start and labelled with a fault", int(np.argmax(clash))
        yield Finding(
            "error", "label_clash", what, "shorten the healthy start", unit.id, window, int(clash.sum())
        )
    if dataset.horizon_s is not None and (unit.ttf_s[:start] <= dataset.horizon_s).any():
        window = int(np.argmax(unit.ttf_s[:start] <= dataset.horizon_s))
        what = "is marked as healthy start and fails within the horizon"
        yield Finding(
            "warning", "label_clash", what, "shorten horizon_s or the healthy start", unit.id, window
        )


def _without_units(dataset: DataSet) -> Iterator[Finding]:
    labelled = sum(int(((u.fault >= 0) | ~np.isnan(u.ttf_s)).sum()) for u in dataset.units)
    if labelled and len(dataset.units) == 1:
        what = f"{labelled} windows have labels, but all belong to one unit: no honest split is possible"
        do = "name the machine of each window (unit in the mapping file)"
        yield Finding("error", "labels_without_units", what, do, dataset.units[0].id)
    folder = dataset.path / "units"
    listed = {unit.id for unit in dataset.units}
    for stranger in sorted(entry.name for entry in folder.iterdir() if entry.name not in listed)[:20]:
        what = f"units/{stranger[:60]!r} is not in the manifest"
        yield Finding("warning", "unlisted_unit", what, "remove it or import again")


def _coverage(dataset: DataSet) -> Iterator[Finding]:
    for i, name in enumerate(dataset.fault_types):
        holders = [unit.id for unit in dataset.units if (unit.fault == i).any()]
        if not holders:
            yield Finding(
                "note", "unused_label", f"no window is labelled {name!r}", "remove it from fault_types"
            )
        elif len(holders) == 1 and len(dataset.units) > 1:
            what = f"fault {name!r} occurs in this unit only"
            yield Finding(
                "note", "single_unit_label", what, "it cannot be judged on a unit held out", holders[0]
            )
    has_ttf = any((~np.isnan(unit.ttf_s)).any() for unit in dataset.units)
    if dataset.horizon_s is None:
        if has_ttf:
            yield Finding(
                "note", "no_horizon", "time to failure without horizon_s", "set horizon_s to learn from it"
            )
        return
    if not has_ttf:
        yield Finding("warning", "no_ttf", "horizon_s without any time to failure", "remove horizon_s")
        return
    labels = np.concatenate([fails_within(unit, dataset.horizon_s) for unit in dataset.units])
    if np.nanmax(labels) == 0 or np.nanmin(labels) == 1:
        word = "no window fails" if np.nanmax(labels) == 0 else "every window fails"
        yield Finding("warning", "one_class", f"{word} within {dataset.horizon_s:g} s", "change horizon_s")
