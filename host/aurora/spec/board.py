"""The record of a board: firmware/boards/<id>.json, read and checked once, used by every later stage.

A record is a PlatformIO board manifest with one more key, ``aurora``. It is the only place where memory
regions, RAM, clock, UART, emulators and budgets are written. Addresses are strings like "0x08010000" (JSON
has no hexadecimal numbers); sizes are bytes.

    build.cpu, fpu, float_abi, f_cpu   the processor as GCC names it; the clock in Hz with an L
    aurora.record                      1, the version of what follows
    aurora.family                      the folder of firmware/ports that drives the board
    aurora.class {name, id}            which packs run on it: a pack names a class id
    aurora.regions.<name>              {origin, erase}: boot (vectors), app (code), slot_a, slot_b (packs),
                                       store; erase lists runs [bytes of one erase unit, how many]
    aurora.ram                         {origin, bytes, stack_bytes}: the stack's part is reserved
    aurora.uart                        {type, base, irq (receive), baud} of the link; not for native
    aurora.budget                      {flash_bytes, ram_bytes}: more fails the build
    aurora.emulators.qemu              {machine, serial_index (of its UARTs), arguments, windows}
    ....windows                        {descriptor, first ("image_end": behind the image), end}: where an
                                       emulator preloads windows (firmware/lib/port/preloaded.h)

A further board of a known family is one new file; of a new family, also a copy of firmware/ports/template.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from aurora.errors import InputError, UnknownBoard
from aurora.files import is_plain_name
from aurora.spec.board_checks import parse_record
from aurora.spec.board_types import Board, Emulator, Region, Uart, WindowsMemory
from aurora.spec.project import boards_dirs, project_root

__all__ = ["Board", "Emulator", "Region", "Uart", "WindowsMemory", "boards_dirs", "list_boards", "load_board",
           "project_root"]  # fmt: skip

MAX_RECORD_BYTES = 65536


def list_boards() -> tuple[str, ...]:
    """Ids of all board records, sorted."""
    return tuple(sorted({path.stem for folder in boards_dirs() for path in folder.glob("*.json")}))


def load_board(board_id: str) -> Board:
    """Read and check the record of ``board_id``; raises UnknownBoard (nearest names) or InputError."""
    if is_plain_name(board_id):
        for folder in boards_dirs():
            path = folder / f"{board_id}.json"
            if path.is_file():
                return read_board(path)
    known = list_boards()
    near = difflib.get_close_matches(board_id, known, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known boards: {', '.join(known)}"
    raise UnknownBoard(f"no board record named {board_id[:60]!r}", hint=hint)


def read_board(path: Path) -> Board:
    """Read and check one record file; raises InputError naming the file and the key that is wrong."""
    if not is_plain_name(path.stem):
        raise InputError("a board's file name may hold only letters, digits, '.', '_' and '-'", where=path)
    try:
        data = path.read_bytes()[: MAX_RECORD_BYTES + 1]
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", where=path) from error
    if len(data) > MAX_RECORD_BYTES:
        raise InputError(f"a board record has at most {MAX_RECORD_BYTES} bytes", where=path)
    try:
        record: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}", where=path) from error
    return parse_record(record, path)
