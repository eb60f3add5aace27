"""``aurora bench``: what models cost on emulated boards, and what the peers need."""

from __future__ import annotations

import json
from pathlib import Path

import click

__all__ = ["command"]


@click.command()
@click.argument("models", nargs=-1, type=click.Path(path_type=Path))
@click.option("--board", "boards", multiple=True, help="Board, may be repeated [default: one of each core].")
@click.option("--inputs", default=40, show_default=True, type=click.IntRange(1, 10_000),
              help="Inputs for each model.")  # fmt: skip
@click.option("--out", default=None, type=click.Path(path_type=Path), help="Folder [default: build/bench].")
@click.option("--peers", default=None, type=click.Path(path_type=Path),
              help="Peers' figures [default: tflite/peers.json of $AURORA_SHARED or ../shared].")  # fmt: skip
@click.option("--profile", is_flag=True, help="Write where the instructions go, by layer and by address.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    models: tuple[Path, ...],
    boards: tuple[str, ...],
    inputs: int,
    out: Path | None,
    peers: Path | None,
    profile: bool,
    as_json: bool,
) -> None:
    """Measure MODELS (.tflite; default: all of the shared folder) on emulated boards.

    Writes engine.json, engine.md and engine.png: exact instructions of the slowest input, weighted cycles
    (ALU 1, load 2, n registers n + 1, taken branch 3), bytes of code, constants and RAM, and how many inputs
    are exact. These are instructions, not milliseconds of a chip.
    """
    from aurora.errors import InputError
    from aurora.files import check_writable
    from aurora.spec.project import project_root
    from aurora.verify.bench import BOARDS, default_models, run_bench, shared_folder, write_bench
    from aurora.verify.table import markdown

    chosen = list(models) or default_models()
    if not chosen:
        raise InputError("no models to measure", where=shared_folder(), hint="name .tflite files")
    if peers is not None and not peers.is_file():
        raise InputError("no such file", where=peers, hint="leave --peers out")
    folder = out or project_root() / "build" / "bench"
    check_writable(folder)
    result = run_bench(
        chosen,
        boards or BOARDS,
        inputs=inputs,
        peers=peers or shared_folder() / "tflite" / "peers.json",
        profiles=folder if profile else None,
        progress=lambda line: click.echo(line, err=True),
    )
    write_bench(result, folder)
    click.echo(json.dumps(result.document()) if as_json else markdown(result).rstrip())
    click.echo(f"written to {folder}", err=True)
