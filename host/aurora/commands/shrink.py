"""aurora shrink: a data set folder to the best int8 release under a board's budget, with its comparison."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aurora.commands.releases import progress_bar, refuse_existing, spec_for

if TYPE_CHECKING:
    from aurora.shrink.comparison import Arm
    from aurora.shrink.pipeline import Outcome

DEFAULT_TRIALS = 50


@click.command("shrink")
@click.argument("data", type=click.Path(path_type=Path), required=False)
@click.option("--board", default="mps2_an386", show_default=True, help="Board that the model is for.")
@click.option("--budget", "budget_text", default="", metavar="flash=..,ram=..,instructions=..",
              help="Limits, each optional: bytes of the whole pack with its program; bytes of arena, input, "
              "output and stack; instructions of one inference of the network. 24k is 24,000, "
              "24Ki is 24,576.")  # fmt: skip
@click.option("--model", metavar="NAME", help="A model.toml, or the name of a model below --out.")
@click.option("--name", help="Name of the model, in place of the data set's or model.toml's.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("models"), show_default=True,
              help="Folder of models: OUT/NAME/releases/VERSION/.")  # fmt: skip
@click.option("--release", "version", metavar="X.Y.Z", help="Version of the release.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1),
              help="Of split, search and the first of five trainings; else model.toml's.")  # fmt: skip
@click.option("--trials", type=click.IntRange(1, 100_000), default=DEFAULT_TRIALS, show_default=True,
              help="Trials of the search in all, those of earlier runs included.")  # fmt: skip
@click.option("--storage", type=click.Path(path_type=Path),
              help="SQLite file that the search continues; else OUT/NAME/search.db.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 256), help="Processes on this machine; else one per core.")
@click.option("--dask", metavar="tcp://HOST:PORT",
              help="Work on this Dask cluster instead; it must see DATA.")  # fmt: skip
@click.option("--no-search", is_flag=True, help="Take the known-good recipe.")
@click.option("--reproduce", "reproduced", metavar="RELEASE", type=click.Path(path_type=Path),
              help="Make this release again and compare every hash; nothing is written.")  # fmt: skip
@click.option("--replace", is_flag=True, help="Replace a release of the same version.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    data: Path | None,
    board: str,
    budget_text: str,
    model: str | None,
    name: str | None,
    out: Path,
    version: str | None,
    seed: int | None,
    trials: int,
    storage: Path | None,
    workers: int | None,
    dask: str | None,
    no_search: bool,
    reproduced: Path | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Find the best int8 model under a board's budget and release it with the comparison that chose it.

    A search varies features, widths, training, distillation, pruning and quantisation; it may be killed and
    continues where it was, whatever its workers. Teacher, plain, distilled, pruned, PTQ and QAT arms of the
    best recipe are then trained with five seeds each, and the best on validation units within the budget
    ships. Units of the test are looked at once, for the report.

    Exit code 37 where nothing found keeps to the budget; the nearest model and what binds are named.
    """
    from aurora.shrink.budget import parse_budget
    from aurora.shrink.context import make_task
    from aurora.shrink.pipeline import Options, run_shrink
    from aurora.signals.dataset import load_dataset
    from aurora.spec.board import load_board
    from aurora.spec.model import dump_model_toml
    from aurora.train.split import split_units

    if reproduced is not None:
        _reproduce(reproduced, data, workers or _cores(), as_json)
        return
    if data is None:
        raise click.UsageError("Missing argument 'DATA'.")
    budget, board_id = parse_budget(budget_text), load_board(board).id
    dataset = load_dataset(data)
    spec = spec_for(dataset, model, name, out, version)
    chosen_seed = spec.training.seed if seed is None else seed
    home = out / spec.name
    target = home / "releases" / spec.version
    refuse_existing(target, home / "model.toml" if model is None else None, replace)
    task = make_task(dataset, spec, split_units(dataset, chosen_seed), board_id)
    options = Options(
        target=target, budget=budget, seed=chosen_seed, trials=0 if no_search else trials,
        storage=storage or home / "search.db", workers=workers or _cores(), dask=dask, data_name=str(data),
    )  # fmt: skip
    with progress_bar() as tell:
        outcome = run_shrink(task, spec, options, tell)
    if model is None:
        dump_model_toml(spec, home / "model.toml")
    if as_json:
        click.echo(json.dumps(_for_machines(outcome), indent=1))
        return
    for line in _lines(outcome):
        click.echo(line)


def _reproduce(release: Path, data: Path | None, workers: int, as_json: bool) -> None:
    """One line a file, then NotReproduced (exit code 38) where one differs."""
    from aurora.shrink.reproduce import reproduce

    with progress_bar() as tell:
        found = reproduce(release, data, workers=workers, progress=tell)
    if as_json:
        import json

        click.echo(json.dumps({"release": str(release), "same": found.same, "files": found.files}, indent=1))
    else:
        for name, same in found.files.items():
            click.echo(f"{name}: {'same' if same else 'DIFFERS'}")
    found.raise_difference()


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0))


def _lines(outcome: Outcome) -> list[str]:
    """What was found, in a few plain lines; report.md beside the release has the rest."""
    release, comparison = outcome.release, outcome.comparison
    heads = ("validation", "test AUROC", "accuracy", "instructions", "flash")
    lines = [f"{'arm':<10} " + " ".join(f"{head:>12}" for head in heads)]
    for arm in comparison.arms:
        row = _arm(arm)
        mark = "*" if arm.name == comparison.chosen else " "
        over = comparison.over_budget(arm) if arm.ships else ()
        cells = [_figure(row[key]) for key in ("validation", "auroc", "accuracy")]
        cells += [_count(row[key]) for key in ("instructions", "flash_bytes")]
        note = f"  over budget: {', '.join(over)}" if over else ""
        lines.append(f"{arm.name:<9}{mark} " + " ".join(f"{cell:>12}" for cell in cells) + note)
    lines += [f"{name}: {reason}" for name, reason in comparison.absent.items()]
    if comparison.device is not None:
        device = comparison.device
        lines.append(
            f"{device.windows} windows on {device.board}: {device.bytes_differing} bytes differ; "
            f"{device.instructions:,} instructions measured"
        )
    return [*lines, comparison.reason, f"{release.path}: {comparison.chosen}; read report.md there first"]


def _arm(arm: Arm) -> dict[str, Any]:
    def mean(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    cost = arm.cost
    return {
        "precision": arm.precision,
        "validation": mean([one.validation_score for one in arm.seeds]),
        "auroc": mean([one.auroc for one in arm.seeds]),
        "accuracy": mean([one.accuracy for one in arm.seeds]),
        "seeds": len(arm.seeds),
        "instructions": cost.instructions if cost else None,
        "flash_bytes": cost.flash_bytes if cost else None,
        "ram_bytes": cost.ram_bytes if cost else None,
    }


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _for_machines(outcome: Outcome) -> dict[str, Any]:
    release, comparison = outcome.release, outcome.comparison
    return {
        "path": str(release.path),
        "id": release.id,
        "name": release.name,
        "release": release.version,
        "board": comparison.board,
        "budget": comparison.budget,
        "chosen": comparison.chosen,
        "reason": comparison.reason,
        "arms": {arm.name: _arm(arm) for arm in comparison.arms},
        "absent": comparison.absent,
        "device": asdict(comparison.device) if comparison.device else None,
        "trials": len(outcome.trials),
        "failed_trials": sum(bool(trial.failed) for trial in outcome.trials),
        "pareto": [asdict(point) for point in comparison.pareto if point.front],
        "limits": list(comparison.limits),
    }
