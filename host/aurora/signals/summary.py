"""What a data set holds, for people and for machines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.signals.dataset import DataSet, Unit, fails_within


def summarise(dataset: DataSet) -> dict[str, Any]:
    """JSON-ready facts: the manifest's, and one entry per unit."""
    return {
        "path": str(dataset.path),
        "name": dataset.name,
        "rate_hz": dataset.rate_hz,
        "n": dataset.n,
        "axes": list(dataset.axes),
        "horizon_s": dataset.horizon_s,
        "fault_types": list(dataset.fault_types),
        "nominal_rpm": dataset.nominal_rpm,
        "windows": dataset.windows,
        "units": [_unit(dataset, unit) for unit in dataset.units],
        "provenance": dataset.provenance,
    }


def summary_lines(summary: dict[str, Any]) -> list[str]:
    """A head line and a table with one line per unit."""
    axes = ", ".join(summary["axes"])
    head = (
        f"{summary['path']}: {summary['name']}, {len(summary['units'])} units, {summary['windows']} windows"
    )
    signal = f"{summary['n']} samples x {len(summary['axes'])} axes ({axes}) at {summary['rate_hz']:g} Hz"
    if summary["horizon_s"]:
        signal += f"; label: fails within {summary['horizon_s']:g} s"
    width = max(4, *(len(unit["id"]) for unit in summary["units"]))
    table = [f"{'unit':<{width}} windows  healthy start  fails within  rpm            faults"]
    for unit in summary["units"]:
        fails = "-" if unit["fails_within"] is None else f"{unit['fails_within']:.0%}"
        rpm = "unknown" if unit["rpm"] is None else "{:.0f} to {:.0f}".format(*unit["rpm"])
        faults = ", ".join(f"{name} {count}" for name, count in unit["faults"].items()) or "unlabelled"
        table.append(
            f"{unit['id']:<{width}} {unit['windows']:>7}  {unit['healthy_start_windows']:>13}"
            f"  {fails:>12}  {rpm:<13}  {faults}"
        )
    return [head, signal, *table]


def _unit(dataset: DataSet, unit: Unit) -> dict[str, Any]:
    counts = {name: int((unit.fault == i).sum()) for i, name in enumerate(dataset.fault_types)}
    fails = None
    if dataset.horizon_s is not None and not np.isnan(unit.ttf_s).all():
        fails = float(np.nanmean(fails_within(unit, dataset.horizon_s)))
    return {
        "id": unit.id,
        "windows": unit.windows,
        "healthy_start_windows": unit.healthy_start_windows,
        "fails_within": fails,
        "rpm": _range(unit.rpm),
        "load": _range(unit.load),
        "faults": {name: count for name, count in counts.items() if count},
    }


def _range(values: NDArray[np.float32]) -> list[float] | None:
    known = values[~np.isnan(values)]
    return [float(known.min()), float(known.max())] if known.size else None
