"""A search gives the same trials whatever kills it, however many work on it, and keeps what was finished."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from aurora.shrink import search as searching
from aurora.shrink.space import Parameters, first_parameters, recipe_of, space
from aurora.shrink.study import open_memory
from aurora.shrink.trial import Trial, pareto
from fast_search import SEED, InOrder, as_rows, formula, search, task_of
from train_samples import small_fleet

SCRIPT = Path(__file__).resolve().parents[1] / "support" / "fast_search.py"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small_fleet(tmp_path_factory.mktemp("fleet") / "data").path
    (folder / "seconds").write_text("0")
    return folder


def search_here(data: Path, storage: Path, trials: int, runner: InOrder) -> list[Trial]:
    task = task_of(data)
    with open_memory(storage, searching.identity(task, SEED), space(task.spec.chain)) as memory:
        return searching.search(task, SEED, trials, memory, runner)


def completed(storage: Path) -> int:
    """Finished trials in the file, read beside the search."""
    try:
        with closing(sqlite3.connect(f"{storage.as_uri()}?mode=ro", uri=True)) as database:
            return database.execute("SELECT COUNT(*) FROM trials WHERE state != 'RUNNING'").fetchone()[0]
    except sqlite3.Error:
        return 0


def test_first_trials_are_the_given_ones_and_none_comes_twice(data: Path, tmp_path: Path) -> None:
    trials = search_here(data, tmp_path / "study.db", 24, InOrder())
    chain = task_of(data).spec.chain
    given = first_parameters(chain)
    assert [trial.parameters for trial in trials[: len(given)]] == given
    assert [trial.number for trial in trials] == list(range(24))
    assert len({json.dumps(trial.parameters) for trial in trials}) == 24


def test_order_of_finishing_and_interruptions_change_nothing(data: Path, tmp_path: Path) -> None:
    whole = search_here(data, tmp_path / "whole.db", 27, InOrder())
    parts = tmp_path / "parts.db"
    for until in (3, 11, 27):  # another number of trials each time, as if killed between
        runner = InOrder(backwards=True)
        found = search_here(data, parts, until, runner)
    assert as_rows(found) == as_rows(whole)
    assert sorted(runner.ran) == list(range(11, 27)), "a finished trial ran again"


def test_trials_learn_from_those_before(data: Path, tmp_path: Path) -> None:
    chain = task_of(data).spec.chain
    found = search_here(data, tmp_path / "study.db", 32, InOrder())

    def fourth_batch(seed: int, before: list[Trial]) -> list[Parameters]:
        return searching.propose(space(chain), first_parameters(chain), seed, 3, before)

    again = fourth_batch(SEED, found[:24])
    assert again == [trial.parameters for trial in found[24:]]
    worse = [Trial(t.number, t.parameters, 1 - t.score, t.cost, t.failed) for t in found[:24]]
    assert fourth_batch(SEED, worse) != again
    assert fourth_batch(SEED + 1, found[:24]) != again


def test_killed_twice_is_as_never_killed(data: Path, tmp_path: Path) -> None:
    storage = tmp_path / "killed.db"
    command = [sys.executable, str(SCRIPT), str(data), str(storage), "24", "0.15"]
    kept = 0
    for least in (4, 12):
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            until = time.monotonic() + 120
            while completed(storage) < least and time.monotonic() < until and running.poll() is None:
                time.sleep(0.02)
            assert running.poll() is None, running.communicate()[1].decode()
        finally:
            os.kill(running.pid, signal.SIGKILL)  # the searching process alone: its workers end by themselves
            running.communicate(timeout=60)  # their ends of the pipes are closed with them
        assert completed(storage) >= max(least, kept)
        kept = completed(storage)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    (data / "seconds").write_text("0")
    whole = search_here(data, tmp_path / "whole.db", 24, InOrder())
    assert json.loads(done.stdout) == json.loads(json.dumps(as_rows(whole)))


def test_two_dask_workers_give_the_same_trials(data: Path, tmp_path: Path) -> None:
    from distributed import LocalCluster

    (data / "seconds").write_text("0")
    whole = search_here(data, tmp_path / "here.db", 20, InOrder())
    with LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as cluster:
        found = search(data, tmp_path / "dask.db", 20, cluster.scheduler_address)
    assert as_rows(found) == as_rows(whole)


@pytest.mark.soak
def test_real_trials_are_the_same_here_and_on_two_dask_workers(data: Path, tmp_path: Path) -> None:
    """Training, pruning, quantisation and TFLite Micro in processes started in different ways."""
    from aurora.shrink.parallel import open_runner
    from distributed import LocalCluster

    task, count = task_of(data), 10

    def real(storage: Path, address: str | None) -> list[Trial]:
        distributions = space(task.spec.chain)
        with (
            open_runner(2, address) as runner,
            open_memory(storage, searching.identity(task, SEED), distributions) as memory,
        ):
            return searching.search(task, SEED, count, memory, runner)

    here = real(tmp_path / "here.db", None)
    with LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as cluster:
        assert as_rows(real(tmp_path / "dask.db", cluster.scheduler_address)) == as_rows(here)
    assert sum(not trial.failed for trial in here) >= count - 2, [trial.failed for trial in here]


def test_parameters_make_recipes_that_come_back_from_json(data: Path, tmp_path: Path) -> None:
    from aurora.shrink.recipe import Recipe

    chain = task_of(data).spec.chain
    recipes = [recipe_of(chain, t.parameters) for t in search_here(data, tmp_path / "s.db", 24, InOrder())]
    assert [Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) for recipe in recipes] == recipes
    assert {len(recipe.student.hidden) for recipe in recipes} == {0, 1, 2}
    assert {recipe.distil is None for recipe in recipes} == {True, False}
    assert {recipe.prune is None for recipe in recipes} == {True, False}


def test_pareto_keeps_what_no_other_beats() -> None:
    def at(number: int, score: float, instructions: int, flash: int) -> Trial:
        from aurora.shrink.cost import Cost

        return Trial(number, {}, score, Cost(flash, 100, instructions))

    trials = [at(0, 0.9, 1000, 5000), at(1, 0.9, 1000, 5000), at(2, 0.8, 1200, 4000), at(3, 0.8, 900, 5500),
              at(4, 0.85, 1100, 5000), Trial(5, {}, failed="no")]  # fmt: skip
    assert [trial.number for trial in pareto(trials)] == [3, 0, 2]


def test_formula_fails_some_trials_and_the_search_goes_on(data: Path, tmp_path: Path) -> None:
    trials = search_here(data, tmp_path / "study.db", 10, InOrder())
    assert [trial.number for trial in trials if trial.failed] == [6]
    assert formula(6, trials[6].parameters).values is None
    again = InOrder()
    search_here(data, tmp_path / "study.db", 10, again)
    assert again.ran == [], "a failed trial is finished too"
