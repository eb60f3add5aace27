"""``aurora build``: the firmware of one board for one release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aurora.build import BuildResult

__all__ = ["command"]


@click.command()
@click.option("--board", "board_id", default="mps2_an386", show_default=True, help="Id of a board record.")
@click.option(
    "--model", "release", metavar="RELEASE", help="Release folder or NAME/VERSION; else the reference."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(board_id: str, release: str | None, as_json: bool) -> None:
    """Build the firmware of a board for a release.

    Any record in firmware/boards or $AURORA_BOARDS_DIR is a board; a further one of a known family needs no
    edit elsewhere. A firmware over the board's sizes fails with exit code 33 and a table of what is big.
    """
    from aurora.build import build_firmware

    record = _record(build_firmware(board_id, release))
    click.echo(json.dumps(record) if as_json else "\n".join(_lines(record)))


def _record(build: BuildResult) -> dict[str, Any]:
    return {
        "board": build.board.id,
        "release": str(build.release),
        "build_id": build.build_id,
        "layout_id": build.layout_id.hex(),
        "flash_bytes": build.flash_bytes,
        "flash_limit_bytes": build.board.budget_flash_bytes,
        "ram_bytes": build.ram_bytes,
        "ram_limit_bytes": build.board.budget_ram_bytes,
        "elf": _shown(build.elf),
        "bin": None if build.bin is None else _shown(build.bin),
        "seconds": round(build.seconds, 2),
    }


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _lines(record: dict[str, Any]) -> list[str]:
    lines = [f"{record['board']}: firmware {record['build_id']} for {record['release']}"]
    if record["flash_bytes"]:
        lines.append(
            f"flash {record['flash_bytes']:,} of {record['flash_limit_bytes']:,} bytes, "
            f"RAM {record['ram_bytes']:,} of {record['ram_limit_bytes']:,} bytes"
        )
    return [*lines, record["elf"]]
