"""One trial of a search: parameters in, score and cost out; and which trials are not beaten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aurora.errors import AuroraError
from aurora.shrink.context import Task, context_of
from aurora.shrink.cost import Cost
from aurora.shrink.make import run_recipe
from aurora.shrink.space import Parameters, recipe_of


@dataclass(frozen=True)
class Trial:
    """A finished trial. ``score`` is the mean over validation units, ``failed`` says why there is none.

    ``cost`` is None exactly where it failed.
    """

    number: int
    parameters: Parameters
    score: float = 0.0
    cost: Cost | None = None
    failed: str = ""

    @property
    def values(self) -> tuple[float, float, float] | None:
        """(score to maximise, instructions to minimise, flash bytes to minimise); None where it failed or a
        cost is not known."""
        cost = self.cost
        if cost is None or cost.instructions is None or cost.flash_bytes is None:
            return None
        return self.score, float(cost.instructions), float(cost.flash_bytes)


def run_trial(argument: tuple[Task, int, Parameters, int]) -> Trial:
    """``(task, number, parameters, seed)``; for a worker process. A recipe that cannot be made is a failed
    trial, not a failed search."""
    task, number, parameters, seed = argument
    context = context_of(task)
    try:
        candidate = run_recipe(context, recipe_of(context.spec.chain, parameters), seed)
    except AuroraError as error:
        return Trial(number, parameters, failed=str(error))
    return Trial(number, parameters, candidate.validation_score, candidate.cost)


def pareto(trials: Sequence[Trial]) -> list[Trial]:
    """Those that no other beats: as good in score, instructions and flash, and better in one. Of equals the
    first stays. In the order of their instructions."""
    known = [(trial, trial.values) for trial in trials if trial.values is not None]
    front = []
    for place, (trial, mine) in enumerate(known):
        others = (theirs for at, (_, theirs) in enumerate(known) if at != place)
        earlier = (theirs for _, theirs in known[:place])
        if mine not in earlier and not any(_beats(theirs, mine) for theirs in others):
            front.append((trial, mine))
    return [trial for trial, values in sorted(front, key=lambda pair: (pair[1][1], pair[1][2]))]


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and one[0] >= other[0] and one[1] <= other[1] and one[2] <= other[2]
