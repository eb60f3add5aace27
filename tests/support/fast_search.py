"""A search whose trials cost nothing: the score is a formula of the parameters. For kills, workers, resuming.

    python fast_search.py DATA STORAGE TRIALS SECONDS [tcp://SCHEDULER]

prints the trials as JSON. Each trial sleeps for SECONDS first; everything but the trial is the product's own.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from unittest import mock

from aurora.shrink import search as searching
from aurora.shrink.context import Task, make_task
from aurora.shrink.cost import Cost
from aurora.shrink.parallel import open_runner
from aurora.shrink.space import Parameters, space
from aurora.shrink.study import open_memory
from aurora.shrink.trial import Trial
from aurora.signals.dataset import load_dataset
from aurora.train.derive import derive_spec
from aurora.train.split import split_units

SEED, WORKERS = 4, 2


def task_of(data: Path) -> Task:
    dataset = load_dataset(data)
    return make_task(dataset, derive_spec(dataset, "fast"), split_units(dataset, SEED), "mps2_an386")


def formula(number: int, parameters: Parameters) -> Trial:
    """Wider is better and dearer; every seventh trial fails."""
    width = parameters["layers"] * parameters["width_0"]
    if number % 7 == 6:
        return Trial(number, parameters, failed="every seventh fails")
    score = 0.5 + width / 400 + parameters["temperature"] / 1000 - abs(parameters["l2"] - 0.01)
    return Trial(number, parameters, score, Cost(5000 + 70 * width, 400 + width, 300 + 60 * width))


class InOrder:
    """A runner without processes that remembers what ran."""

    workers = 1

    def __init__(self, *, backwards: bool = False) -> None:
        self.ran: list[int] = []
        self.backwards = backwards

    def run(self, job, arguments):
        places = list(enumerate(arguments))
        for place, (_, number, parameters, _) in reversed(places) if self.backwards else places:
            self.ran.append(number)
            yield place, formula(number, parameters)


def run_formula(argument: tuple[Task, int, Parameters, int]) -> Trial:
    """In place of ``run_trial``, in a worker process."""
    seconds = float(Path(argument[0].data, "seconds").read_text())
    time.sleep(seconds)
    return formula(argument[1], argument[2])


def search(data: Path, storage: Path, trials: int, dask: str | None = None) -> list[Trial]:
    task = task_of(data)
    distributions = space(task.spec.chain)
    with (
        open_runner(WORKERS, dask) as runner,
        open_memory(storage, searching.identity(task, SEED), distributions) as memory,
        mock.patch.object(searching, "run_trial", run_formula),
    ):
        return searching.search(task, SEED, trials, memory, runner)


def as_rows(trials: list[Trial]) -> list[list[object]]:
    """What has to be the same in two searches."""
    return [[trial.number, trial.parameters, trial.values, trial.failed] for trial in trials]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "seconds").write_text(sys.argv[4])
    found = search(folder, Path(sys.argv[2]), int(sys.argv[3]), sys.argv[5] if len(sys.argv) > 5 else None)
    print(json.dumps(as_rows(found)))
