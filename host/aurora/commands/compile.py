"""``aurora compile``: an int8 .tflite to straight-line C, its constants, its layout and a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aurora.compile import Program
    from aurora.errors import ModelRefused

__all__ = ["command"]

FILES = ("program.c", "program.h", "constants.bin", "layout.json", "report.json", "arena.svg")
TFLM_FILES = ("tflm_resolver.h", "model_data.h", "model_data.c")


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--board", "board_id", required=True, help="Board whose core the program is for.")
@click.option("--out", "out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option("--trace", is_flag=True, help="Make the program report every tensor it writes.")
@click.option(
    "--tflm", is_flag=True, help="Write what TFLite Micro needs, too: C array, resolver, arena size."
)
@click.option("--for-layout", metavar="LAYOUT.json|ID", help="New constants for the program of this layout.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    model: Path, board_id: str, out: Path, trace: bool, tflm: bool, for_layout: str | None, as_json: bool
) -> None:
    """Compile the int8 MODEL.tflite for a board.

    Writes program.c, program.h, constants.bin, layout.json, report.json and arena.svg (which bytes of RAM are
    in use when), and warns of what wastes the device. A model that the engine cannot run is refused with exit
    code 20, naming the operation, the tensor and the way out. With --for-layout it is refused as well where
    it needs another program than the deployed one, naming the first difference.
    """
    from aurora.compile import compile_model
    from aurora.compile.lint import Finding
    from aurora.compile.model_file import read_model_file
    from aurora.compile.tflm_lane import tflm_files
    from aurora.errors import InputError, ModelRefused
    from aurora.spec.board import load_board

    board = load_board(board_id)
    deployed = _deployed(for_layout)
    try:
        tflite = read_model_file(model)
        program = compile_model(tflite, board.core, trace=trace, name=model.stem, for_layout=deployed)
        exported = tflm_files(tflite, model.stem) if tflm else {}
    except InputError as error:
        if error.where:
            raise
        raise InputError(error.what, where=model, hint=error.hint) from error
    except ModelRefused as error:
        if as_json:
            click.echo(json.dumps({"refused": _refusal(error)}))
        where = f"{model}: {error.where}" if error.where else str(model)
        raise ModelRefused(
            error.what, op=error.op, tensor=error.tensor, where=where, hint=error.hint
        ) from error
    _write(program, exported, out)
    for warning in program.report["warnings"]:
        click.echo(f"aurora: warning: {Finding(**warning).line()}", err=True)
    slot = board.regions.get("slot_a")
    fits = slot is None or len(program.constants) < slot.bytes
    if not fits and slot is not None:
        click.echo(f"aurora: {len(program.constants)} bytes of constants do not fit a slot of {board_id} "
                   f"({slot.bytes} bytes)", err=True)  # fmt: skip
    record = {**program.report, "board": board_id, "out": str(out), "fits_slot": fits}
    click.echo(json.dumps(record) if as_json else "\n".join(_lines(record)))


def _deployed(text: str | None) -> dict[str, Any] | str | None:
    """The layout.json or the id that --for-layout names."""
    from aurora.compile.fit import ID_DIGITS
    from aurora.compile.model_file import read_model_file
    from aurora.errors import InputError

    if text is None or (len(text) == ID_DIGITS and all(c in "0123456789abcdefABCDEF" for c in text)):
        return text
    hint = f"give the layout.json of the deployed program, or its id of {ID_DIGITS} digits"
    try:
        layout = json.loads(read_model_file(Path(text)))
    except (ValueError, RecursionError) as error:
        raise InputError("not a layout: it is no JSON", where=text, hint=hint) from error
    if not isinstance(layout, dict):
        raise InputError("not a layout", where=text, hint=hint)
    return layout


def _refusal(error: ModelRefused) -> dict[str, str | None]:
    reason = f"{error.what} ({error.hint})" if error.hint else error.what
    return {"op": error.op, "tensor": error.tensor, "reason": reason}


def _write(program: Program, exported: dict[str, str], out: Path) -> None:
    """All files or none. A folder that holds anything else is left alone."""
    from aurora.compile.picture import arena_picture
    from aurora.errors import InputError, WriteFailed
    from aurora.files import folder_atomic, write_failed

    if out.exists():
        try:
            foreign = sorted(path.name for path in out.iterdir() if path.name not in FILES + TFLM_FILES)
        except OSError as error:
            raise InputError("not a folder", where=out, hint="give --out a folder") from error
        if foreign:
            raise InputError(
                f"holds {foreign[0]}, which is not from aurora compile",
                where=out,
                hint="choose another --out",
            )
    texts = {"program.c": program.source, "program.h": program.header,
             "layout.json": _document({"layout_id": program.layout_id.hex(), **program.layout}),
             "report.json": _document(program.report), "arena.svg": arena_picture(program.report),
             **exported}  # fmt: skip
    try:
        with folder_atomic(out, replace=True) as folder:
            for name, text in texts.items():
                (folder / name).write_text(text)
            (folder / "constants.bin").write_bytes(program.constants)
    except WriteFailed:
        raise
    except OSError as error:
        raise write_failed(out, error) from error


def _document(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1) + "\n"


def _lines(record: dict[str, Any]) -> list[str]:
    steps = [
        f"  {layer['step']:3d}  {layer['operation']}: {layer['macs']:,} MACs, "
        f"{layer['constants_bytes']:,} bytes"
        for layer in record["layers"]
    ]
    outputs = ", ".join(f"{port['name']}[{'x'.join(map(str, port['shape']))}]" for port in record["outputs"])
    return [
        f"{record['model']} for {record['board']} ({record['core']}, {record['variant']} kernels): "
        f"{record['macs']:,} MACs, {record['constants_bytes']:,} bytes of constants, "
        f"{record['arena_bytes']:,} bytes of arena",
        *steps,
        f"outputs {outputs}",
        f"layout {record['layout_id']}",
        f"written to {record['out']}",
    ]
