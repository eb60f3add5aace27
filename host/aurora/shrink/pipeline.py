"""`aurora shrink` from data to release: search, compare, choose, measure, publish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aurora.compress.release import Release, load_release
from aurora.errors import BudgetUnfit, EmulatorMissing, InputError
from aurora.files import publish, staging
from aurora.shrink.arms import SEEDS, Job, Part, arm_recipes, jobs_of, run_job
from aurora.shrink.budget import Budget
from aurora.shrink.choose import Contender, binding, ranked, unfit
from aurora.shrink.comparison import Arm, Comparison
from aurora.shrink.context import Context, Task, context_of
from aurora.shrink.cost import Cost
from aurora.shrink.device import DeviceRun, refuse_unemulated, run_device
from aurora.shrink.judged import Shippable, judge_arms
from aurora.shrink.ladder import known_good
from aurora.shrink.parallel import Runner, open_runner
from aurora.shrink.search import identity, search
from aurora.shrink.ship import release_of, shrink_facts
from aurora.shrink.space import recipe_of, space
from aurora.shrink.study import open_memory
from aurora.shrink.tell import Findings, comparison_of, write_pareto
from aurora.shrink.trial import Trial
from aurora.spec.model import ModelSpec

#: (share of the work done, what is being done)
Progress = Callable[[float, str], None]

SEARCHED, COMPARED = 0.6, 0.85  # shares of the work behind each; without a search the first is nothing


@dataclass(frozen=True)
class Options:
    """``trials`` 0 takes the known-good recipe; ``storage`` is the search's SQLite file; ``dask`` the address
    of a scheduler, else ``workers`` processes work here. ``target`` is the release folder to be written."""

    target: Path
    budget: Budget
    seed: int
    trials: int
    storage: Path
    workers: int
    dask: str | None = None
    data_name: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came out; ``trials`` is empty without a search."""

    release: Release
    comparison: Comparison
    trials: tuple[Trial, ...]


def run_shrink(task: Task, spec: ModelSpec, options: Options, tell: Progress) -> Outcome:
    """The whole line; ``spec`` names model and version. Writes pareto.json and pareto.png beside the storage
    after a search, and the release folder whole or not at all.

    Raises BudgetUnfit where nothing fits, and what its stages raise. Finished trials stay in the storage.
    """
    context = context_of(task)
    seeds = tuple(range(options.seed, options.seed + SEEDS))
    with open_runner(options.workers, options.dask) as runner:
        trials: list[Trial] = []
        best: Trial | None = None
        if options.trials:
            trials = _searched(task, options, runner, tell)
            best = _best(context, trials, options)
            recipe = recipe_of(context.spec.chain, best.parameters)
        else:
            recipe = known_good(context, options.budget)
        recipes = arm_recipes(recipe)
        parts = _parts(jobs_of(task, recipes, seeds), runner, bool(trials), tell)
    arms, shippable = judge_arms(context, recipes, parts)
    return _shipped(context, spec, options, (trials, best), arms, shippable, tell)


def _searched(task: Task, options: Options, runner: Runner, tell: Progress) -> list[Trial]:
    def count(done: int, of: int) -> None:
        tell(SEARCHED * done / of, f"trial {done} of {of}")

    with open_memory(options.storage, identity(task, options.seed), space(task.spec.chain)) as memory:
        return search(task, options.seed, options.trials, memory, runner, count)


def _best(context: Context, trials: Sequence[Trial], options: Options) -> Trial:
    """The best trial within the budget; the Pareto set is written either way."""
    made = [trial for trial in trials if trial.cost is not None]
    if not made:
        what = f"all {len(trials)} trials failed; the last: {trials[-1].failed}"
        raise InputError(what, where=context.dataset.path)
    contenders = {Contender(f"trial {one.number}", one.score, one.cost): one for one in made if one.cost}
    try:
        best = contenders[ranked(list(contenders), options.budget, context.board)[0]]
    except BudgetUnfit:
        write_pareto(options.storage, trials, None, context.spec.chain)
        raise
    write_pareto(options.storage, trials, best, context.spec.chain)
    return best


def _parts(jobs: Sequence[Job], runner: Runner, searched: bool, tell: Progress) -> list[Part]:
    begin = SEARCHED if searched else 0.0
    tell(begin, f"{len(jobs)} trainings")
    parts: dict[int, Part] = {}
    for place, part in runner.run(run_job, jobs):
        parts[place] = part
        tell(begin + (COMPARED - begin) * len(parts) / len(jobs), f"training {len(parts)} of {len(jobs)}")
    return [parts[place] for place in sorted(parts)]


def _shipped(
    context: Context, spec: ModelSpec, options: Options, searched: tuple[list[Trial], Trial | None],
    arms: Sequence[Arm], shippable: Sequence[Shippable], tell: Progress,
) -> Outcome:  # fmt: skip
    from aurora.shrink.card import write_card
    from aurora.shrink.report import write_report

    trials, trial = searched
    by_name = {one.arm.name: one for one in shippable}
    contenders = [Contender(name, one.score, one.cost) for name, one in by_name.items()]
    order = ranked(contenders, options.budget, context.board)
    scores = {one.name: one.score for one in contenders if one.score is not None}
    measured: list[Contender] = []
    for contender in order:
        one = by_name[contender.name]
        with staging(options.target) as folder:
            tell(COMPARED, f"release {contender.name}")
            facts = shrink_facts(one, context.board.id, options.budget, len(trials), scores)
            made = folder / "release"
            release = release_of(context, spec, one, options.seed, made, {**facts, "data": options.data_name})
            device, why_not = _device(context, release, tell)
            if device is not None:
                measured.append(Contender(contender.name, contender.score, _measured(device, contender.cost)))
                if binding(measured[-1].cost, options.budget, context.board):
                    continue  # predicted within, measured beyond: the next best
            found = Findings(tuple(arms), one, tuple(order), tuple(trials), trial, device, why_not)
            comparison = comparison_of(context, release, options.budget, found)
            write_report(made, comparison)
            write_card(release, comparison)
            publish(made, options.target)
        tell(1.0, "released")
        return Outcome(load_release(options.target), comparison, tuple(trials))
    raise unfit(measured, options.budget, context.board)


def _device(context: Context, release: Release, tell: Progress) -> tuple[DeviceRun | None, str]:
    """The release on the emulated board, or why there is none."""
    try:
        refuse_unemulated(context.board.id)
    except (InputError, EmulatorMissing) as error:
        return None, error.what

    def part(share: float, what: str) -> None:
        tell(COMPARED + (1 - COMPARED) * share, what)

    split, board = context.task.split, context.board.id
    return run_device(release, context.dataset, board, split.test, progress=part), ""


def _measured(device: DeviceRun, predicted: Cost) -> Cost:
    cost = device.cost
    assert cost.ram_bytes is not None
    return replace(
        predicted, flash_bytes=cost.flash_bytes, ram_bytes=cost.ram_bytes, instructions=cost.instructions
    )
