"""The layout: everything a program was generated from, and its identity.

The description holds steps, shapes, arena map, each constant's place and packing, the kernel interface's version,
the core variant and every fact about values that a step was specialised on. The program's text is made from it
alone, so equal ids mean equal programs. It holds no weights, scales or internal tensor names.
"""

from __future__ import annotations

import hashlib
from typing import Any

LAYOUT_FORMAT = 1


def layout_id(layout: dict[str, Any]) -> bytes:
    """SHA-256 over the canonical CBOR (RFC 8949, section 4.2) of the description."""
    import cbor2

    return hashlib.sha256(cbor2.dumps(layout, canonical=True)).digest()


def place_constants(calls: list[dict[str, tuple[bytes, int]]]) -> tuple[bytes, list[dict[str, int]]]:
    """Lay constants one behind the other, each at its alignment. Returns the bytes and offsets per call."""
    blob, places = bytearray(), []
    for constants in calls:
        offsets = {}
        for name, (data, alignment) in constants.items():
            blob += bytes(-len(blob) % alignment)
            offsets[name] = len(blob)
            blob += data
        places.append(offsets)
    return bytes(blob), places
