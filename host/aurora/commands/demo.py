"""``aurora demo``: recordings to predictions on an emulated board, and what was found."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--board", default="mps2_an386", show_default=True, help="Board to emulate.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of an imported data set (aurora data import); without it a fleet is synthesised.",
)
@click.option("--windows", type=click.IntRange(min=1), default=None, help="Most held-out windows to run.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of fleet, split, training."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("build/demo"),
    show_default=True,
    help="Folder for report.json, report.png and everything made on the way.",
)
@click.option("--json", "as_json", is_flag=True, help="Print report.json instead of words.")
def command(board: str, data: Path | None, windows: int | None, seed: int, out: Path, as_json: bool) -> None:
    """Run the whole line once and compare the board with the host, bit for bit.

    Synthesise a fleet (or take --data), check it, train on some units, convert to int8, compile, pack, build
    the firmware, boot it in the emulator and run the held-out units' windows on it.

    Exit code 0: the board computed what the host computed. 36: it did not.
    """
    from aurora.demo.pipeline import Options, run_demo
    from aurora.demo.report import report_text, summary_lines
    from aurora.errors import BitsDiffer

    report = run_demo(Options(board=board, data=data, windows=windows, seed=seed, out=out))
    if as_json:
        click.echo(report_text(report), nl=False)
    else:
        for line in summary_lines(report):
            click.echo(line)
        click.echo(f"report: {out / 'report.json'}, picture: {out / 'report.png'}")
    if report["bytes_differing"]:
        raise BitsDiffer(
            f"{report['bytes_differing']} bytes of the board differ from the host's",
            where=out / "report.json",
            hint="run the emulated tests: make test",
        )
