"""aurora train: a data set folder to an int8 release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aurora.commands.releases import progress_bar, refuse_existing, spec_for

if TYPE_CHECKING:
    from aurora.compress.release import Release
    from aurora.signals.dataset import DataSet

TRAINING_SHARE = 0.6  # of the time; the rest is conversion and judgement


@click.command("train")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--test", "other", metavar="OTHER", type=click.Path(path_type=Path),
              help="Train on all units of DATA and judge on the data set folder OTHER.")  # fmt: skip
@click.option("--model", metavar="NAME", help="A model.toml, or the name of a model below --out.")
@click.option("--name", help="Name of the model, in place of the data set's or model.toml's.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("models"), show_default=True,
              help="Folder of models: OUT/NAME/model.toml, OUT/NAME/releases/VERSION/.")  # fmt: skip
@click.option(
    "--release", "version", metavar="X.Y.Z", help="Version of the release, in place of model.toml's."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), help="Of split and training, in place of model.toml's."
)
@click.option("--replace", is_flag=True, help="Replace a release of the same version.")
@click.option("--json", "as_json", is_flag=True, help="Print release.json's metrics for machines.")
def command(
    data: Path,
    other: Path | None,
    model: str | None,
    name: str | None,
    out: Path,
    version: str | None,
    seed: int | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Train on the data set folder DATA and write a release, fully int8.

    Without --model a model.toml is derived from the data set and written beside the release. Whole physical
    units are held out for the test; with --test those of OTHER, none of which may stand in DATA.
    """
    from aurora.compress.produce import produce_release
    from aurora.shrink.card import write_card
    from aurora.signals.dataset import load_dataset
    from aurora.spec.model import dump_model_toml
    from aurora.train.fit import train_model
    from aurora.train.other import with_test_units
    from aurora.train.split import split_units

    dataset = load_dataset(data)
    tested = None if other is None else load_dataset(other)
    spec = spec_for(dataset, model, name, out, version, test_units=() if tested is None else tested.units)
    chosen_seed = spec.training.seed if seed is None else seed
    if tested is None:
        everything, split = dataset, split_units(dataset, chosen_seed)
    else:
        everything, split = with_test_units(dataset, tested, spec)
    home = out / spec.name
    target = home / "releases" / spec.version
    refuse_existing(target, home / "model.toml" if model is None else None, replace)
    with progress_bar() as tell:
        trained = train_model(everything, spec, split, chosen_seed, lambda s, w: tell(TRAINING_SHARE * s, w))
        release = produce_release(
            trained, dataset, target, replace=replace, additions=_judged_on(tested),
            progress=lambda s, w: tell(TRAINING_SHARE + (1 - TRAINING_SHARE) * s, w),
        )  # fmt: skip
    write_card(release)
    if model is None:
        dump_model_toml(spec, home / "model.toml")
    if as_json:
        import json

        click.echo(json.dumps(_for_machines(release), indent=1))
        return
    for line in summary(release):
        click.echo(line)


def _judged_on(other: DataSet | None) -> dict[str, Any]:
    """What release.json says of a data set that only judged."""
    from aurora.files import sha256_hex

    if other is None:
        return {}
    return {
        "test_data": {
            "name": other.name, "manifest_sha256": sha256_hex(other.path / "manifest.json"),
            "windows": other.windows, "units": len(other.units), "provenance": other.provenance,
        }
    }  # fmt: skip


def summary(release: Release) -> Iterator[str]:
    """The release in a few plain lines."""
    metrics, split = release.document["metrics"], release.document["split"]
    yield f"{release.path}: {release.document['form']} form, {len(release.tflite)} bytes int8"
    of = f" of {release.document['test_data']['name']}" if "test_data" in release.document else ""
    yield f"test units {', '.join(split['test'])}{of} were never trained on"
    if metrics["auroc_mean"]:
        pair = metrics["auroc_mean"]
        figures = f"{pair['float']:.3f} float, {pair['int8_host']:.3f} int8"
        yield f"fails within the horizon: AUROC by unit {figures}"
        yield f"  on a random split of windows {metrics['auroc_leaky']:.3f}: that leaks, ignore it"
    if metrics["accuracy"]:
        pair = metrics["accuracy"]
        yield f"fault type: accuracy {pair['float']:.3f} float, {pair['int8_host']:.3f} int8"
    threshold = release.document["threshold"]
    if threshold:
        yield (
            f"alarm: {100 * threshold['false_alarm_fraction']:.2f} % of the calm time, asked for at most"
            f" {100 * threshold['asked_false_alarm_fraction']:.2f} %"
        )
    for line in release.document["limits"]:
        yield f"note: {line}"


def _for_machines(release: Release) -> dict[str, Any]:
    keys = (
        "name",
        "release",
        "metrics",
        "threshold",
        "split",
        "seed",
        "form",
        "parameters",
        "versions",
        "limits",
    )
    told = {key: release.document[key] for key in (*keys, "test_data") if key in release.document}
    mean = release.document["metrics"]["auroc_mean"]
    return {"path": str(release.path), "id": release.id, "auroc_mean": mean, **told}
