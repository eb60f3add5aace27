"""``aurora pack``: what a pack holds, and the pack of a release for a board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aurora.pack import Pack

__all__ = ["command"]


@click.group()
def command() -> None:
    """Build and inspect model packs."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(file: Path, as_json: bool) -> None:
    """Check FILE and print what it holds; nothing in it is trusted."""
    from aurora.pack import parse_pack
    from aurora.pack.read import read_pack_file

    record = _record(parse_pack(read_pack_file(file), file))
    click.echo(json.dumps(record, indent=2) if as_json else "\n".join(_lines(record)))


@command.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("--board", "board_id", required=True, help="Board whose class and core the pack is for.")
@click.option("--out", "out", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option("--sequence", type=click.IntRange(1, 2**32 - 1), default=1, show_default=True)
@click.option("--tflm", is_flag=True, help="For firmware of mps2_an386_tflm: the network for TFLite Micro.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def build(release: Path, board_id: str, out: Path, sequence: int, tflm: bool, as_json: bool) -> None:
    """Write the pack of a RELEASE folder for one board."""
    from aurora.compile import compile_model
    from aurora.compile.tflm_lane import compile_tflm
    from aurora.compress.release import load_release
    from aurora.files import write_atomic
    from aurora.pack import pack_release, parse_pack
    from aurora.spec.board import load_board

    board = load_board(board_id)
    loaded = load_release(release)
    if tflm:
        program, _ = compile_tflm(loaded.tflite, board.core)
    else:
        program = compile_model(loaded.tflite, board.core)
    data = pack_release(loaded, board, program, sequence)
    write_atomic(out, data)
    record = _record(parse_pack(data, out))
    click.echo(
        json.dumps(record, indent=2) if as_json else f"{out}: pack {record['pack_id']}, {len(data)} bytes"
    )


def _record(pack: Pack) -> dict[str, Any]:
    return {
        "pack_id": pack.pack_id.hex(),
        "format": f"{pack.major}.{pack.minor}",
        "bytes": len(pack.data),
        "board_class": pack.board_class,
        "sequence": pack.sequence,
        "security_version": pack.security_version,
        "confirms_itself": pack.confirms_itself,
        "layout_id": pack.layout_id.hex(),
        "features_id": pack.features_id.hex(),
        "parts": {name: len(part) for name, part in pack.parts.items()},
        "labels": list(pack.labels),
        "golden_vectors": 0 if pack.golden is None else len(pack.golden[0]),
        "manifest": _printable(pack.manifest),
    }


def _printable(value: Any) -> Any:
    """CBOR's values as JSON has them; bytes as hexadecimal text."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(_printable(key)): _printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)


def _lines(record: dict[str, Any]) -> list[str]:
    manifest = record["manifest"]
    parts = ", ".join(f"{name} {size}" for name, size in record["parts"].items())
    titled = [
        ("pack", f"{record['pack_id']}, format {record['format']}, {record['bytes']} bytes"),
        ("model", f"{manifest.get('model', '?')} {manifest.get('version', '?')}"),
        ("for", f"board class {record['board_class']}, layout {record['layout_id'][:16]}"),
        ("sequence", f"{record['sequence']}, security version {record['security_version']}"),
        ("features", record["features_id"][:16]),
        ("labels", ", ".join(record["labels"]) or "none"),
        ("golden", f"{record['golden_vectors']} vectors"),
        ("parts", f"{parts} (bytes)"),
    ]
    return [f"{title:<9} {_one_line(text)}" for title, text in titled]


def _one_line(text: str) -> str:
    """Text of a stranger without what could steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)
