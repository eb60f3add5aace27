"""Where a checkout of Aurora lies, and the folders in it that hold board records."""

from __future__ import annotations

import os
from pathlib import Path

from aurora.errors import InputError, NotACheckout

BOARDS = Path("firmware") / "boards"


def project_root() -> Path:
    """The checkout's top folder: $AURORA_ROOT, else around this file, else at or above the working folder.

    Raises NotACheckout where none of them holds firmware/boards and platformio.ini.
    """
    named = os.environ.get("AURORA_ROOT")
    if named:
        root = Path(named).resolve()
        if not _is_checkout(root):
            raise NotACheckout("AURORA_ROOT is no checkout of Aurora", where=root, hint="unset it")
        return root
    here = Path.cwd()
    for folder in (Path(__file__).resolve().parents[3], here, *here.parents):
        if _is_checkout(folder):
            return folder
    raise NotACheckout(
        "this command needs a checkout of Aurora's sources",
        where=here,
        hint="run inside one or set AURORA_ROOT",
    )


def boards_dirs() -> tuple[Path, ...]:
    """The folders searched for board records, in order: $AURORA_BOARDS_DIR if set, the checkout's."""
    extra = os.environ.get("AURORA_BOARDS_DIR")
    folders = [project_root() / BOARDS]
    if extra:
        if not Path(extra).is_dir():
            raise InputError("AURORA_BOARDS_DIR is not a folder", where=extra)
        folders.insert(0, Path(extra).resolve())
    return tuple(folders)


def _is_checkout(folder: Path) -> bool:
    return (folder / BOARDS).is_dir() and (folder / "platformio.ini").is_file()
