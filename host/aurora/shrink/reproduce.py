"""A release made again from what it recorded, in a folder of its own, and every file's hash compared.

A shrink's release records the recipe, the seeds and the split; the arm that shipped is trained again, in the
same kind of worker processes, but not the arms that lost: their scores in release.json are taken as recorded.
A release of `aurora train` is trained again from the model.toml that its folder belongs to. The reports and
the card beside a release are not hashed and not compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from aurora.compress.produce import produce_release
from aurora.compress.release import RELEASE_FILE, Release, load_release
from aurora.errors import NotReproduced
from aurora.shrink.arms import Job, Part, run_job
from aurora.shrink.context import Context, context_of, make_task
from aurora.shrink.judged import Shippable, bench_of, shippable_of
from aurora.shrink.parallel import open_runner
from aurora.shrink.recipe import Recipe
from aurora.shrink.recorded import Recorded, recorded, refuse_other_versions
from aurora.shrink.recorded_data import data_of
from aurora.shrink.ship import release_of
from aurora.signals.dataset import DataSet
from aurora.train.fit import train_model

TRAINED = 0.8  # share of the work

#: (share of the work done, what is being done)
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Reproduction:
    """``files``: name -> the rebuilt file has the recorded hash; release.json, which holds all others', is
    the last of them."""

    release: Path
    files: dict[str, bool]

    @property
    def same(self) -> bool:
        """Every file."""
        return all(self.files.values())

    def raise_difference(self) -> None:
        """NotReproduced naming the first file that differs; nothing where all are the same."""
        wrong = [name for name, same in self.files.items() if not same]
        if wrong:
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise NotReproduced(
                f"{wrong[0]}{more} came out with other bytes when made again", where=self.release,
                hint="was the release edited? another kind of CPU may round otherwise too",
            )  # fmt: skip


def reproduce(
    path: Path, data: Path | None, *, workers: int = 1, progress: Progress | None = None
) -> Reproduction:
    """Make the release in ``path`` again from the data set folder ``data`` and compare; what is rebuilt is
    thrown away. Without ``data`` a synthetic fleet is made again too.

    Raises InputError where the release is damaged, where ``data`` is not what it was made from or a version
    differs (it says which), and where the release does not record how it was made.
    """
    tell = progress or (lambda share, what: None)
    release = load_release(path)
    refuse_other_versions(release)
    made = recorded(release)
    with tempfile.TemporaryDirectory(prefix="aurora-reproduce-") as folder:
        tell(0.0, "the data set")
        dataset = data_of(release, data, Path(folder))
        target = Path(folder) / "release"
        if made.recipe is None:
            rebuilt = _trained(made, dataset, target, tell)
        else:
            rebuilt = _shrunk(made, made.recipe, dataset, target, workers, tell)
        tell(1.0, "compared")
        return compared(release, rebuilt)


def compared(release: Release, rebuilt: Release) -> Reproduction:
    """Hashes side by side; a file that only one of them has differs."""
    ours, theirs = release.document["files"], rebuilt.document["files"]
    files = {name: ours.get(name) == theirs.get(name) for name in sorted({*ours, *theirs})}
    return Reproduction(release.path, {**files, RELEASE_FILE: release.id == rebuilt.id})


def _trained(made: Recorded, dataset: DataSet, target: Path, tell: Progress) -> Release:
    trained = train_model(
        dataset, made.spec, made.split, made.seed, lambda share, what: tell(TRAINED * share, what)
    )
    return produce_release(trained, dataset, target)


def _shrunk(
    made: Recorded, recipe: Recipe, dataset: DataSet, target: Path, workers: int, tell: Progress
) -> Release:
    context = context_of(make_task(dataset, made.spec, made.split, made.board))
    one = _arm_again(context, made, recipe, workers, tell)
    facts = dict(made.facts or {})
    scores = dict(facts["validation_scores"])
    if one.arm.name in scores and one.score is not None:
        scores[one.arm.name] = one.score
    facts.update(recipe=one.recipe.to_dict(), predicted=asdict(one.cost), validation_scores=scores)
    return release_of(context, made.spec, one, made.seed, target, facts)


def _arm_again(context: Context, made: Recorded, recipe: Recipe, workers: int, tell: Progress) -> Shippable:
    assert made.arm is not None  # it has a recipe
    task = context.task
    turns = [None] if task.split.validation else [None, *range(len(task.turns))]
    jobs = [Job(task, made.arm, recipe, made.seeds, turn) for turn in turns]
    parts: dict[int, Part] = {}
    with open_runner(workers) as runner:
        for place, part in runner.run(run_job, jobs):
            parts[place] = part
            tell(TRAINED * len(parts) / len(jobs), f"training {len(parts)} of {len(jobs)}")
    ordered = [parts[place] for place in sorted(parts)]
    return shippable_of(context, made.arm, recipe, ordered, bench_of(context, recipe))
