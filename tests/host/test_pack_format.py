"""What a pack's reader refuses, check by check, and what it must let pass."""

import hashlib

import numpy as np
import pytest
from aurora.errors import PackDamaged, PackIncompatible
from aurora.pack import parse_pack
from aurora.pack.layout import Extension, Part, assemble, part_types
from pack_samples import (
    HEADER_FIELDS,
    assembled,
    changed,
    contents,
    header_field,
    overwritten,
    part_field,
    parts_of_sample,
    sample,
)


def u16(value: int) -> bytes:
    return value.to_bytes(2, "little")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def test_what_goes_in_comes_out() -> None:
    pack, given = parse_pack(sample()), contents()
    assert (pack.major, pack.minor) == (1, 0)
    assert (pack.board_class, pack.sequence, pack.security_version) == (7, 5, 3)
    assert (pack.layout_id, pack.features_id) == (given.layout_id, given.features_id)
    assert pack.parts["chain"] == given.chain
    assert pack.parts["constants"] == given.constants
    assert pack.parts["decision"] == given.decision
    assert pack.parts["drift"] == given.drift
    assert pack.labels == given.labels
    assert pack.manifest == given.manifest
    assert all(np.array_equal(a, b) for a, b in zip(pack.golden, given.golden, strict=True))
    assert not pack.confirms_itself
    assert parse_pack(changed(confirms_itself=True)).confirms_itself
    assert pack.pack_id == hashlib.sha256(sample()).digest()[:8]


def test_same_contents_same_bytes() -> None:
    assert changed() == sample()
    assert changed(sequence=6) != sample()


def test_parts_lie_on_flash_cells_and_as_aligned_as_asked() -> None:
    pack = parse_pack(sample())
    for name, part in pack.parts.items():
        at = pack.data.index(part)
        assert at % 32 == 0 and at % pack.alignments[name] == 0
    assert pack.alignments["constants"] == 64


def test_optional_parts_may_be_absent() -> None:
    pack = parse_pack(changed(golden=None, labels=(), manifest={}))
    assert (pack.golden, pack.labels, pack.manifest) == (None, (), {})


def test_no_flipped_byte_passes_for_the_same_pack() -> None:
    """Each byte in turn: refused, except in the padding between parts, where the pack id tells."""
    pack = parse_pack(sample())
    covered = set(range(len(sample())))
    inside = {
        i
        for part in pack.parts.values()
        for i in range(pack.data.index(part), pack.data.index(part) + len(part))
    }
    header_end = int.from_bytes(sample()[header_field("header_bytes") :][:4], "little")
    padding = covered - inside - set(range(header_end))
    assert len(padding) < 8 * 64
    for at in covered:
        spoiled = bytearray(sample())
        spoiled[at] ^= 1 << at % 8
        if at in padding:
            assert parse_pack(bytes(spoiled)).pack_id != pack.pack_id
        else:
            with pytest.raises((PackDamaged, PackIncompatible)):
                parse_pack(bytes(spoiled))


def test_no_truncated_pack_passes() -> None:
    for length in {*range(300), *range(300, len(sample()), 37), len(sample()) - 1}:
        with pytest.raises(PackDamaged, match="TRUNCATED"):
            parse_pack(sample()[:length])


def test_bytes_behind_the_end_are_no_part_of_a_file() -> None:
    with pytest.raises(PackDamaged, match="1 bytes follow"):
        parse_pack(sample() + b"\0")


def test_a_slot_may_be_larger_than_its_pack() -> None:
    from aurora._device import ffi, lib

    slot = ffi.from_buffer("uint8_t[]", sample() + b"\xff" * 4000)
    view = ffi.new("pack_view *")
    assert lib.pack_read(slot, len(slot), view) == 0
    assert bytes(view.pack_id) == parse_pack(sample()).pack_id


def test_a_slot_may_start_at_any_address() -> None:
    from aurora._device import ffi, lib

    for shift in range(1, 8):
        slot = ffi.from_buffer("uint8_t[]", bytes(shift) + sample())
        view = ffi.new("pack_view *")
        assert lib.pack_read(slot + shift, len(sample()), view) == 0
        assert bytes(view.pack_id) == parse_pack(sample()).pack_id


CHAIN, CONSTANTS, DECISION = 0, 1, 2  # places in the part table
OFFSET_1 = int.from_bytes(sample()[part_field(CONSTANTS, "offset") :][:4], "little")
HEADER_END = int.from_bytes(sample()[header_field("header_bytes") :][:4], "little")


def without_room() -> bytes:
    """One extension announced and none there, before a CRC that reads like a critical one."""
    for sequence in range(64):
        pack = overwritten(header_field("extension_count"), u32(1), assembled(sequence=sequence))
        if pack[HEADER_END - 2] & 1:
            return pack
    raise AssertionError("no such CRC")


def wrapped() -> bytes:
    """Lengths that agree only because their sum wraps around."""
    short = overwritten(header_field("header_bytes"), u32(HEADER_END - 4))
    return overwritten(header_field("extension_bytes"), u32(2**32 - 4), short)


def unpadded() -> bytes:
    """An extension of one byte whose padding lies outside."""
    pack = assembled((Extension(9, b"abcd"),))
    pack = overwritten(HEADER_END, u32(1), pack)
    pack = overwritten(header_field("extension_bytes"), u32(9), pack)
    return overwritten(header_field("header_bytes"), u32(HEADER_END + 9), pack)


DAMAGED = {
    "too-many-parts": (assembled(extra=tuple(Part(99 + i, b"") for i in range(10))), "PACK_E_LENGTH"),
    "header-too-long": (assembled((Extension(9, bytes(4000)),)), "PACK_E_LENGTH"),
    "lengths-wrap": (wrapped(), "PACK_E_LENGTH"),
    "extension-without-room": (without_room(), r"PACK_E_EXTENSION\)"),
    "extension-unpadded": (unpadded(), "PACK_E_EXTENSION, 9"),
    "erased-flash": (b"\xff" * 4096, "PACK_E_MAGIC"),
    "empty": (b"", "PACK_E_TRUNCATED"),
    "other-file": (b"\x7fELF" + bytes(500), "PACK_E_MAGIC"),
    "header-length-short": (overwritten(header_field("header_bytes"), u32(HEADER_END - 4)), "PACK_E_LENGTH"),
    "header-length-huge": (overwritten(header_field("header_bytes"), u32(0xFFFFFFFF)), "PACK_E_LENGTH"),
    "part-count": (overwritten(header_field("part_count"), b"\xff"), "PACK_E_LENGTH"),
    "extension-bytes": (overwritten(header_field("extension_bytes"), u32(0xFFFFFFFC)), "PACK_E_LENGTH"),
    "extension-count": (overwritten(header_field("extension_count"), u32(17)), "PACK_E_LENGTH"),
    "total-below-header": (overwritten(header_field("total_bytes"), u32(HEADER_END - 1)), "PACK_E_LENGTH"),
    "total-beyond": (overwritten(header_field("total_bytes"), u32(len(sample()) + 1)), "PACK_E_TRUNCATED"),
    "header-bit": (sample()[:100] + bytes([sample()[100] ^ 1]) + sample()[101:], "PACK_E_HEADER_CRC"),
    "policy": (assembled(confirm_policy=2), "PACK_E_POLICY"),
    "extension-missing": (overwritten(header_field("extension_count"), u32(1)), "PACK_E_EXTENSION"),
    "extension-left-over": (
        overwritten(
            header_field("extension_count"), u32(1), assembled((Extension(9, b"x"), Extension(9, b"")))
        ),
        "PACK_E_EXTENSION",
    ),
    "extension-too-long": (
        overwritten(HEADER_END, u32(5), assembled((Extension(9, b"abcd"),))),
        "PACK_E_EXTENSION, 9",
    ),
    "extension-wraps": (
        overwritten(HEADER_END, u32(0xFFFFFFFE), assembled((Extension(9, b"abcd"),))),
        "PACK_E_EXTENSION, 9",
    ),
    "part-in-header": (overwritten(part_field(CHAIN, "offset"), u32(0)), "PACK_E_PART_BOUNDS, chain"),
    "part-outside": (overwritten(part_field(CHAIN, "offset"), u32(0xFFFFFFE0)), "PACK_E_PART_BOUNDS, chain"),
    "part-too-long": (
        overwritten(part_field(DECISION, "length"), u32(0xFFFFFFFF)),
        "PACK_E_PART_BOUNDS, decision",
    ),
    "part-over-another": (
        overwritten(part_field(CHAIN, "offset"), u32(OFFSET_1)),
        "PACK_E_PART_BOUNDS, constants",
    ),
    "part-alignment-0": (overwritten(part_field(CHAIN, "alignment"), u32(0)), "PACK_E_PART_ALIGNMENT, chain"),
    "part-alignment-48": (
        overwritten(part_field(CONSTANTS, "alignment"), u32(48)),
        "PACK_E_PART_ALIGNMENT, constants",
    ),
    "part-alignment-huge": (assembled(extra=(Part(99, b"x", 8192),)), "PACK_E_PART_ALIGNMENT, 99"),
    "part-misaligned": (
        overwritten(part_field(DECISION, "alignment"), u32(4096)),
        "PACK_E_PART_ALIGNMENT, decision",
    ),
    "part-twice": (overwritten(part_field(CONSTANTS, "type"), u16(1)), "PACK_E_PART_TWICE, chain"),
    "unknown-part-twice": (assembled(extra=(Part(99, b"a"), Part(99, b"b"))), "PACK_E_PART_TWICE, 99"),
    "part-hash": (overwritten(part_field(CHAIN, "sha256"), bytes(32)), "PACK_E_PART_HASH, chain"),
    "part-content": (sample()[:-1] + bytes([sample()[-1] ^ 1]), "PACK_E_PART_HASH, manifest"),
    "unknown-part-content": (assembled(extra=(Part(99, b"a"),))[:-1] + b"b", "PACK_E_PART_HASH, 99"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_refused_by_name(name: str) -> None:
    data, reason = DAMAGED[name]
    with pytest.raises(PackDamaged, match=reason):
        parse_pack(data, "a.pack")


@pytest.mark.parametrize("missing", ["chain", "constants", "decision", "labels", "drift", "manifest"])
def test_a_pack_without_a_required_part_is_refused(missing: str) -> None:
    parts = [part for part in parts_of_sample() if part.type != part_types()[missing]]
    with pytest.raises(PackDamaged, match=f"PACK_E_PART_MISSING, {missing}"):
        parse_pack(assemble(HEADER_FIELDS, parts))


NEWER = {
    "major": (assembled(major=2), "PACK_E_MAJOR"),
    "major-0": (assembled(major=0), "PACK_E_MAJOR"),
    "signature": (assembled(signature_algorithm=1), "PACK_E_SIGNATURE"),
    "critical-extension": (
        assembled((Extension(1, b""), Extension(0x1234, b"abc", critical=True))),
        "PACK_E_CRITICAL, 4660",
    ),
    "critical-part": (assembled(extra=(Part(99, b"new", critical=True),)), "PACK_E_CRITICAL, 99"),
}


@pytest.mark.parametrize("name", NEWER)
def test_what_must_be_understood_and_is_not_is_refused(name: str) -> None:
    data, reason = NEWER[name]
    with pytest.raises(PackIncompatible, match=reason):
        parse_pack(data)


SKIPPED = {
    "newer-minor": assembled(minor=7),
    "extensions": assembled((Extension(1, b"abc"), Extension(0xFFFF, b""), Extension(1, b"twice is fine"))),
    "most-extensions": assembled(tuple(Extension(i, b"x" * i) for i in range(16))),
    "unknown-part": assembled(extra=(Part(99, b"new"), Part(0, b""))),
    "all-of-it": assembled(
        (Extension(5, b"q"),), (Part(65535, b"new", 4096),), minor=65535, key_id=b"abcdefgh"
    ),
}


@pytest.mark.parametrize("name", SKIPPED)
def test_what_need_not_be_understood_is_skipped(name: str) -> None:
    pack = parse_pack(SKIPPED[name])
    assert pack.parts == parse_pack(sample()).parts
    assert pack.labels == contents().labels
