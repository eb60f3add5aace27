"""The whole line on a tiny fleet with hardly any training: what is written, chosen and never touched."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aurora.compress.distill import DistilSpec
from aurora.compress.prune import PruneSpec
from aurora.compress.quantise_spec import QuantSpec
from aurora.compress.release import load_release
from aurora.compress.student import StudentSpec
from aurora.errors import BudgetUnfit
from aurora.shrink import arms, pipeline
from aurora.shrink.budget import Budget, parse_budget
from aurora.shrink.context import Task, context_of, make_task
from aurora.shrink.make import run_recipe
from aurora.shrink.pipeline import Options, Outcome, run_shrink
from aurora.shrink.recipe import Recipe
from aurora.shrink.report import read_report
from aurora.signals.dataset import DataSet
from aurora.train.derive import derive_spec
from aurora.train.split import split_units
from aurora.train.teacher import TeacherSpec
from train_samples import rewritten, small_fleet

SEED, BOARD = 2, "native"  # of a process of the host: no device arm, so no emulator is needed


class Here:
    """Runs jobs in this process."""

    workers = 1

    def run(self, job, arguments):
        yield from ((place, job(argument)) for place, argument in enumerate(arguments))


@contextmanager
def here(workers: int, address: str | None = None) -> Iterator[Here]:
    yield Here()


def small_recipe(task: Task) -> Recipe:
    """A second of work."""
    return Recipe(
        chain=task.spec.chain, student=StudentSpec((8,), epochs=4), distil=DistilSpec(),
        prune=PruneSpec(keep=0.5, rounds=1, recovery_epochs=1), quant=QuantSpec(qat_epochs=1),
        teacher=TeacherSpec(hidden=(16,), members=2, epochs=4, checks=2, patience=1),
    )  # fmt: skip


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "open_runner", here)
    monkeypatch.setattr(pipeline, "known_good", lambda context, budget: small_recipe(context.task))
    monkeypatch.setattr(pipeline, "SEEDS", 1)
    monkeypatch.setattr("aurora.shrink.context.MOST_TURNS", 2)


def task_of(dataset: DataSet) -> Task:
    return make_task(dataset, derive_spec(dataset, "tiny"), split_units(dataset, SEED), BOARD)


def shrink(dataset: DataSet, target: Path, budget: str = "") -> Outcome:
    options = Options(
        target=target, budget=parse_budget(budget), seed=SEED, trials=0, storage=target / "s.db", workers=1
    )
    return run_shrink(task_of(dataset), derive_spec(dataset, "tiny"), options, lambda share, what: None)


def test_release_report_and_choice(quick: None, fleet: DataSet, tmp_path: Path) -> None:
    outcome = shrink(fleet, tmp_path / "1.0.0")
    release = load_release(tmp_path / "1.0.0")
    assert [path.name for path in tmp_path.iterdir()] == ["1.0.0"], "something half-made is left"
    assert outcome.release.path == release.path and outcome.release.id == release.id
    comparison = read_report(tmp_path / "1.0.0" / "report.json")
    assert comparison == outcome.comparison
    names = [arm.name for arm in comparison.arms]
    assert names == ["plain", "teacher", "ptq", "distilled", "pruned", "qat", "linear", "found"]
    assert set(comparison.absent) == {"device"} and all(len(arm.seeds) == 1 for arm in comparison.arms)

    facts = release.document["shrink"]
    scores = facts["validation_scores"]
    assert comparison.chosen == facts["arm"] and scores[facts["arm"]] >= max(scores.values()) - 0.002
    assert Recipe.from_dict(facts["recipe"]) == arms.arm_recipes(small_recipe(task_of(fleet)))[facts["arm"]]
    assert set(comparison.test_units) == set(release.document["split"]["test"])
    shipped = comparison.arm(facts["arm"])
    assert shipped is not None and shipped.cost is not None and shipped.seeds[0].threshold is not None
    assert shipped.seeds[0].threshold.on == release.decision.fails_within.threshold_on
    told = release.document["metrics"]["auroc_mean"]
    assert shipped.seeds[0].auroc == told["int8_host"], "report and release judge the same model"


@pytest.mark.soak
def test_search_then_comparison(quick: None, fleet: DataSet, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(pipeline, "recipe_of", lambda chain, parameters: small_recipe(task_of(fleet)))
    monkeypatch.setattr("aurora.shrink.trial.recipe_of", lambda chain, parameters: replace(
        small_recipe(task_of(fleet)), distil=None, prune=None))  # fmt: skip
    task, spec = task_of(fleet), derive_spec(fleet, "tiny")
    options = Options(tmp_path / "1.0.0", Budget(), SEED, 2, tmp_path / "search.db", 1)
    outcome = run_shrink(task, spec, options, lambda share, what: None)
    written = json.loads((tmp_path / "pareto.json").read_text())["trials"]
    assert [row["trial"] for row in written] == [0, 1] and sum(row["chosen"] for row in written) == 1
    assert (tmp_path / "pareto.png").read_bytes()[:4] == b"\x89PNG"
    assert sum(point.chosen for point in outcome.comparison.pareto) == 1
    assert outcome.release.document["shrink"]["trials"] == 2


def test_a_budget_that_nothing_fits_leaves_no_release(
    fleet: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "open_runner", here)
    with pytest.raises(BudgetUnfit) as refused:
        shrink(fleet, tmp_path / "1.0.0", "flash=1k,instructions=10")
    line = str(refused.value)
    assert refused.value.exit_code == 37 and "\n" not in line
    assert "nearest is" in line and "instructions binds" in line and "flash binds" in line
    assert not (tmp_path / "1.0.0").exists()


def test_a_trial_neither_reads_nor_feels_the_test_units(fleet: DataSet, tmp_path: Path) -> None:
    """Labels and recordings of the test units are replaced by nonsense: not a bit of the trial changes."""
    task = task_of(fleet)
    recipe = replace(small_recipe(task), prune=None)
    whole = run_recipe(context_of(task), recipe, SEED)
    rng = np.random.default_rng(1)

    def nonsense(name: str):
        def change(unit):
            value = getattr(unit, name)
            if unit.id not in task.split.test:
                return value
            return rng.permuted(value) if name != "samples" else np.zeros_like(value)

        return change

    changes = {name: nonsense(name) for name in ("samples", "fault", "ttf_s")}
    other = rewritten(fleet, tmp_path / "other", **changes)
    spoilt = make_task(other, task.spec, task.split, BOARD)
    found = run_recipe(context_of(replace(spoilt, turns=task.turns)), recipe, SEED)
    assert found.per_unit == whole.per_unit and found.tflite == whole.tflite and found.chain == whole.chain
    assert set(whole.per_unit) == set(task.split.train), "every training unit is left out once"
    assert run_recipe(context_of(task), recipe, SEED + 1).tflite != whole.tflite
