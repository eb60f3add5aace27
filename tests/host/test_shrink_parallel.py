"""Workers: results as they finish, errors as they are, nothing left behind, no endless wait."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aurora.errors import InputError, WorkersLost
from aurora.shrink.parallel import SETTINGS, open_runner
from worker_jobs import alive, die, refuse, settings, slow_square

SUPPORT = Path(__file__).resolve().parents[1] / "support"


def test_every_result_comes_with_its_place_and_under_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with open_runner(2) as runner:
        found = dict(runner.run(slow_square, [0.3, 0.0, 0.1]))
        assert found == {0: 0.3**2, 1: 0.0, 2: 0.1**2}
        assert next(runner.run(settings, [tuple(SETTINGS)]))[1] == tuple(SETTINGS.values())
        processes = {pid for _, pid in runner.run(alive, [0.2] * 4)}
    assert os.environ["OMP_NUM_THREADS"] == "7", "the settings are the workers', not ours"
    assert not [pid for pid in processes if running(pid)], "a worker outlived its runner"


def test_an_error_of_a_job_is_raised_as_it_is() -> None:
    with open_runner(1) as runner, pytest.raises(InputError) as refused:
        list(runner.run(refuse, ["the folder"]))
    assert refused.value.where == "the folder" and refused.value.exit_code == 10


def test_a_worker_that_dies_is_one_line() -> None:
    with pytest.raises(WorkersLost, match="a worker process died"), open_runner(1) as runner:
        list(runner.run(die, [None]))


def test_workers_end_with_a_parent_that_is_killed() -> None:
    script = (
        "from aurora.shrink.parallel import open_runner\n"
        "from worker_jobs import alive\n"
        "if __name__ == '__main__':\n"
        "    with open_runner(2) as runner:\n"
        "        print(*{pid for _, pid in runner.run(alive, [0.2] * 4)}, flush=True)\n"
        "        list(runner.run(alive, [600.0, 600.0]))\n"
    )
    path = os.pathsep.join([str(SUPPORT), os.environ.get("PYTHONPATH", "")])
    command, environment = [sys.executable, "-c", script], {**os.environ, "PYTHONPATH": path}
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        assert workers and all(map(running, workers))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.communicate(timeout=60)
    until = time.monotonic() + 30
    while any(map(running, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(running, workers)), "a worker works on for nobody"


def test_no_scheduler_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "tcp://127.0.0.1:9"  # what is no address at all: tests/regression/test_shrink_refusals.py
    monkeypatch.setattr("aurora.shrink.parallel.CONNECT_LIMIT_S", 1.0)
    with pytest.raises(WorkersLost, match="no Dask scheduler answers") as lost, open_runner(1, address):
        pass
    assert "\n" not in str(lost.value) and address in str(lost.value)


def running(pid: int) -> bool:
    """A process that is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_initial_weights_come_from_the_seed_whoever_else_draws() -> None:
    """Dask's threads draw from Python's generator, where Keras takes the seeds of its layers from."""
    import random

    from aurora.train.dense import build_keras, import_keras

    keras = import_keras()
    random.seed(1)
    first = {v.path: v.numpy() for v in build_keras(6, (4, 3), {"b": 2, "a": 1}, 7).variables}
    random.seed(2)
    again = {v.path: v.numpy() for v in build_keras(6, (4, 3), {"b": 2, "a": 1}, 7).variables}
    keras.utils.set_random_seed(7)
    x = features = keras.Input((6,))
    for name, width in (("hidden_0", 4), ("hidden_1", 3)):
        x = keras.layers.Dense(width, "relu", name=name)(x)
    heads = {name: keras.layers.Dense(width, name=name)(x) for name, width in (("b", 2), ("a", 1))}
    by_keras = {v.path: v.numpy() for v in keras.Model(features, heads).variables}
    assert first.keys() == again.keys() == by_keras.keys() and len(first) == 8
    for name, values in first.items():
        assert (values == again[name]).all() and (values == by_keras[name]).all(), name
