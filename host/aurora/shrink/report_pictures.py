"""The report's pictures as SVG text: arms with intervals, calibration, the Pareto set, one unit's alarm.

The same comparison gives the same bytes: no date, fixed ids, letters drawn as paths.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aurora.demo.picture import BLUE, GREY, INK, ORANGE, RED
from aurora.shrink.comparison import Arm, Comparison, Timeline
from aurora.shrink.figures import BASE, by_seed, figure, over_seeds

#: more points than this are not told apart on a screen
MOST_POINTS = 1500
LONGEST_LABEL = 24
SHOWN = ("auroc", "accuracy", "fault_f1", "alarm_f1", "ece_fails", "care")


def pictures_of(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """(caption, SVG) of every picture that the comparison has data for."""
    yield "Every arm: each seed a dot, the mean with its 95 % interval", draw_arms(comparison)
    if any(result.calibration for arm in comparison.arms for result in arm.seeds):
        yield "Does the confidence come true? On the diagonal it does", draw_reliability(comparison)
    if comparison.pareto:
        yield "What the search found: score on validation units against cost", draw_pareto(comparison)
    if comparison.timeline is not None:
        unit = comparison.timeline.unit
        yield f"The device on {unit}, a unit that no arm was trained on", draw_timeline(comparison.timeline)


def draw_arms(comparison: Comparison) -> str:
    """One panel a figure, one row an arm."""
    panels = [figure(key) for key in SHOWN]
    panels = [one for one in panels if any(by_seed(arm, one) for arm in comparison.arms)]

    def paint(axes: Any) -> None:
        for axis, one in zip(axes, panels, strict=True):
            for place, arm in enumerate(comparison.arms):
                values, found = list(by_seed(arm, one).values()), over_seeds(arm, one)
                if found is None:
                    continue
                color = ORANGE if arm.name == comparison.chosen else BLUE
                axis.plot(values, [place] * len(values), ".", ms=6, color=GREY)
                if found.low is not None and found.high is not None:
                    axis.plot([found.low, found.high], [place, place], lw=3, alpha=0.5, color=color)
                axis.plot(found.mean, place, "D", ms=7, color=color)
            axis.set_yticks(range(len(comparison.arms)), [_plain(arm.name) for arm in comparison.arms])
            axis.set_ylim(len(comparison.arms) - 0.5, -0.5)
            axis.set_title(one.title, loc="left", fontsize=11, color=INK)
            axis.grid(axis="x", lw=0.4, color=GREY)

    return _svg(paint, max(1, len(panels)), height=0.6 + 0.42 * len(comparison.arms))


def draw_reliability(comparison: Comparison) -> str:
    """One panel a head: the arm that ships, the plain student and the teacher, every seed a line."""
    heads = sorted({head for arm in comparison.arms for r in arm.seeds for head in r.calibration})
    named = ((comparison.chosen, ORANGE), (BASE, BLUE), ("teacher", INK))
    wanted = {name: color for name, color in reversed(named) if name is not None}

    def paint(axes: Any) -> None:
        for axis, head in zip(axes, heads, strict=True):
            axis.plot([0, 1], [0, 1], lw=1, ls="--", color=GREY)
            for name, color in wanted.items():
                arm = comparison.arm(name)
                if arm is not None:
                    _lines(axis, arm, head, color)
            axis.set_xlabel("confidence")
            axis.set_ylabel("share of the time that it is right")
            axis.set_title(_plain(head.replace("_", " ")), loc="left", fontsize=11, color=INK)
            axis.legend(fontsize=9, loc="best")

    return _svg(paint, len(heads), height=4.2)


def _lines(axis: Any, arm: Arm, head: str, color: str) -> None:
    label: str | None = _plain(arm.name)
    for result in arm.seeds:
        if head not in result.calibration:
            continue
        bins = result.calibration[head].bins
        axis.plot([b.confidence for b in bins], [b.frequency for b in bins], ".-", lw=1.2, ms=5,
                  color=color, alpha=0.7, label=label)  # fmt: skip
        label = None


def draw_pareto(comparison: Comparison) -> str:
    """One panel a cost: every model tried, the front, the chosen one, and the budget's limit."""
    costs = {"instructions": "instructions", "flash": "flash_bytes", "ram": "ram_bytes"}

    def paint(axes: Any) -> None:
        for axis, (key, name) in zip(axes, costs.items(), strict=True):
            for chosen, front, mark, size, color in (
                (False, False, ".", 5, GREY), (False, True, "o", 6, BLUE), (True, None, "D", 9, ORANGE),
            ):  # fmt: skip
                points = [
                    point for point in comparison.pareto
                    if point.chosen == chosen and front in (None, point.front)
                ]  # fmt: skip
                label = "chosen" if chosen else "front" if front else "tried"
                axis.plot([getattr(point, name) for point in points], [point.score for point in points], mark,
                          ms=size, color=color, label=label)  # fmt: skip
            if key in comparison.budget:
                axis.axvline(comparison.budget[key], lw=1.2, ls="--", color=RED, label="budget")
            axis.set_xlabel({"flash": "flash, bytes", "ram": "RAM, bytes"}.get(key, key))
            axis.legend(fontsize=9, loc="lower right")
        axes[0].set_ylabel("score on validation units")

    return _svg(paint, len(costs), height=4.2)


def draw_timeline(timeline: Timeline) -> str:
    """Scores, threshold and alarm of one unit over its hours."""
    step = max(1, -(-len(timeline.time_s) // MOST_POINTS))
    hours = np.array(timeline.time_s, np.float64) / 3600
    edges = np.flatnonzero(np.diff(np.r_[0, np.array(timeline.alarm, np.int8), 0]))

    def paint(axes: Any) -> None:
        axis = axes[0]
        axis.plot(hours[::step], timeline.score[::step], ".", ms=3, color=BLUE, label="score of a window")
        axis.axhline(timeline.threshold, lw=1.2, ls="--", color=INK, label="threshold")
        for place, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
            label = "alarm" if place == 0 else None
            axis.axvspan(hours[start], hours[end - 1], color=ORANGE, alpha=0.25, lw=0, label=label)
        if timeline.failure_s is not None:
            begin = (timeline.failure_s - timeline.horizon_s) / 3600
            axis.axvline(begin, lw=1.5, color=RED, label="horizon begins")
        axis.set_ylim(-135, 135)
        axis.set_xlabel("hours of operation")
        axis.set_ylabel("fails within the horizon, int8")
        axis.legend(fontsize=9, loc="upper left")

    return _svg(paint, 1, height=4.2)


def _svg(paint: Callable[[Any], None], panels: int, height: float) -> str:
    """One row of panels, three to a row where there are more."""
    import matplotlib
    from matplotlib.figure import Figure

    columns = min(panels, 3)
    rows = -(-panels // columns)
    with matplotlib.rc_context({"svg.hashsalt": "aurora", "svg.fonttype": "path", "font.size": 10}):
        picture = Figure(figsize=(12, height * rows), layout="constrained", facecolor="white")
        axes = list(picture.subplots(rows, columns, squeeze=False).flat)
        for axis in axes:
            axis.tick_params(colors=INK)
            axis.spines[["top", "right"]].set_visible(False)
        for spare in axes[panels:]:
            spare.set_axis_off()
        paint(axes[:panels])
        buffer = io.StringIO()
        picture.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "Aurora"})
    # without prolog and comments (they hold the labels' text) it stands in a page as it is
    return re.sub(r"<!--.*?-->\s*", "", buffer.getvalue()[buffer.getvalue().index("<svg") :], flags=re.DOTALL)


def _plain(text: str) -> str:
    """A dollar sign would begin mathematics, in which a stray backslash is an error."""
    return text[:LONGEST_LABEL].replace("$", r"\$")
