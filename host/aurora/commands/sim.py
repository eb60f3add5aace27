"""``aurora sim``: a board on this computer, behind a serial URL."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aurora.build import BuildResult
    from aurora.emulator import Emulator, MemoryBlock

__all__ = ["command"]

LOOK_SECONDS = 0.2


@click.command()
@click.option("--board", "board_id", default="mps2_an386", show_default=True, help="Id of a board record.")
@click.option(
    "--model", "release", metavar="RELEASE", help="Release folder or NAME/VERSION; else the reference."
)
@click.option("--pack", type=click.Path(path_type=Path), help="Pack for slot A; else the release's own.")
@click.option(
    "--windows", type=click.Path(path_type=Path), metavar="DATASET/UNIT", help="What its sensor sees."
)
@click.option("--watch", is_flag=True, help="Print each message of the board as a line.")
@click.option("--seconds", type=click.FloatRange(min=0), help="End after so long, with exit code 0.")
@click.option("--json", "as_json", is_flag=True, help="Print the first line as a JSON object.")
def command(
    board_id: str,
    release: str | None,
    pack: Path | None,
    windows: Path | None,
    watch: bool,
    seconds: float | None,
    as_json: bool,
) -> None:
    """Run the firmware on an emulated board and print the URL that pyserial opens.

    Stays in the foreground until Ctrl-C (exit code 130) or --seconds. Builds the firmware first if anything
    changed. The line serves one client at a time; with --watch that is this command. DATASET/UNIT is a data
    set folder and a unit in it: as many of its first windows as the board has memory for.
    """
    from aurora.build import build_firmware
    from aurora.emulator import open_emulator

    build = build_firmware(board_id, release)
    blocks = () if windows is None else _load_windows(build, windows)
    with (
        tempfile.TemporaryDirectory(prefix="aurora-sim-") as folder,
        open_emulator(build, pack=pack or _pack_of(build, Path(folder)), windows=blocks) as emulator,
    ):
        first = {"url": emulator.url, "board": board_id, "build_id": build.build_id, "pid": emulator.pid}
        click.echo(json.dumps(first) if as_json else emulator.url)
        deadline = None if seconds is None else time.monotonic() + seconds
        if watch:
            _watch(emulator, deadline)
        else:
            _wait(emulator, deadline)


def _wait(emulator: Emulator, deadline: float | None) -> None:
    while deadline is None or time.monotonic() < deadline:
        emulator.check()
        time.sleep(LOOK_SECONDS)


def _watch(emulator: Emulator, deadline: float | None) -> None:
    from aurora.device.describe import describe
    from aurora.device.watch import watch

    for message in watch(emulator.url):
        click.echo(describe(message))
        if deadline is not None and time.monotonic() >= deadline:
            return


def _pack_of(build: BuildResult, folder: Path) -> Path:
    """The pack of the release that the firmware was built for."""
    from aurora.compile import compile_model
    from aurora.compress.release import load_release
    from aurora.files import write_atomic
    from aurora.pack import pack_release

    release = load_release(build.release)
    path = folder / "slot_a.pack"
    write_atomic(path, pack_release(release, build.board, compile_model(release.tflite, build.board.core)))
    return path


def _load_windows(build: BuildResult, path: Path) -> Sequence[MemoryBlock]:
    from aurora.device.windows import windows_blocks, windows_capacity
    from aurora.signals.dataset import load_dataset

    data = load_dataset(path.parent)
    unit = data.unit(path.name)
    room = windows_capacity(build.board, build.elf, data.n, len(data.axes))
    if unit.windows > room:
        click.echo(f"aurora: the board takes {room} of the {unit.windows} windows of {unit.id}", err=True)
    chosen = slice(0, room)
    return windows_blocks(
        build.board, build.elf, unit.samples[chosen], unit.scale_g[chosen], data.rate_hz, unit.rpm[chosen]
    )
