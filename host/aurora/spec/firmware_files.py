"""Where the host finds the facts that firmware/lib writes down once: message definitions and code lists."""

from __future__ import annotations

from pathlib import Path

from aurora.errors import NotACheckout

_PACKAGE = Path(__file__).resolve().parents[1]
# a checkout's own file, or the copy that the build backend puts into an installed package
_PLACES = (_PACKAGE.parents[1] / "firmware" / "lib", _PACKAGE / "_firmware")


def firmware_text(name: str) -> str:
    """Text of a file of firmware/lib, such as "link/aurora.cddl"; raises NotACheckout where it is missing."""
    for place in _PLACES:
        path = place / name
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise NotACheckout("this installation lacks a file of the firmware", where=name, hint="install it again")
