"""report.png: one failing unit as the board saw it, scores by unit, cost, and what drift looks like."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.demo.report import ARMS

INK, BLUE, ORANGE, GREY, RED = "#22303c", "#2a6f97", "#e07a1f", "#9aa5b1", "#b3261e"


@dataclass(frozen=True)
class Timeline:
    """A unit on the board, w windows in time order; it fails within ``horizon_s`` of ``failure_s``."""

    unit: str
    time_s: NDArray[np.float64]  # [w]
    score: NDArray[np.int8]  # [w] the board's fails_within logit
    alarm: NDArray[np.bool_]  # [w] the board's decision
    threshold: int
    failure_s: float | None
    horizon_s: float


@dataclass(frozen=True)
class DriftBars:
    """Per channel: distance from the unit's own baseline over its threshold; above 1 the channel alarms."""

    unit: str
    names: tuple[str, ...]
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def draw(report: dict[str, Any], timeline: Timeline | None, drift: DriftBars | None) -> bytes:
    """The picture as PNG bytes, 1600 x 1000 pixels; a panel without data says why it is empty."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 10), dpi=100, layout="constrained", facecolor="white")
    axes = figure.subplots(2, 2)
    for axis in axes.flat:
        axis.tick_params(labelsize=11, colors=INK)
        axis.spines[["top", "right"]].set_visible(False)
    _timeline(axes[0, 0], timeline)
    _units(axes[0, 1], report)
    _drift(axes[1, 0], drift)
    _cost(axes[1, 1], report)
    figure.suptitle(
        f"Aurora on {report['board']}: {report['windows']} held-out windows,"
        f" {report['bytes_differing']} bytes differ from the host",
        fontsize=19, color=INK,
    )  # fmt: skip
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": "Aurora"})
    return buffer.getvalue()


def _empty(axis: Any, why: str) -> None:
    axis.text(0.5, 0.5, why, ha="center", va="center", fontsize=13, color=GREY, transform=axis.transAxes)
    axis.set_axis_off()


def _title(axis: Any, text: str) -> None:
    axis.set_title(text, fontsize=14, color=INK, loc="left")


def _timeline(axis: Any, timeline: Timeline | None) -> None:
    if timeline is None:
        _empty(axis, "no failing unit among those held out")
        return
    hours = timeline.time_s / 3600
    axis.plot(hours, timeline.score, ".", ms=4, color=BLUE, label="score of a window (int8, from the board)")
    axis.axhline(
        timeline.threshold, color=INK, lw=1.2, ls="--", label="threshold, chosen on validation units"
    )
    for start, end in _runs(timeline.alarm):
        label = "alarm after k of n windows" if start == _runs(timeline.alarm)[0][0] else None
        axis.axvspan(hours[start], hours[end], color=ORANGE, alpha=0.25, lw=0, label=label)
    if timeline.failure_s is not None:
        axis.axvline(
            (timeline.failure_s - timeline.horizon_s) / 3600, color=RED, lw=1.5, label="horizon begins"
        )
    axis.set_ylim(-135, 135)
    axis.set_xlabel("hours of operation", fontsize=12)
    axis.set_ylabel("fails within the horizon", fontsize=12)
    axis.legend(fontsize=11, loc="upper left", framealpha=0.9)
    _title(axis, f"{timeline.unit}, never seen in training, up to its failure")


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(start), int(end) - 1) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _units(axis: Any, report: dict[str, Any]) -> None:
    per_unit = {unit: s for unit, s in (report["auroc_per_unit"] or {}).items() if s is not None}
    if not per_unit:
        _empty(axis, "no time to failure in this data set")
        return
    rows = [*per_unit, "mean"]
    for place, (arm, color) in enumerate(zip(ARMS, (GREY, BLUE, ORANGE), strict=True)):
        values = [*(scores[arm] for scores in per_unit.values()), report["auroc_mean"][arm]]
        at = np.arange(len(rows)) + 0.26 * (place - 1)
        axis.bar(at, values, width=0.24, color=color, label=arm.replace("_", " "))
    axis.axhline(report["auroc_leaky"], color=RED, lw=1.2, ls=":", label="random windows: leaks")
    axis.set_xticks(range(len(rows)), rows, rotation=20, ha="right", fontsize=11)
    axis.set_ylim(0.4, 1.13)
    axis.legend(fontsize=11, ncols=2, loc="upper right")
    _title(axis, "AUROC of each held-out unit")


def _drift(axis: Any, drift: DriftBars | None) -> None:
    if drift is None:
        _empty(axis, "no held-out unit with 200 healthy windows and more")
        return
    order = np.argsort(-drift.after)[:16]
    at = np.arange(len(order))
    axis.barh(at - 0.2, drift.before[order], 0.36, color=BLUE, label="as it is")
    axis.barh(at + 0.2, drift.after[order], 0.36, color=ORANGE, label="gain up by 20 %")
    axis.axvline(1.0, color=INK, lw=1.2, ls="--", label="alarm")
    axis.set_yticks(at, [drift.names[i] for i in order], fontsize=11)
    axis.invert_yaxis()
    axis.set_xlabel("distance from the unit's own baseline / threshold", fontsize=12)
    axis.legend(fontsize=11, loc="lower right")
    _title(axis, f"Drift of {drift.unit}, healthy, from histograms kept on the board")


def _cost(axis: Any, report: dict[str, Any]) -> None:
    shares = [("flash", "flash_bytes", "flash_limit_bytes"), ("RAM", "ram_bytes", "ram_limit_bytes")]
    for place, (_, used, limit) in enumerate(shares):
        axis.barh(place, 100, 0.5, color="#e8ecef")
        axis.barh(place, 100 * report[used] / report[limit], 0.5, color=BLUE)
        words = f"{report[used] / 1024:.1f} of {report[limit] / 1024:.0f} KiB"
        axis.text(98, place, words, va="center", ha="right", fontsize=12, color=INK)
    counts = report["instructions"]
    if counts is not None:
        words = f"features {counts['features']:,} + network {counts['inference']:,} instructions per window"
        axis.text(0, -0.75, words.replace(",", " "), fontsize=12, color=INK)
    axis.set_yticks(range(len(shares)), [name for name, *_ in shares], fontsize=12)
    axis.set_xlim(0, 100)
    axis.set_ylim(-1, len(shares) - 0.4)
    axis.set_xlabel("% of the board's budget", fontsize=12)
    _title(axis, "What it costs the board")
