"""aurora train DATA --test OTHER: judged on machines of another data set, or refused in one line."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aurora.compress.produce import produce_release
from aurora.compress.release import load_release
from aurora.errors import InputError, SplitError
from aurora.signals.dataset import DataSet, Unit, load_dataset
from aurora.signals.synth.fleet import synthesise
from aurora.train.derive import derive_spec
from aurora.train.fit import train_model
from aurora.train.metrics import FAILS_HEAD
from aurora.train.other import with_test_units
from train_samples import SMALL_FLEET, rewritten, small_fleet, unlabelled_failure, unlabelled_fault


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """Four turbines of another seed, under names of their own."""
    folder = tmp_path_factory.mktemp("other")
    made = synthesise(folder / "made", replace(SMALL_FLEET, seed=44, units=4, healthy=1))
    return rewritten(made, folder / "data", id=lambda unit: f"far-{unit.id}")


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aurora", "train", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ})


def test_it_trains_on_all_of_one_and_judges_all_of_the_other(
    fleet: DataSet, other: DataSet, tmp_path: Path
) -> None:
    done = run(fleet.path, "--test", other.path, "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["split"] == {
        "train": [u.id for u in fleet.units], "validation": [], "test": [u.id for u in other.units]
    }  # fmt: skip
    assert set(printed["auroc_mean"]) == {"float", "int8_host"}
    assert printed["auroc_mean"] == printed["metrics"]["auroc_mean"]
    assert set(printed["metrics"]["auroc_per_unit"]) == {u.id for u in other.units}
    release = load_release(printed["path"])
    assert release.document["data"]["units"] == len(fleet.units)
    assert release.document["test_data"]["units"] == len(other.units)


def test_the_limits_say_whose_machines_judged(fleet: DataSet, other: DataSet, tmp_path: Path) -> None:
    """Of recordings that are neither simulated nor a known bench."""
    own = replace(fleet, provenance={})
    spec = derive_spec(own, "small")
    spec = replace(spec, training=replace(spec.training, form="graded"))
    released = produce_release(train_model(*_joined(own, other, spec)), own, tmp_path / "release")
    assert released.document["limits"][0].startswith("Judged on the machines of the test data set only")


def test_nothing_of_the_other_reaches_the_model(fleet: DataSet, other: DataSet, tmp_path: Path) -> None:
    """Other recordings and labels of the test set leave normalisation, choice and weights as they were."""
    rng = np.random.default_rng(3)
    strange = rewritten(
        other, tmp_path / "strange",
        samples=lambda unit: rng.integers(-900, 900, unit.samples.shape, np.int16),
        fault=lambda unit: np.zeros(unit.windows, np.int16),
    )  # fmt: skip
    spec = derive_spec(fleet, "small")
    spec = replace(spec, training=replace(spec.training, form="graded", l2=0.1))
    models = [train_model(*_joined(fleet, one, spec)) for one in (other, strange)]
    first, second = (model.network.heads[FAILS_HEAD].weights.tobytes() for model in models)
    assert first == second and models[0].norm.center.tobytes() == models[1].norm.center.tobytes()
    assert models[0].rotation == models[1].rotation
    unit = other.units[0].id
    assert not np.array_equal(models[0].logits(unit)[FAILS_HEAD], models[1].logits(unit)[FAILS_HEAD])


def _joined(fleet: DataSet, test: DataSet, spec):
    joined, split = with_test_units(fleet, test, spec)
    return joined, spec, split


def test_fault_types_are_found_by_name(fleet: DataSet, other: DataSet, tmp_path: Path) -> None:
    names = other.fault_types[::-1]
    turned = rewritten(
        other, tmp_path / "turned", fault_types=names,
        fault=lambda unit: np.where(unit.fault < 0, -1, len(names) - 1 - unit.fault).astype(np.int16),
    )  # fmt: skip
    spec = derive_spec(fleet, "small")
    joined, _ = with_test_units(fleet, turned, spec)
    for unit in other.units:
        assert np.array_equal(joined.unit(unit.id).fault, unit.fault)


def short(unit: Unit) -> np.ndarray:
    return unit.samples[:, :, :512]


def copied(fleet: DataSet, other: DataSet, folder: Path) -> DataSet:
    """One window of a training unit, under another name and gain, in the middle of a test unit."""
    window = np.asarray(fleet.units[2].samples[7])

    def samples(unit: Unit) -> np.ndarray:
        block = unit.samples.copy()
        if unit.id == other.units[1].id:
            block[30] = window
        return block

    return rewritten(other, folder, samples=samples)


def _stopped(unit: Unit) -> np.ndarray:
    """Three windows of a broken cable: alike everywhere, and no reason to refuse."""
    block = unit.samples.copy()
    block[40:43] = 0
    return block


REFUSED = {
    "itself": (lambda f, o, p: f, SplitError, "is in .* too"),
    "one name in both": (
        lambda f, o, p: rewritten(o, p, id=lambda u: f.units[0].id if u is o.units[0] else u.id),
        SplitError, "unit .* is in .* too",
    ),
    "a copied window": (copied, SplitError, "a window of unit far-.* is in .* too, as unit"),
    "other axes": (lambda f, o, p: replace(o, axes=("a", "b")), InputError, "axes are"),
    "another rate": (lambda f, o, p: replace(o, rate_hz=9.0), InputError, "rate in Hz are 9.0"),
    "shorter windows": (lambda f, o, p: replace(o, n=512), InputError, "samples per window are 512"),
    "another horizon": (lambda f, o, p: replace(o, horizon_s=5.0), InputError, "horizon is 5.0 s"),
    "an unknown fault": (
        lambda f, o, p: replace(o, fault_types=("rust", *o.fault_types[1:])), InputError, "labelled rust"
    ),
    "no labels": (
        lambda f, o, p: rewritten(o, p, fault=unlabelled_fault, ttf_s=unlabelled_failure),
        InputError, "nothing that model small tells",
    ),
    "no healthy start": (
        lambda f, o, p: rewritten(o, p, healthy_start_windows=3), InputError, "a unit has 3 marked"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "error", "named"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_or_is_no_test_is_refused(
    fleet: DataSet, other: DataSet, tmp_path: Path, make, error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named):
        with_test_units(fleet, make(fleet, other, tmp_path / "data"), derive_spec(fleet, "small"))


def test_what_test_units_lack_the_derived_model_does_without(
    fleet: DataSet, other: DataSet, tmp_path: Path
) -> None:
    """No marked start: no self-calibration. No speed: the strongest peaks. Nothing is refused for it."""
    bare = rewritten(
        other, tmp_path / "bare", healthy_start_windows=0, rpm=lambda unit: np.full_like(unit.rpm, np.nan)
    )
    spec = derive_spec(fleet, "small", test_units=bare.units)
    assert spec.chain.calibration_windows == 0 and spec.signal.rpm == "unknown"
    full = derive_spec(fleet, "small", test_units=other.units)
    assert full == derive_spec(fleet, "small") and full.chain.calibration_windows > 0
    with_test_units(fleet, bare, spec)


def test_windows_without_a_signal_may_be_alike(fleet: DataSet, other: DataSet, tmp_path: Path) -> None:
    tested = rewritten(other, tmp_path / "tested", samples=_stopped)
    trained = rewritten(fleet, tmp_path / "trained", samples=_stopped)
    joined, split = with_test_units(trained, tested, derive_spec(fleet, "small"))
    assert len(joined.units) == len(fleet.units) + len(other.units) and len(split.test) == len(other.units)


def test_the_command_refuses_in_one_line_and_writes_nothing(fleet: DataSet, tmp_path: Path) -> None:
    for words, code in (([fleet.path], 12), ([tmp_path / "none"], 10)):
        done = run(fleet.path, "--test", *words, "--out", tmp_path / "models")
        assert done.returncode == code and done.stderr.count("\n") == 1 and done.stdout == ""
        assert not (tmp_path / "models").exists()
    assert load_dataset(fleet.path).windows == fleet.windows
