"""``aurora data``: recordings in, data sets out, and what is wrong with them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from aurora.signals.dataset import DataSet

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


def _progress_bar(length: int, label: str) -> ProgressBar[int]:
    """A bar on a terminal's stderr; silent elsewhere, so that an error stays one line."""
    stream = sys.stderr if sys.stderr.isatty() else io.StringIO()
    return click.progressbar(length=length, label=label, file=stream)


def _print_summary(dataset: DataSet, as_json: bool) -> None:
    from aurora.signals.summary import summarise, summary_lines

    summary = summarise(dataset)
    click.echo(json.dumps(summary) if as_json else "\n".join(summary_lines(summary)))
