"""``aurora data``: recordings in, data sets out, and what is wrong with them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import numpy as np
    from click._termui_impl import ProgressBar
    from numpy.typing import NDArray

    from aurora.signals.dataset import DataSet
    from aurora.spec.chain import ChainSpec
    from aurora.spec.signal import SignalSpec

FOLDER = click.Path(path_type=Path)
MAP_HELP = """
\b
A mapping file (TOML) for a CSV with one row per sample:
  rate_hz = 12800
  n = 4096                       # samples per window
  axes = ["radial", "axial"]
  scale_g = 0.10197              # g per recorded unit (here m/s2)
  horizon_s = 86400              # optional: label "fails within"
  [columns]
  samples = ["acc_x", "acc_z"]   # one column per axis
  unit = "machine"               # optional, as are time, rpm, load,
  fault = "state"                # ttf (seconds to failure), window
For an NPZ use [keys] in place of [columns], with samples = "key" of an array
[records, axes, samples]. More keys: name, unit, fault_types, nominal_rpm,
healthy_start_windows, stands_for_s, delimiter.
"""


@click.group()
def command() -> None:
    """Import, synthesise, check recordings and compute their features."""


@command.command("import", epilog=MAP_HELP)
@click.argument("source", type=FOLDER)
@click.argument("folder", type=FOLDER)
@click.option("--map", "map_path", type=FOLDER, help="Mapping file; not needed for FEMTO and CWRU archives.")
@click.option("--overwrite", is_flag=True, help="Replace FOLDER if it is a data set.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_(source: Path, folder: Path, map_path: Path | None, overwrite: bool, as_json: bool) -> None:
    """Turn the recording SOURCE (CSV or NPZ) into the data set FOLDER."""
    from aurora.signals.importers.registry import import_recording

    with _progress_bar(0, "import") as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        dataset = import_recording(source, folder, map_path=map_path, overwrite=overwrite, progress=progress)
    _print_summary(dataset, as_json)


@command.command()
@click.argument("folder", type=FOLDER)
@click.option("--seed", default=0, show_default=True)
@click.option("--units", default=18, show_default=True, help="Turbines in all.")
@click.option("--healthy", default=6, show_default=True, help="How many of them stay healthy.")
@click.option("--windows", default=240, show_default=True, help="Windows of a failing unit.")
@click.option("--healthy-windows", default=440, show_default=True, help="Windows of a healthy unit.")
@click.option("--n", default=4096, show_default=True, help="Samples per window and axis.")
@click.option("--axes", default=3, show_default=True, help="Axes of the accelerometer.")
@click.option("--rate", "rate_hz", default=12_800.0, show_default=True, help="Samples per second.")
@click.option("--overwrite", is_flag=True, help="Replace FOLDER if it is a data set.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def synth(folder: Path, overwrite: bool, as_json: bool, **options: Any) -> None:
    """Write a fleet of simulated turbine gearboxes, healthy and failing, to FOLDER."""
    from aurora.signals.synth.fleet import Fleet, synthesise

    fleet = Fleet(**options)
    with _progress_bar(fleet.units, "synth") as bar:
        dataset = synthesise(folder, fleet, overwrite=overwrite, progress=lambda: bar.update(1))
    _print_summary(dataset, as_json)


@command.command()
@click.argument("folder", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def show(folder: Path, as_json: bool) -> None:
    """Print what the data set FOLDER holds."""
    from aurora.signals.dataset import load_dataset

    _print_summary(load_dataset(folder), as_json)


@command.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--splits", type=FOLDER, help='JSON file {"train": [unit, ...], "test": [...]} to look for leaks.'
)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(folder: Path, splits: Path | None, strict: bool, as_json: bool) -> None:
    """Look for what spoils a data set: one line per finding.

    NaN, clipping, a wrong rate, dropped samples, repeated windows, labels without units or against each
    other, files changed since their import, and leakage between splits.

    Exit code 0: nothing, or only warnings and notes. 10: errors. 11: NaN or infinity among them.
    """
    from aurora.signals.checks import check_dataset
    from aurora.signals.manifest import read_manifest

    windows = sum(unit.windows for unit in read_manifest(folder).units)
    with _progress_bar(windows, "check") as bar:
        report = check_dataset(folder, splits=splits, progress=bar.update)
    if as_json:
        click.echo(json.dumps(report.to_json()))
    else:
        for finding in report.findings:
            click.echo(finding.line())
        click.echo(report.summary())
    report.raise_errors(strict=strict)


@command.command()
@click.argument("folder", type=FOLDER)
@click.option("--chain", "model_toml", type=FOLDER, help="model.toml whose chain to use; default: derived.")
@click.option("--out", type=FOLDER, help="Write them as NPZ: one array [windows, features] per unit.")
@click.option("--json", "as_json", is_flag=True, help="Print mean and deviation per feature as JSON.")
def features(folder: Path, model_toml: Path | None, out: Path | None, as_json: bool) -> None:
    """Compute the features of the data set FOLDER with the firmware's own C."""
    from aurora.features import extract_dataset
    from aurora.signals.dataset import load_dataset
    from aurora.spec.chain import compile_chain, feature_names

    dataset = load_dataset(folder)
    chain, signal = _chain(dataset, model_toml)
    with _progress_bar(dataset.windows, "features") as bar:
        units = {
            u.unit.id: u.features for u in extract_dataset(dataset, compile_chain(chain, signal), bar.update)
        }
    names = feature_names(chain, signal.axes)
    if out is not None:
        _save_features(out, names, units)
    table = {unit: {"mean": rows.mean(axis=0), "std": rows.std(axis=0)} for unit, rows in units.items()}
    if as_json:
        plain = {unit: {key: row.tolist() for key, row in rows.items()} for unit, rows in table.items()}
        click.echo(json.dumps({"names": names, "units": plain}))
        return
    width = max(map(len, names))
    click.echo(f"{'mean':<{width}} " + " ".join(f"{unit:>12.12}" for unit in table))
    for i, name in enumerate(names):
        click.echo(f"{name:<{width}} " + " ".join(f"{rows['mean'][i]:>12.4g}" for rows in table.values()))


def _chain(dataset: DataSet, model_toml: Path | None) -> tuple[ChainSpec, SignalSpec]:
    """The model's chain, or the one that suits the data set's signal; neither calibrated nor normalised."""
    import numpy as np

    from aurora.spec.chain import default_chain
    from aurora.spec.model import load_model_toml
    from aurora.spec.signal import RPM_KNOWN, RPM_UNKNOWN, SignalSpec

    if model_toml is not None:
        model = load_model_toml(model_toml)
        return model.chain, model.signal
    known = all(np.isfinite(unit.rpm).all() for unit in dataset.units)
    rpm = RPM_KNOWN if known else RPM_UNKNOWN
    signal = SignalSpec(n=dataset.n, axes=dataset.axes, rate_hz=dataset.rate_hz, rpm=rpm)
    return default_chain(signal, dataset.nominal_rpm, calibration_windows=0), signal


def _save_features(out: Path, names: tuple[str, ...], units: dict[str, NDArray[np.float32]]) -> None:
    """One NPZ: ``names`` and an array [windows, features] per unit, named ``unit.<id>``."""
    import numpy as np

    from aurora.files import write_atomic
    from aurora.signals.storage import npz_bytes

    arrays = {"names": np.array(names), **{f"unit.{unit}": rows for unit, rows in units.items()}}
    write_atomic(out, npz_bytes(arrays))


def _progress_bar(length: int, label: str) -> ProgressBar[int]:
    """A bar on a terminal's stderr; silent elsewhere, so that an error stays one line."""
    stream = sys.stderr if sys.stderr.isatty() else io.StringIO()
    return click.progressbar(length=length, label=label, file=stream)


def _print_summary(dataset: DataSet, as_json: bool) -> None:
    from aurora.signals.summary import summarise, summary_lines

    summary = summarise(dataset)
    click.echo(json.dumps(summary) if as_json else "\n".join(summary_lines(summary)))
