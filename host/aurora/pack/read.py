"""Reading a pack: the board's own C checks it, Python only names what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora._device import ffi, lib
from aurora.errors import AuroraError, InputError, PackDamaged, PackIncompatible
from aurora.pack.layout import error_name, error_text, part_types
from aurora.pack.manifest import read_manifest

__all__ = ["HeldPack", "Pack", "parse_pack", "read_pack_file", "read_view"]

MAX_PACK_BYTES = 16 * 2**20
#: These say that the pack is whole, and made for a newer reader.
NEWER = {"PACK_E_MAJOR", "PACK_E_CRITICAL", "PACK_E_SIGNATURE"}


@dataclass(frozen=True)
class Pack:
    """A pack whose structure, checksums and part hashes hold; whether a board runs it is another matter."""

    data: bytes
    pack_id: bytes
    major: int
    minor: int
    board_class: int
    sequence: int
    security_version: int
    confirms_itself: bool
    layout_id: bytes
    features_id: bytes
    parts: Mapping[str, bytes]
    alignments: Mapping[str, int]
    labels: tuple[str, ...]
    manifest: Mapping[str, Any]

    @property
    def golden(self) -> tuple[NDArray[np.int8], NDArray[np.int8]] | None:
        """(inputs int8 [g, bytes], outputs int8 [g, bytes]), or None where the pack has no golden vectors."""
        if "golden" not in self.parts:
            return None
        blob, golden = _blob(self.parts["golden"]), ffi.new("pack_golden *")
        _refuse(lib.pack_golden_open(blob, golden), part_types()["golden"], "")
        sizes = (golden.inputs, golden.input_bytes), (golden.outputs, golden.output_bytes)
        inputs, outputs = (
            np.frombuffer(ffi.buffer(at, golden.count * size), np.int8).reshape(golden.count, size).copy()
            for at, size in sizes
        )
        return inputs, outputs


class HeldPack:
    """A pack's bytes at an address as aligned as any part asks, and the C view of them."""

    def __init__(self, data: bytes) -> None:
        room = ffi.new("uint8_t[]", len(data) + lib.PACK_MAX_ALIGNMENT)
        start = -int(ffi.cast("uintptr_t", room)) % lib.PACK_MAX_ALIGNMENT
        ffi.memmove(room + start, data, len(data))
        self.room, self.base, self.bytes = room, room + start, len(data)
        self.view = ffi.new("pack_view *")


def read_view(data: bytes, where: object = "") -> HeldPack:
    """``data`` as the board's reader sees it; raises PackDamaged, or PackIncompatible for a newer format."""
    if len(data) > MAX_PACK_BYTES:
        raise PackDamaged(f"{len(data)} bytes are no pack", where=where, hint="the largest slot has 16 MiB")
    held = HeldPack(data)
    _refuse(lib.pack_read(held.base, held.bytes, held.view), held.view.detail, where)
    if held.view.total_bytes != len(data):
        extra = len(data) - held.view.total_bytes
        raise PackDamaged(f"{extra} bytes follow the pack's end", where=where, hint="copy or build it again")
    return held


def read_pack_file(path: Path) -> bytes:
    """The bytes of a pack file of sane size; raises InputError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_PACK_BYTES + 1)
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", where=path, hint="name a pack file") from error


def parse_pack(data: bytes, where: object = "") -> Pack:
    """Check and read a pack; ``where`` names its file in errors.

    Raises PackDamaged (truncated, altered, not a pack) or PackIncompatible (a format newer than this reader).
    """
    view = read_view(data, where).view
    base = int(ffi.cast("uintptr_t", view.base))
    parts, alignments = {}, {}
    for name, kind in part_types().items():
        blob = view.parts[kind]
        if blob.data != ffi.NULL:
            at = int(ffi.cast("uintptr_t", blob.data)) - base
            parts[name] = data[at : at + blob.bytes]
            alignments[name] = view.alignments[kind]
    return Pack(
        data=data,
        pack_id=bytes(view.pack_id),
        major=view.major,
        minor=view.minor,
        board_class=view.board_class,
        sequence=view.sequence,
        security_version=view.security_version,
        confirms_itself=bool(view.confirm_policy),
        layout_id=bytes(view.layout_id),
        features_id=bytes(view.features_id),
        parts=parts,
        alignments=alignments,
        labels=_labels(parts["labels"], where),
        manifest=read_manifest(parts["manifest"], where),
    )


def _labels(part: bytes, where: object) -> tuple[str, ...]:
    blob, text, length = _blob(part), ffi.new("uint8_t **"), ffi.new("uint32_t *")
    count = lib.pack_labels(blob)
    _refuse(min(count, 0), part_types()["labels"], where)
    labels = []
    for index in range(count):
        lib.pack_label(blob, index, text, length)
        labels.append(bytes(ffi.buffer(text[0], length[0])))
    try:
        return tuple(label.decode() for label in labels)
    except UnicodeDecodeError as error:
        raise PackDamaged("a label is not UTF-8 (PACK_E_LABELS)", where=where) from error


def _blob(part: bytes) -> Any:
    """A C view of ``part``, which must outlive it."""
    return ffi.new("pack_blob *", {"data": ffi.from_buffer("uint8_t[]", part), "bytes": len(part)})


def _refuse(code: int, detail: int, where: object) -> None:
    """Raise the error that ``code`` stands for; 0 passes."""
    if code == 0:
        return
    names = {kind: name for name, kind in part_types().items()}
    name = error_name(code)
    about = f", {names.get(detail, detail)}" if detail else ""
    kind: type[AuroraError] = PackIncompatible if name in NEWER else PackDamaged
    hint = "update the firmware and this host" if name in NEWER else "copy or build the pack again"
    raise kind(f"{error_text(code)} ({name}{about})", where=where, hint=hint)
