"""Host and board compute the same only where both were made from the same C."""

from __future__ import annotations

import json
from pathlib import Path

from aurora.errors import BuildFailed
from aurora.files import sha256_hex

COMPILED_IN = ("core", "features", "drift", "pack")  # whole folders of firmware/lib; of others, some files


def refuse_stale_extension(root: Path) -> None:
    """Compare the checkout's firmware/lib with what ``aurora._device`` was built from.

    Raises BuildFailed naming the first file that differs.
    """
    from aurora._device import ffi, lib

    built: dict[str, str] = json.loads(ffi.string(lib.device_sources()))
    for name in COMPILED_IN:
        for path in sorted((root / "firmware" / "lib" / name).glob("*.[ch]")):
            if built.get(str(path.relative_to(root))) != sha256_hex(path):
                raise BuildFailed(
                    "the compiled extension is of another version of this file", where=path, hint="make setup"
                )
