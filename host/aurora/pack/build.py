"""From a model's parts to a pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora._device import lib
from aurora.errors import InputError
from aurora.pack.layout import CELL_BYTES, Part, assemble, part_types, records
from aurora.pack.read import parse_pack

__all__ = ["PackContents", "build_pack"]

LABELS_VERSION = GOLDEN_VERSION = 1


@dataclass(frozen=True)
class PackContents:
    """What goes into a pack. Parts are bytes as their own libraries check them.

    ``golden``: int8 inputs [g, input bytes] and the outputs [g, output bytes] they must give. ``manifest``:
    provenance for the host (plain maps, lists, text, numbers and bytes), written as canonical CBOR.
    """

    board_class: int
    layout_id: bytes
    features_id: bytes
    chain: bytes
    constants: bytes
    constants_alignment: int
    decision: bytes
    labels: tuple[str, ...]
    drift: bytes
    golden: tuple[NDArray[np.int8], NDArray[np.int8]] | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    sequence: int = 1
    security_version: int = 0
    confirms_itself: bool = False


def build_pack(contents: PackContents) -> bytes:
    """The pack's bytes; same contents, same bytes. Raises InputError where a value does not fit."""
    blobs = {
        "chain": contents.chain,
        "constants": contents.constants,
        "decision": contents.decision,
        "labels": _labels_part(contents.labels),
        "drift": contents.drift,
        "manifest": _canonical_cbor(contents.manifest),
    }
    if contents.golden is not None:
        blobs["golden"] = _golden_part(*contents.golden)
    types = part_types()
    alignment = {"constants": max(CELL_BYTES, contents.constants_alignment)}
    parts = [
        Part(types[name], blobs[name], alignment.get(name, CELL_BYTES)) for name in types if name in blobs
    ]
    fields: dict[str, int | bytes] = {
        "board_class": contents.board_class,
        "sequence": contents.sequence,
        "security_version": contents.security_version,
        "signature_algorithm": 0,
        "confirm_policy": int(contents.confirms_itself),
        "key_id": bytes(8),
        "layout_id": contents.layout_id,
        "features_id": contents.features_id,
    }
    try:
        pack = assemble(fields, parts)
    except ValueError as error:
        raise InputError(f"cannot build the pack: {error}") from error
    parse_pack(pack)  # by the board's own reader: what it would refuse is never written
    return pack


def _labels_part(labels: tuple[str, ...]) -> bytes:
    texts = [label.encode() for label in labels]
    if len(texts) > lib.PACK_MAX_LABELS or not all(
        0 < len(text) <= lib.PACK_LABEL_MAX_BYTES for text in texts
    ):
        raise InputError(f"labels {list(labels)} are too many or too long", hint="at most 64 of 64 bytes")
    start = records()["LABELS"].encode(version=LABELS_VERSION, count=len(texts))
    return start + b"".join(bytes([len(text)]) + text for text in texts)


def _golden_part(inputs: NDArray[np.int8], outputs: NDArray[np.int8]) -> bytes:
    if inputs.dtype != np.int8 or outputs.dtype != np.int8 or len(inputs) != len(outputs) or not len(inputs):
        raise InputError("golden vectors must be int8 inputs and as many int8 outputs, at least one")
    start = records()["GOLDEN"].encode(
        version=GOLDEN_VERSION, count=len(inputs), input_bytes=inputs.shape[1], output_bytes=outputs.shape[1]
    )
    return start + inputs.tobytes() + outputs.tobytes()


def _canonical_cbor(manifest: Mapping[str, Any]) -> bytes:
    import cbor2

    return bytes(cbor2.dumps(dict(manifest), canonical=True))
