"""The Pareto set of a search as a PNG: validation score against each cost."""

from __future__ import annotations

import io
from collections.abc import Sequence

from aurora.demo.picture import BLUE, GREY, INK, ORANGE
from aurora.shrink.trial import Trial, pareto

COSTS = {"instructions": "instructions", "flash_bytes": "flash, bytes", "ram_bytes": "RAM, bytes"}


def draw_pareto(trials: Sequence[Trial], chosen: Trial | None) -> bytes:
    """Every trial grey, the unbeaten ones blue and joined, the chosen one orange."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(COSTS), sharey=True)
    known, front = [trial for trial in trials if trial.values is not None], pareto(trials)
    groups = ((known, ".", GREY, "tried"), (front, "o", BLUE, "not beaten"),
              ([chosen] if chosen else [], "D", ORANGE, "compared further"))  # fmt: skip
    for axis, (name, label) in zip(axes, COSTS.items(), strict=True):
        for group, mark, color, word in groups:
            x = [getattr(trial.cost, name) for trial in group]
            axis.plot(x, [trial.score for trial in group], mark, color=color, label=word)
        axis.set_xscale("log")
        axis.set_xlabel(label, color=INK)
        axis.grid(lw=0.4, color=GREY)
    axes[0].set_ylabel("score on validation units", color=INK)
    axes[0].legend(loc="lower right", fontsize=9)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100, metadata={"Software": None})
    return stream.getvalue()
