"""What a shrink found, put into words: the comparison of a release, and the Pareto set of a search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aurora.compress.release import Release
from aurora.files import write_atomic
from aurora.shrink.arms import SEEDS
from aurora.shrink.budget import Budget
from aurora.shrink.choose import TIE, Contender
from aurora.shrink.compare import ArmOutputs, judge_seed
from aurora.shrink.comparison import Arm, Comparison, ParetoPoint
from aurora.shrink.context import Context
from aurora.shrink.device import DeviceRun
from aurora.shrink.judged import Shippable, bench_of
from aurora.shrink.space import recipe_of
from aurora.shrink.trial import Trial, pareto
from aurora.spec.chain import ChainSpec, feature_names

PARETO_FORMAT = 1


@dataclass(frozen=True)
class Findings:
    """``arms`` as judged, the ``chosen`` one, ``order`` of those within the budget, the search's ``trials``
    and the one whose recipe was compared, and the device's run or why there was none."""

    arms: tuple[Arm, ...]
    chosen: Shippable
    order: tuple[Contender, ...]
    trials: tuple[Trial, ...]
    trial: Trial | None
    device: DeviceRun | None
    why_no_device: str


def comparison_of(context: Context, release: Release, budget: Budget, found: Findings) -> Comparison:
    """The comparison that the release's report is made from."""
    arms, absent = list(found.arms), {}
    if found.device is None:
        absent["device"] = found.why_no_device
    else:
        arms.append(_device_arm(context, release, found.device, found.chosen))
    if not any(arm.name == "pruned" for arm in arms):
        absent["pruned"] = "the student has no hidden layer: nothing to cut"
    return Comparison(
        model=release.name,
        release=release.version,
        board=context.board.id,
        budget=budget.limits(),
        arms=tuple(arms),
        chosen=found.chosen.arm.name,
        reason=_reason(found, budget),
        test_units=context.task.split.test,
        limits=tuple(release.document["limits"]),
        absent=absent,
        asked=_asked(context),
        facts=_facts(context, found),
        timeline=found.device.timeline if found.device else None,
        pareto=_points(found.trials, found.trial),
        device=found.device.device if found.device else None,
    )


def write_pareto(storage: Path, trials: Sequence[Trial], chosen: Trial | None, chain: ChainSpec) -> None:
    """pareto.json and pareto.png beside the search's ``storage``: every trial, those that no other beats, and
    the one whose recipe was compared further. Raises WriteFailed."""
    from aurora.shrink.picture import draw_pareto

    front = {trial.number for trial in pareto(trials)}
    rows: list[dict[str, Any]] = []
    for trial in trials:
        recipe = recipe_of(chain, trial.parameters).to_dict()
        result = {"failed": trial.failed} if trial.cost is None else {
            "score": trial.score, "cost": asdict(trial.cost), "front": trial.number in front,
            "chosen": chosen is not None and trial.number == chosen.number,
        }  # fmt: skip
        rows.append({"trial": trial.number, **result, "recipe": recipe})
    document = {"format": PARETO_FORMAT, "trials": rows}
    write_atomic(storage.with_name("pareto.json"), json.dumps(document, indent=1, allow_nan=False) + "\n")
    write_atomic(storage.with_name("pareto.png"), draw_pareto(trials, chosen))


def _device_arm(context: Context, release: Release, run: DeviceRun, chosen: Shippable) -> Arm:
    outputs = ArmOutputs(run.outputs, chosen.validation, release.heads)
    result = judge_seed(chosen.arm.seeds[0].seed, outputs, bench_of(context, chosen.recipe))
    note = f"the release, which is {chosen.arm.name} of the first seed, on {context.board.id}"
    return Arm("device", "board", (result,), run.cost, note=note)


def _points(trials: Sequence[Trial], chosen: Trial | None) -> tuple[ParetoPoint, ...]:
    front = {trial.number for trial in pareto(trials)}
    return tuple(
        ParetoPoint(
            name=f"trial {trial.number}", score=trial.score, flash_bytes=cost.flash_bytes,
            ram_bytes=cost.ram_bytes, instructions=cost.instructions,
            front=trial.number in front, chosen=trial is chosen,
        )
        for trial in trials
        if (cost := trial.cost) and cost.flash_bytes is not None and cost.instructions is not None
    )  # fmt: skip


def _reason(found: Findings, budget: Budget) -> str:
    able = [arm for arm in found.arms if arm.ships]
    within = f"{len(found.order)} of {len(able)} arms keep to the budget ({budget})"
    best = max((one.score for one in found.order if one.score is not None), default=None)
    name, mine = found.chosen.arm.name, found.chosen.score
    if mine is None or best is None:
        return f"{within}; none could be scored on validation units, so the cheapest ships"
    if mine < best:
        return (
            f"{within}; on validation units {name} scores {mine:.3f}, within {TIE} of the best "
            f"{best:.3f}, and is the cheapest of those"
        )
    return f"{within}; {name} scores best on validation units: {mine:.3f}"


def _asked(context: Context) -> str:
    decision = context.spec.decision
    asked = f"at most {100 * decision.false_alarm_fraction:g} % of the calm time in alarm"
    yearly = decision.false_alarms_per_turbine_year
    return asked if yearly is None else f"{asked} and {yearly:g} alarms per turbine-year"


def _facts(context: Context, found: Findings) -> dict[str, str]:
    split, turns, dataset = context.task.split, context.task.turns, context.dataset
    names = feature_names(found.chosen.recipe.chain, context.spec.signal.axes)
    validated = (
        f"{len(split.validation)} units that nobody trained on"
        if split.validation
        else f"the {len(split.train)} training units, left out in {len(turns)} groups in turn"
    )
    searched = [trial for trial in found.trials if not trial.failed]
    return {
        "data": f"{dataset.name}: {len(dataset.units)} units, {dataset.windows} windows",
        "trained on": ", ".join(split.train),
        "validated on": validated,
        "tested on": ", ".join(split.test),
        "seeds": f"{SEEDS} per arm; the first one's model ships",
        "features": f"{len(names)} per window",
        "search": f"{len(found.trials)} trials, {len(found.trials) - len(searched)} of them failed"
        if found.trials
        else "none: the known-good recipe",
        "what a budget counts": "flash: the whole pack and its program with the kernels; RAM: arena, input, "
        "output and stack of an inference; instructions: of the network, features not included",
    }  # fmt: skip
