"""aurora shrink on the command line: what it refuses, and (soak) whole searches that are killed."""

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
from aurora.compress.release import load_release
from aurora.shrink.report import read_report
from aurora.signals.dataset import DataSet
from train_samples import small_fleet

MINUTES = 60


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data")


def words(*given: object) -> list[str]:
    return [sys.executable, "-m", "aurora", "shrink", *map(str, given)]


def shrink(*given: object, minutes: float = 5) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words(*given), capture_output=True, text=True, timeout=minutes * MINUTES)


def text_file(folder: Path) -> tuple[object, ...]:
    (folder / "notes.txt").write_text("not a study, but longer than a header")
    return ("--storage", folder / "notes.txt")


def taken(folder: Path) -> tuple[object, ...]:
    (folder / "models" / "tiny").mkdir(parents=True)
    (folder / "models" / "tiny" / "model.toml").write_text("# somebody's")
    return ("--name", "tiny")


REFUSED = {
    "a budget of another key": (lambda folder: ("--budget", "rom=5"), 10, "no key 'rom'"),
    "a budget that is no number": (lambda folder: ("--budget", "flash=much"), 10, "'much'"),
    "a budget that nothing fits": (
        lambda folder: ("--no-search", "--budget", "instructions=20"), 37, "instructions binds"
    ),
    "no such board": (lambda folder: ("--board", "mps9"), 32, "mps9"),
    "a storage that is none": (text_file, 10, "not an SQLite database"),
    "a model.toml of somebody": (taken, 10, "train it with --model"),
    "no scheduler": (lambda folder: ("--dask", "tcp://127.0.0.1:9"), 45, "no Dask scheduler answers"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "code", "named"), REFUSED.values(), ids=REFUSED)
def test_refused_in_one_line_and_nothing_written(
    fleet: DataSet, tmp_path: Path, options, code: int, named: str
) -> None:
    done = shrink(fleet.path, "--out", tmp_path / "models", *options(tmp_path))
    said = done.stderr.replace("\r", "\n").strip().splitlines()
    assert done.returncode == code and named in said[-1] and done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("release.json"))


def test_data_is_needed_unless_a_release_is_made_again() -> None:
    done = shrink()
    assert done.returncode == 2 and "Missing argument 'DATA'" in done.stderr


@pytest.mark.soak
def test_fifty_trials_killed_twice_lose_nothing(fleet: DataSet, tmp_path: Path) -> None:
    """The same search three ways: at once, killed twice, and on two Dask workers."""
    from distributed import LocalCluster

    options = ("--trials", 50, "--board", "native", "--json", "--seed", 3)
    storage, kept = tmp_path / "killed" / "search.db", 0
    command = words(fleet.path, "--out", tmp_path / "killed", "--storage", storage, *options)
    for least in (6, 25):
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 60 * MINUTES
            while len(finished(storage)) < least and time.monotonic() < until and running.poll() is None:
                time.sleep(0.2)
            assert running.poll() is None
        finally:
            os.kill(running.pid, signal.SIGKILL)
            running.wait(60)
        assert len(finished(storage)) >= max(least, kept)
        kept = len(finished(storage))
    done = shrink(fleet.path, "--out", tmp_path / "killed", "--storage", storage, *options, minutes=60)
    assert done.returncode == 0, done.stderr
    whole = shrink(fleet.path, "--out", tmp_path / "whole", *options, "--workers", 1, minutes=90)
    assert whole.returncode == 0, whole.stderr
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as cluster:
        address = cluster.scheduler_address
        far = shrink(fleet.path, "--out", tmp_path / "dask", *options, "--dask", address, minutes=60)
    assert far.returncode == 0, far.stderr
    first, name = finished(storage), json.loads(whole.stdout)["name"]
    for out, printed in (("whole", whole), ("dask", far)):
        assert finished(tmp_path / out / name / "search.db") == first
        assert json.loads(printed.stdout)["id"] == json.loads(done.stdout)["id"], "another release"


@pytest.mark.soak
@pytest.mark.emulated
def test_known_good_recipe_on_the_board_and_made_again(fleet: DataSet, tmp_path: Path) -> None:
    done = shrink(fleet.path, "--out", tmp_path, "--no-search", "--name", "tiny", "--json", minutes=30)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    release = load_release(tmp_path / "tiny" / "releases" / "1.0.0")
    comparison = read_report(release.path / "report.json")
    assert printed["id"] == release.id and printed["chosen"] == comparison.chosen
    assert comparison.device is not None and comparison.device.bytes_differing == 0
    assert comparison.device.verified_exact == comparison.device.verified_inputs > 0
    assert not comparison.absent
    assert {len(arm.seeds) for arm in comparison.arms if arm.name != "device"} == {5}
    again = shrink(fleet.path, "--reproduce", release.path, "--json", minutes=30)
    assert again.returncode == 0 and json.loads(again.stdout)["same"] is True, again.stderr


def finished(storage: Path) -> dict[int, tuple[object, ...]]:
    """Number -> state and values of the trials that ended."""
    query = (
        "SELECT t.number, t.state, group_concat(v.value) FROM trials t LEFT JOIN trial_values v"
        " ON v.trial_id = t.trial_id WHERE t.state != 'RUNNING' GROUP BY t.trial_id ORDER BY t.number"
    )
    try:
        with closing(sqlite3.connect(f"{storage.as_uri()}?mode=ro", uri=True)) as database:
            return {row[0]: row[1:] for row in database.execute(query)}
    except sqlite3.Error:
        return {}
