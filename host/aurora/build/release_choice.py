"""Which release a firmware is built for: the one named, else the reference release of the checkout."""

from __future__ import annotations

import os
from pathlib import Path

from aurora.errors import InputError
from aurora.files import is_plain_name

REFERENCE = "reference"  # models/reference holds one line: NAME/VERSION


def choose_release(root: Path, named: str | Path | None) -> Path:
    """The folder of a release; raises InputError where there is none.

    ``named`` is a folder or NAME/VERSION below models/; None means $AURORA_RELEASE, else models/reference.
    """
    wanted = str(named) if named is not None else os.environ.get("AURORA_RELEASE") or _reference(root)
    for folder in (Path(wanted), _below_models(root, wanted)):
        if folder is not None and (folder / "model.tflite").is_file():
            return folder.resolve()
    raise InputError(
        "no release here: model.tflite is missing",
        where=wanted,
        hint="name a folder that `aurora train` wrote",
    )


def _reference(root: Path) -> str:
    path = root / "models" / REFERENCE
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "does not name the reference release", where=path, hint="use --model RELEASE"
        ) from error


def _below_models(root: Path, wanted: str) -> Path | None:
    parts = wanted.split("/")
    if len(parts) != 2 or not all(is_plain_name(part) for part in parts):
        return None
    return root / "models" / parts[0] / "releases" / parts[1]
