"""A .tflite from disk: whatever the path names, reading it ends, and takes bounded memory."""

from __future__ import annotations

import stat
from pathlib import Path

from aurora.compile.front import MAX_FILE_BYTES
from aurora.errors import InputError


def read_model_file(path: Path) -> bytes:
    """The bytes of a file that may be a model: at most one more than the front end takes.

    Raises InputError where there is none, where it is empty, and for a pipe or device, which might never end.
    """
    hint = "give an int8 .tflite"
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError("is not a file", where=path, hint=hint)
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", where=path) from error
    if not data:
        raise InputError("the file is empty", where=path, hint=hint)
    return data
