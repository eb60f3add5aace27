"""The search: batches of trials whose parameters depend on finished batches and the seed, on nothing else.

A batch is proposed at once by a sampler of its own, made from (seed, number of the batch) and told every
trial of the batches before (TPE for several objectives: Watanabe 2023, Ozaki et al. 2022, as in Optuna). How
many workers there are, in which order they finish, and how often the search was killed on the way changes
nothing: finished trials are kept as they finish, the others run again with the same parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aurora.shrink.context import Task
from aurora.shrink.parallel import Runner
from aurora.shrink.space import Parameters, first_parameters, space, space_id
from aurora.shrink.study import DIRECTIONS, Memory, quiet_optuna
from aurora.shrink.trial import Trial, run_trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

#: trials of a batch, whatever the number of workers: enough to keep eight busy, few enough to learn from
BATCH = 8
RANDOM_TRIALS = 16

#: told after every trial that finishes or was found finished: (finished trials, all trials)
Progress = Callable[[int, int], None]


def identity(task: Task, seed: int) -> dict[str, Any]:
    """What the trials of a search depend on; a stored search goes on only with the same."""
    return {
        "data": task.manifest_sha256,
        "model": task.model,
        "board": task.board,
        "split": [list(side) for side in (task.split.train, task.split.validation, task.split.test)],
        "space": space_id(task.spec.chain),
        "seed": seed,
        "versions": dict(task.versions),
    }


def search(
    task: Task, seed: int, trials: int, memory: Memory, runner: Runner, progress: Progress | None = None
) -> list[Trial]:
    """The first ``trials`` trials of this search, finished, in their order; those in ``memory`` are not run
    again."""
    tell = progress or (lambda done, of: None)
    distributions, first = space(task.spec.chain), first_parameters(task.spec.chain)
    finished: list[Trial] = []
    while len(finished) < trials:
        start = len(finished)
        wanted = propose(distributions, first, seed, start // BATCH, finished)[: trials - start]
        for place, parameters in enumerate(wanted):
            memory.begin(start + place, parameters)
        missing = [start + place for place in range(len(wanted)) if memory.known[start + place] is None]
        done = start + len(wanted) - len(missing)
        tell(done, trials)
        arguments = [(task, number, wanted[number - start], seed) for number in missing]
        for _, trial in runner.run(run_trial, arguments):
            memory.finish(trial)
            done += 1
            tell(done, trials)
        finished += [_known(memory, number) for number in range(start, start + len(wanted))]
    return finished


def propose(
    distributions: Mapping[str, BaseDistribution],
    first: Sequence[Parameters],
    seed: int,
    batch: int,
    finished: Sequence[Trial],
) -> list[Parameters]:
    """Parameters of the BATCH trials of this batch, from the trials of all batches before it.

    A pure function: called again after a kill it gives the same. ``first`` are the search's first trials.
    """
    given = list(first[batch * BATCH : (batch + 1) * BATCH])
    with quiet_optuna():
        return _propose(distributions, given, seed, batch, finished)


def _propose(
    distributions: Mapping[str, BaseDistribution],
    given: list[Parameters],
    seed: int,
    batch: int,
    finished: Sequence[Trial],
) -> list[Parameters]:
    import optuna
    from optuna.trial import create_trial

    sampler = optuna.samplers.TPESampler(seed=seed * 1_000_003 + batch, n_startup_trials=RANDOM_TRIALS)
    study = optuna.create_study(directions=list(DIRECTIONS), sampler=sampler)
    known = dict(distributions)
    for trial in finished:
        if trial.values is not None:
            study.add_trial(
                create_trial(params=trial.parameters, distributions=known, values=list(trial.values))
            )
    return given + [dict(study.ask(known).params) for _ in range(BATCH - len(given))]


def _known(memory: Memory, number: int) -> Trial:
    trial = memory.known[number]
    assert trial is not None, f"trial {number} ran"
    return trial
