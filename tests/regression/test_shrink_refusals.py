"""What was found out only after the work, or not told at all: found by hand, once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aurora.compress.release import Release
from aurora.compress.student import StudentSpec
from aurora.errors import InputError, WriteFailed
from aurora.shrink.parallel import open_runner
from aurora.shrink.recipe import Recipe
from aurora.shrink.recorded import recorded
from aurora.signals.dataset import DataSet
from aurora.signals.synth.fleet import Fleet, synthesise
from aurora.spec.model import load_model_toml
from aurora.train.derive import derive_spec
from aurora.train.other import with_test_units
from aurora.train.teacher import TeacherSpec
from train_samples import rewritten, unlabelled_fault

TINY = Fleet(units=4, healthy=1, windows=30, healthy_windows=30, n=1024, axes=1)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return synthesise(tmp_path_factory.mktemp("fleet") / "data", TINY)


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aurora", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def far(fleet: DataSet, folder: Path, **changes: object) -> DataSet:
    """Other turbines under other names."""
    made = synthesise(folder / "made", Fleet(**{**vars(TINY), "seed": 9}))
    return rewritten(made, folder / "far", **{"id": lambda unit: f"far-{unit.id}", **changes})


def test_the_train_command_derives_a_model_that_the_test_units_allow(fleet: DataSet, tmp_path: Path) -> None:
    """`--test` refused machines without a marked start although the derived model can do without; machines
    that never fail have no AUROC, and the limits did not say so."""
    bare = far(
        fleet, tmp_path, healthy_start_windows=0, fault=unlabelled_fault,
        ttf_s=lambda unit: np.full(unit.windows, np.inf, np.float32),
    )  # fmt: skip
    done = run("train", fleet.path, "--test", bare.path, "--out", tmp_path / "m", "--name", "bare", "--json")
    assert done.returncode == 0, done.stderr
    assert load_model_toml(tmp_path / "m" / "bare" / "model.toml").chain.calibration_windows == 0
    printed = json.loads(done.stdout)
    assert printed["auroc_mean"] is None
    assert any("No test unit shows both failing and not" in line for line in printed["limits"])


def test_units_that_end_with_their_self_calibration_judge_nothing(fleet: DataSet, tmp_path: Path) -> None:
    """They did, with no figure at all, and exit code 0."""
    spec = derive_spec(fleet, "small")
    first = spec.chain.calibration_windows
    unlabelled = {
        "fault": lambda unit: np.where(np.arange(unit.windows) < first, unit.fault, -1).astype(np.int16),
        "ttf_s": lambda unit: np.where(np.arange(unit.windows) < first, unit.ttf_s, np.nan).astype("<f4"),
    }
    assert first > 0
    with pytest.raises(InputError, match=f"beyond the {first} windows of self-calibration"):
        with_test_units(fleet, far(fleet, tmp_path, **unlabelled), spec)


@pytest.mark.parametrize("address", ["", "nonsense", "inproc://here", "tcp://", "tcp://host", "tcp://a b:1"])
def test_an_address_that_is_none_is_told_at_once(address: str) -> None:
    """Dask tried for half a minute and then printed a traceback."""
    with pytest.raises(InputError, match="no address of a scheduler"), open_runner(1, address):
        pass


@pytest.mark.parametrize("command", ["train", "shrink"])
def test_a_folder_that_cannot_be_written_is_told_before_the_work(
    fleet: DataSet, tmp_path: Path, command: str
) -> None:
    """It was told after it: of a search, hours later."""
    from aurora.commands.releases import refuse_existing

    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    done = run(command, fleet.path, "--out", blocked / "models", *(["--no-search"] * (command == "shrink")))
    assert done.returncode == WriteFailed.exit_code and done.stderr.count("\n") == 1, done.stderr
    assert "training" not in done.stderr
    refuse_existing(tmp_path / "models" / "a" / "releases" / "1.0.0", None, replace=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]  # asking leaves nothing behind


@pytest.mark.parametrize(
    "seeds", [[], [-1], [1 << 32], [10**400], [True], list(range(1000)), "0", None],
    ids=["none", "negative", "large", "huge", "a bool", "a thousand", "text", "null"],
)  # fmt: skip
def test_recorded_seeds_that_none_writes_are_refused(fleet: DataSet, tmp_path: Path, seeds: object) -> None:
    """--reproduce ended with a traceback, or trained for days."""
    spec = derive_spec(fleet, "small")
    facts = {"arm": "ptq", "recipe": Recipe(spec.chain).to_dict(), "board": "native", "seeds": [0],
             "validation_scores": {"ptq": 0.5}}  # fmt: skip
    split = {"train": ["a", "b"], "validation": [], "test": ["c"]}

    def release(seeds: object) -> Release:
        document = {"split": split, "seed": 0, "shrink": {**facts, "seeds": seeds}}
        unread: Any = None  # the model itself is not looked at
        return Release(
            path=tmp_path, id="0" * 64, spec=spec, document=document, tflite=b"", chain=b"", decision=unread,
            golden_inputs=unread, golden_outputs=unread, drift=unread,
        )  # fmt: skip

    assert recorded(release([0, 1])).seeds == (0, 1)
    for arm in ("teacher", "plain", "device", "nope", ["ptq"]):  # a training, and then a traceback
        facts["arm"] = arm
        with pytest.raises(InputError, match="no arm that ships"):
            recorded(release([0]))
    for arm in ("found", "linear", "ptq"):
        facts["arm"] = arm
        assert recorded(release([0])).arm == arm
    with pytest.raises(InputError, match="does not record how it was made"):
        recorded(release(seeds))


@pytest.mark.parametrize("hidden", [(0,), (-4,), (10**9,), (8,) * 9])
def test_a_teacher_of_impossible_layers_is_refused(hidden: tuple[int, ...]) -> None:
    """A recorded recipe may hold anything: it asked for all memory there is."""
    with pytest.raises(InputError, match="teacher hidden"):
        TeacherSpec(hidden=hidden)


@pytest.mark.parametrize("field", ["epochs", "batch", "members"])
def test_a_training_without_end_is_refused(field: str) -> None:
    """A recorded recipe may ask for it; only the limit of a whole job ended it."""
    with pytest.raises(InputError, match="teacher of"):
        TeacherSpec(**{field: 10**400})
    if field != "members":
        with pytest.raises(InputError, match="student of"):
            StudentSpec(**{field: 10**400})
