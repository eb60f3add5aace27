"""A release made again has the same bytes; one changed byte, other data and other versions are told."""

import copy
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aurora.compress.distill import DistilSpec
from aurora.compress.produce import produce_release
from aurora.compress.quantise_spec import QuantSpec
from aurora.compress.release import RELEASE_FILE, Release, load_release
from aurora.compress.student import StudentSpec
from aurora.errors import InputError, NotReproduced
from aurora.shrink.arms import Job, run_job
from aurora.shrink.budget import Budget
from aurora.shrink.context import context_of, make_task
from aurora.shrink.judged import bench_of, shippable_of
from aurora.shrink.parallel import open_runner
from aurora.shrink.recipe import Recipe
from aurora.shrink.recorded import asked_spec, recorded, refuse_other_versions
from aurora.shrink.recorded_data import data_of, refuse_other_data
from aurora.shrink.reproduce import Reproduction, compared, reproduce
from aurora.shrink.ship import release_of, shrink_facts
from aurora.signals.dataset import DataSet, load_dataset
from aurora.spec.model import dump_model_toml
from aurora.train.derive import derive_spec
from aurora.train.fit import train_model
from aurora.train.split import split_units
from aurora.train.teacher import TeacherSpec
from train_samples import rewritten, small_fleet


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data")


@pytest.fixture(scope="module")
def release(fleet: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """As `aurora train --model` leaves it, below its model.toml; the linear form trains in a moment."""
    home = tmp_path_factory.mktemp("models") / "small"
    spec = derive_spec(fleet, "small")
    spec = replace(spec, training=replace(spec.training, form="linear"))
    trained = train_model(fleet, spec, split_units(fleet, 1), seed=1)
    dump_model_toml(spec, home / "model.toml")
    return produce_release(trained, fleet, home / "releases" / "1.0.0")


def tampered(release: Release, folder: Path, name: str) -> Path:
    """A copy in which one byte of ``name`` is another, and release.json's hash follows."""
    shutil.copytree(release.path, folder)
    content = (folder / name).read_bytes()
    changed = content.replace(b" 5", b" 6", 1) if name == "decision.json" else content[:-1] + b" "
    assert changed != content
    (folder / name).write_bytes(changed)
    document = json.loads((folder / RELEASE_FILE).read_text())
    document["files"][name] = hashlib.sha256(changed).hexdigest()
    (folder / RELEASE_FILE).write_text(json.dumps(document, indent=1) + "\n")
    return folder


def changed(release: Release, **changes: Any) -> Release:
    return replace(release, document={**copy.deepcopy(release.document), **changes})


def test_a_release_made_again_is_the_same(fleet: DataSet, release: Release) -> None:
    found = reproduce(release.path, fleet.path)
    assert found.same and set(found.files) == {*release.document["files"], RELEASE_FILE}
    found.raise_difference()


def test_one_changed_byte_is_found_and_named(release: Release, tmp_path: Path) -> None:
    other = load_release(tampered(release, tmp_path / "other", "decision.json"))
    found = compared(other, release)
    assert not found.same
    assert [name for name, same in found.files.items() if not same] == ["decision.json", RELEASE_FILE]
    with pytest.raises(NotReproduced, match=r"decision\.json and 1 more") as caught:
        found.raise_difference()
    assert "\n" not in str(caught.value)


@pytest.mark.soak
def test_a_changed_model_does_not_pass_for_the_trained_one(release: Release, tmp_path: Path) -> None:
    """The whole way: the release on disk is not what its own record makes."""
    other = tampered(release, tmp_path / "other", "model_data.c")
    found = reproduce(other, None)
    assert {name for name, same in found.files.items() if not same} == {"model_data.c", RELEASE_FILE}


@pytest.mark.soak
def test_a_shrinks_release_made_again_is_the_same(fleet: DataSet, tmp_path: Path) -> None:
    """Distilled and trained on with fake quantisation, by two seeds, in worker processes both times."""
    recipe = Recipe(
        chain=derive_spec(fleet, "small").chain,
        student=StudentSpec(hidden=(4,), epochs=2),
        quant=QuantSpec(method="qat", qat_epochs=1),
        distil=DistilSpec(),
        teacher=TeacherSpec(hidden=(8,), members=2, epochs=2, checks=2, patience=1),
    )
    spec = derive_spec(fleet, "small")
    context = context_of(make_task(fleet, spec, split_units(fleet, 1), "mps2_an386"))
    jobs = [
        Job(context.task, "found", recipe, (1, 2), turn) for turn in (None, *range(len(context.task.turns)))
    ]
    with open_runner(2) as runner:
        parts = dict(runner.run(run_job, jobs))
    ordered = [parts[place] for place in sorted(parts)]
    one = shippable_of(context, "found", recipe, ordered, bench_of(context, recipe))
    facts = shrink_facts(one, "mps2_an386", Budget(), 0, {"found": one.score or 0.0, "ptq": 0.5})
    path = tmp_path / "release"
    release_of(context, spec, one, 1, path, {**facts, "data": ""})
    assert reproduce(path, fleet.path, workers=1).same
    recipe_changed = json.loads((path / RELEASE_FILE).read_text())
    recipe_changed["shrink"]["recipe"]["student"]["epochs"] = 3
    (path / RELEASE_FILE).write_text(json.dumps(recipe_changed, indent=1) + "\n")
    assert not reproduce(path, fleet.path, workers=2).files["model.tflite"]


def test_a_file_that_only_one_of_them_has_differs(release: Release) -> None:
    files = {name: value for name, value in release.document["files"].items() if name != "chain.bin"}
    assert not compared(changed(release, files=files), release).files["chain.bin"]
    assert not compared(release, changed(release, files=files)).files["chain.bin"]


def test_a_damaged_release_is_refused(release: Release, fleet: DataSet, tmp_path: Path) -> None:
    other = shutil.copytree(release.path, tmp_path / "other")
    (other / "model.tflite").write_bytes(b"TFL3")
    with pytest.raises(InputError, match=r"model\.tflite"):
        reproduce(other, fleet.path)


def test_other_data_is_refused_by_hash(release: Release, fleet: DataSet, tmp_path: Path) -> None:
    other = rewritten(fleet, tmp_path / "data", load=lambda unit: unit.load * 0)
    assert other.name == fleet.name
    with pytest.raises(InputError, match=r"is not the data set of .*synthetic-fleet-3") as caught:
        reproduce(release.path, other.path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["numpy", "aurora", "python", "no-such-package"])
def test_other_versions_are_refused_by_name(release: Release, name: str) -> None:
    versions = {**release.document["versions"], name: "0.0.1"}
    with pytest.raises(InputError, match=rf"{name} 0\.0\.1 \(here "):
        refuse_other_versions(changed(release, versions=versions))


def test_all_other_versions_are_in_one_line(release: Release) -> None:
    versions = {**release.document["versions"], "numpy": "0.0.1", "keras": "0.0.2\nx"}
    with pytest.raises(InputError) as caught:
        refuse_other_versions(changed(release, versions=versions))
    assert "numpy 0.0.1" in str(caught.value) and "keras 0.0.2" in str(caught.value)
    refuse_other_versions(release)


@pytest.mark.parametrize("versions", [None, [], "1.0"], ids=["none", "list", "text"])
def test_no_versions_are_refused(release: Release, versions: Any) -> None:
    with pytest.raises(InputError, match="no versions"):
        refuse_other_versions(changed(release, versions=versions))


def test_a_second_data_set_cannot_be_made_again_from_one(release: Release, fleet: DataSet) -> None:
    with pytest.raises(InputError, match="second data set"):
        refuse_other_data(changed(release, test_data={"name": "other"}), fleet)


BROKEN: dict[str, dict[str, Any]] = {
    "no split": {"split": None},
    "a unit that is no text": {"split": {"train": [1, 2], "validation": [], "test": ["a"]}},
    "no seed": {"seed": "one"},
    "a shrink that is a list": {"shrink": []},
    "a shrink without a recipe": {"shrink": {"validation_scores": {}, "arm": "ptq", "seeds": [1]}},
    "a recipe that is none": {
        "shrink": {"validation_scores": {}, "arm": "ptq", "seeds": [1], "board": "b", "recipe": {}}
    },
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN)
def test_what_records_nothing_is_refused_in_one_line(release: Release, changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        recorded(changed(release, **changes))
    assert "\n" not in str(caught.value)


def test_what_was_asked_for_is_the_model_toml_above(release: Release, tmp_path: Path) -> None:
    assert asked_spec(release).training.form == "linear"
    asked = replace(release.spec, training=replace(release.spec.training, form="auto"), version="7.0.0")
    home = tmp_path / "small"
    dump_model_toml(asked, home / "model.toml")
    moved = replace(release, path=home / "releases" / "1.0.0")
    assert asked_spec(moved) == replace(asked, version="1.0.0")
    dump_model_toml(replace(asked, name="another"), home / "model.toml")
    assert asked_spec(moved) == release.spec
    assert asked_spec(replace(release, path=tmp_path / "x" / "y" / "z")) == release.spec


def test_data_is_taken_from_where_the_shrink_found_it(
    release: Release, fleet: DataSet, tmp_path: Path
) -> None:
    told = {"name": "n", "manifest_sha256": release.document["data"]["manifest_sha256"], "provenance": {}}
    made = changed(release, data=told, shrink={"data": str(fleet.path)})
    assert data_of(made, None, tmp_path).path == fleet.path
    gone = changed(release, data=told, shrink={"data": str(tmp_path / "gone")})
    with pytest.raises(InputError, match="DATA --reproduce"):
        data_of(gone, None, tmp_path)


def test_a_synthetic_fleet_is_made_again(release: Release, fleet: DataSet, tmp_path: Path) -> None:
    made = data_of(release, None, tmp_path)
    assert made.path == tmp_path / "data"
    assert (made.path / "manifest.json").read_bytes() == (fleet.path / "manifest.json").read_bytes()
    assert load_dataset(made.path).windows == fleet.windows


@pytest.mark.parametrize(
    "changes",
    [{"units": 10_000, "n": 65_536, "windows": 500}, {"units": "ten"}, {"surprise": 1}, {"axes": 99}],
    ids=["huge", "text", "unknown", "impossible"],
)
def test_a_fleet_that_is_none_is_not_made(release: Release, tmp_path: Path, changes: dict[str, Any]) -> None:
    data = copy.deepcopy(release.document["data"])
    data["provenance"]["fleet"].update(changes)
    with pytest.raises(InputError):
        data_of(changed(release, data=data), None, tmp_path)
    assert not (tmp_path / "data").exists()


def test_difference_names_the_first_file() -> None:
    found = Reproduction(Path("r"), {"a": True, "b": False, "c": False, "release.json": False})
    with pytest.raises(NotReproduced, match=r"^r: b and 2 more"):
        found.raise_difference()
