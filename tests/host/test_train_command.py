"""aurora train on the command line: what it writes, prints and refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aurora.compress.release import load_release
from aurora.shrink.card import card_text
from aurora.signals.dataset import DataSet
from aurora.spec.model import load_model_toml
from train_samples import rewritten, small_fleet, unlabelled_failure, unlabelled_fault


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data")


def aurora(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aurora", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ})


def test_derived_model_trains_and_trains_again_from_its_toml(fleet: DataSet, tmp_path: Path) -> None:
    first = aurora("train", fleet.path, "--out", tmp_path, "--json")
    assert first.returncode == 0, first.stderr
    printed = json.loads(first.stdout)
    release = load_release(printed["path"])
    assert printed["metrics"] == release.document["metrics"] and printed["id"] == release.id
    assert (release.path / "card.md").read_text(encoding="utf-8") == card_text(release)
    spec = load_model_toml(tmp_path / fleet.name / "model.toml")
    assert (spec.signal.n, spec.signal.axes, spec.labels.horizon_s) == (fleet.n, fleet.axes, fleet.horizon_s)

    taken = aurora("train", fleet.path, "--out", tmp_path)
    assert taken.returncode == 10 and "already exists" in taken.stderr
    assert taken.stderr.count("\n") == 1, "refused after the work, not before it"

    toml = tmp_path / fleet.name / "model.toml"
    edited = toml.read_text().replace("raise_votes = 3", "raise_votes = 4")
    toml.write_text(edited)
    other = aurora("train", fleet.path, "--out", tmp_path, "--release", "2.0.0")
    assert other.returncode == 10 and "train it with --model" in other.stderr and toml.read_text() == edited

    # the release's own model.toml names the form that was chosen: the same architecture comes out
    again = aurora(
        "train", fleet.path, "--out", tmp_path, "--model", release.path / "model.toml", "--release", "1.0.1"
    )
    assert again.returncode == 0, again.stderr
    assert "never trained on" in again.stdout and "simulated machines" in again.stdout
    second = load_release(tmp_path / fleet.name / "releases" / "1.0.1")
    assert second.spec.training == release.spec.training
    assert second.tflite == release.tflite and second.chain == release.chain


def single(dataset: DataSet, folder: Path) -> Path:
    from dataclasses import replace

    return rewritten(replace(dataset, units=dataset.units[:1]), folder).path


def empty(dataset: DataSet, folder: Path) -> Path:
    folder.mkdir()
    return folder


def unlabelled(dataset: DataSet, folder: Path) -> Path:
    return rewritten(dataset, folder, fault=unlabelled_fault, ttf_s=unlabelled_failure).path


REFUSED = {
    "a single unit": (single, (), 12, "only 1 physical unit"),
    "an empty folder": (empty, (), 10, "not a data set"),
    "no folder": (lambda dataset, folder: folder, (), 10, "no such"),
    "no labels": (unlabelled, (), 10, "nothing to learn"),
    "no such model": (lambda dataset, folder: dataset.path, ("--model", "fan"), 10, "model.toml"),
    "a version that is none": (lambda dataset, folder: dataset.path, ("--release", "one"), 10, "version"),
}


@pytest.mark.parametrize(("make", "options", "code", "named"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_one_line_and_leaves_nothing(
    fleet: DataSet, tmp_path: Path, make, options: tuple[str, ...], code: int, named: str
) -> None:
    done = aurora("train", make(fleet, tmp_path / "data"), "--out", tmp_path / "models", *options)
    assert done.returncode == code and named in done.stderr
    assert done.stderr.count("\n") == 1 and done.stdout == ""
    assert not (tmp_path / "models").exists()
