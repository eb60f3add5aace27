"""``aurora verify``: does a board compute what TFLite Micro computes, tensor by tensor, and at what cost?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from aurora.errors import ModelRefused
    from aurora.verify import Verdict

__all__ = ["command"]

MAX_INPUTS = 10_000


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--board", "board_id", required=True, help="Board, emulated by QEMU.")
@click.option("--inputs", default=40, show_default=True, type=click.IntRange(1, MAX_INPUTS),
              help="How many inputs: golden, seeded and extreme ones.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(model: Path, board_id: str, inputs: int, as_json: bool) -> None:
    """Run MODEL on an emulated board and compare every tensor with TFLite Micro's.

    MODEL is an int8 .tflite or the folder of a release, whose golden inputs are then among those tried. Exit
    code 20 where the engine refuses the model or it does not fit the board, 36 where bytes differ.
    """
    from aurora.errors import BitsDiffer, InputError, ModelRefused
    from aurora.spec.board import load_board
    from aurora.verify import verify_model

    board = load_board(board_id)
    name, tflite, golden = _load(model)
    try:
        verdict = verify_model(tflite, board, name=name, inputs=inputs, golden=golden)
    except ModelRefused as error:
        if as_json:
            click.echo(json.dumps({"model": name, "board": board_id, "refused": _refusal(error)}))
        where = f"{model}: {error.where}" if error.where else str(model)
        raise ModelRefused(
            error.what, op=error.op, tensor=error.tensor, where=where, hint=error.hint
        ) from error
    except InputError as error:
        raise error if error.where else InputError(error.what, where=model, hint=error.hint) from error
    click.echo(json.dumps(verdict.record()) if as_json else "\n".join(_lines(verdict)))
    if verdict.exact != verdict.inputs:
        raise BitsDiffer(f"{verdict.inputs - verdict.exact} of {verdict.inputs} inputs differ", where=model)


def _load(model: Path) -> tuple[str, bytes, NDArray[np.int8] | None]:
    """Name, .tflite and golden inputs."""
    from aurora.compile.model_file import read_model_file
    from aurora.compress.release import load_release

    if model.is_dir():
        release = load_release(model)
        return release.name, release.tflite, release.golden_inputs
    return model.stem, read_model_file(model), None


def _refusal(error: ModelRefused) -> dict[str, str | None]:
    reason = f"{error.what} ({error.hint})" if error.hint else error.what
    return {"op": error.op, "tensor": error.tensor, "reason": reason}


def _lines(verdict: Verdict) -> list[str]:
    sizes, difference = verdict.sizes, verdict.first_difference
    lines = [
        f"{verdict.model} on {verdict.board} ({verdict.core}): {verdict.exact} of {verdict.inputs} inputs "
        "exact in every tensor",
        f"  instructions     {verdict.instructions:>12,}",
        f"  weighted cycles  {verdict.weighted_cycles:>12,}",
        f"  code             {sizes.code:>12,} bytes: engine {sizes.engine:,}, program {sizes.program:,}; "
        f"libc {sizes.libc:,} more",
        f"  constants        {sizes.constants:>12,} bytes",
        f"  RAM              {sizes.ram(verdict.stack_bytes):>12,} bytes: arena {sizes.arena:,}, input and "
        f"output {sizes.blocks:,}, static {sizes.static_ram:,}, stack {verdict.stack_bytes:,}",
    ]
    return lines if difference is None else [*lines, _told(difference.record())]


def _told(difference: dict[str, Any]) -> str:
    shown = "in the fused program only, " if difference["only_fused"] else ""
    return (
        f"  first difference {shown}{difference['op']} {difference['position']}, tensor "
        f"{difference['tensor']!r}, input {difference['input']}, element {difference['at']}: "
        f"{difference['got']} instead of {difference['expected']}"
    )
