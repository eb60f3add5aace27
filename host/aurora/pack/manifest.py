"""The manifest part: provenance as CBOR, read as what it is in a pack of unknown origin, a hostile file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aurora.errors import PackDamaged

__all__ = ["read_manifest"]

MAX_BYTES, MAX_DEPTH = 65536, 8
UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)


def read_manifest(part: bytes, where: object = "") -> Mapping[str, Any]:
    """The map that the part holds; raises PackDamaged for anything but plain CBOR with text keys."""
    import cbor2

    try:
        _check_plain(part)
        manifest = cbor2.loads(part)
    except (ValueError, EOFError, cbor2.CBORError) as error:
        raise PackDamaged(f"manifest: {error}", where=where, hint="build the pack again") from error
    if not isinstance(manifest, dict) or not all(isinstance(key, str) for key in manifest):
        raise PackDamaged("manifest: not a map with text keys", where=where, hint="build the pack again")
    return manifest


def _check_plain(data: bytes) -> None:
    """ValueError unless ``data`` is one CBOR item of bounded depth without tags or indefinite lengths.

    Tags would have the decoder build dates, regular expressions and huge numbers for a stranger.
    """
    if len(data) > MAX_BYTES:
        raise ValueError(f"{len(data)} bytes, at most {MAX_BYTES}")
    at, open_items = 0, [1]
    while open_items:
        if open_items[-1] == 0:
            open_items.pop()
            continue
        open_items[-1] -= 1
        kind, value, at = _head(data, at)
        if kind in (BYTES, TEXT):
            at += value
        elif kind in (ARRAY, MAP):
            open_items.append(value * (1 + (kind == MAP)))
        elif kind == TAG:
            raise ValueError("tags have no place here")
        if at > len(data) or len(open_items) > MAX_DEPTH:
            raise ValueError("ends early or is nested too deeply")
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes follow its end")


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """(major type, argument, where the next byte stands) of the item at ``at``."""
    if at >= len(data):
        raise ValueError("ends early")
    kind, short = data[at] >> 5, data[at] & 31
    at += 1
    if short < 24:
        return kind, short, at
    if short > 27:
        raise ValueError("an indefinite or reserved length")
    size = 1 << short - 24
    if at + size > len(data):
        raise ValueError("ends early")
    return kind, int.from_bytes(data[at : at + size], "big"), at + size
