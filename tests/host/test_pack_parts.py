"""Parts that pack's own reader looks into: labels, golden vectors, manifest; and what the builder refuses."""

import numpy as np
import pytest
from aurora.errors import InputError, PackDamaged
from aurora.pack import parse_pack
from aurora.pack.layout import Part, assemble, part_types, records
from pack_samples import HEADER_FIELDS, changed, parts_of_sample


def with_part(name: str, data: bytes) -> bytes:
    parts = [
        Part(p.type, data if p.type == part_types()[name] else p.data, p.alignment) for p in parts_of_sample()
    ]
    return assemble(HEADER_FIELDS, parts)


def labels(*texts: bytes, version: int = 1, count: int | None = None) -> bytes:
    start = records()["LABELS"].encode(version=version, count=len(texts) if count is None else count)
    return start + b"".join(bytes([len(text)]) + text for text in texts)


@pytest.mark.parametrize(
    "part",
    [
        b"",
        labels(b"a", version=2),
        labels(b"a", count=2),
        labels(b"a", b"b", count=1),
        labels(b"a", b""),
        labels(b"x" * 65),
        labels(b"bell\x07"),
        labels(b"\x7f"),
        labels(b"\xff\xfe"),
        labels(*[b"a"] * 65),
        labels(b"a")[:-1] + b"\x09",
    ],
    ids=range(11),
)
def test_malformed_labels_are_refused(part: bytes) -> None:
    with pytest.raises(PackDamaged, match="LABELS"):
        parse_pack(with_part("labels", part))


@pytest.mark.parametrize(
    "part",
    [
        b"",
        records()["GOLDEN"].encode(version=2, count=1, input_bytes=1, output_bytes=1) + bytes(2),
        records()["GOLDEN"].encode(version=1, count=1, input_bytes=1, output_bytes=1) + bytes(3),
        records()["GOLDEN"].encode(version=1, count=0, input_bytes=1, output_bytes=1),
        records()["GOLDEN"].encode(version=1, count=1, input_bytes=0, output_bytes=1) + bytes(1),
        records()["GOLDEN"].encode(version=1, count=1, input_bytes=1, output_bytes=0) + bytes(1),
        records()["GOLDEN"].encode(version=1, count=2, input_bytes=2**31, output_bytes=2**31) + bytes(0),
    ],
    ids=range(7),
)
def test_malformed_golden_vectors_are_refused(part: bytes) -> None:
    with pytest.raises(PackDamaged, match="GOLDEN"):
        _ = parse_pack(with_part("golden", part)).golden


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"\x01",  # not a map
        b"\xa1\x01\x02",  # keys are not text
        b"\xa1\x61a\xc1\x00",  # a tag: a date
        b"\xa1\x61a\xd8\x23\x63(a)",  # a tag: a regular expression
        b"\xbf\xff",  # indefinite length
        b"\xa1\x61a\x9b\xff\xff\xff\xff\xff\xff\xff\xff",  # an endless array
        b"\xa1\x61a\x7b\xff\xff\xff\xff\xff\xff\xff\xff",  # an endless text
        b"\xa1\x61a" + b"\x81" * 5000 + b"\x00",  # nested
        b"\xa1\x61a\x00\x00",  # bytes follow
        b"\xa1\x61a",  # ends early
        b"\xa1\x61a\x18",  # ends in a number
        b"\xa1\x61\xff\x00",  # not UTF-8
        b"\xa0" + bytes(70000),
    ],
    ids=range(14),
)
def test_a_hostile_manifest_is_refused(part: bytes) -> None:
    with pytest.raises(PackDamaged, match="manifest"):
        parse_pack(with_part("manifest", part))


@pytest.mark.parametrize(
    "wrong",
    [
        {"layout_id": b"short"},
        {"board_class": 2**32},
        {"sequence": -1},
        {"labels": ("",)},
        {"labels": ("x",) * 65},
        {"labels": ("x" * 65,)},
        {"golden": (np.zeros((1, 3)), np.zeros((1, 3)))},
        {"golden": (np.zeros((1, 3), np.int8), np.zeros((2, 3), np.int8))},
        {"golden": (np.zeros((0, 3), np.int8), np.zeros((0, 3), np.int8))},
    ],
    ids=str,
)
def test_the_builder_refuses_what_does_not_fit(wrong: dict) -> None:
    with pytest.raises(InputError):
        changed(**wrong)


def test_records_name_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="fields"):
        records()["LABELS"].encode(version=1)
    with pytest.raises(ValueError, match="end before"):
        records()["LABELS"].decode(b"abc")
    assert records()["LABELS"].decode(b"\1\0\2\0", 0) == {"version": 1, "count": 2}


def test_absent_parts_and_labels_that_are_not_there_are_refused_in_c() -> None:
    from aurora._device import ffi, lib
    from aurora.pack.layout import error_name

    text, length, golden = ffi.new("uint8_t **"), ffi.new("uint32_t *"), ffi.new("pack_golden *")
    absent = ffi.new("pack_blob *")
    assert error_name(lib.pack_labels(absent)) == "PACK_E_LABELS"
    assert error_name(lib.pack_label(absent, 0, text, length)) == "PACK_E_LABELS"
    assert error_name(lib.pack_golden_open(absent, golden)) == "PACK_E_GOLDEN"
    data = ffi.from_buffer("uint8_t[]", labels(b"one", b"two"))
    blob = ffi.new("pack_blob *", {"data": data, "bytes": len(data)})
    assert lib.pack_label(blob, 1, text, length) == 0
    assert bytes(ffi.buffer(text[0], length[0])) == b"two"
    for beyond in (2, 3, 2**32 - 1):
        assert error_name(lib.pack_label(blob, beyond, text, length)) == "PACK_E_LABELS"
        assert (text[0], length[0]) == (ffi.NULL, 0)
    broken = ffi.from_buffer("uint8_t[]", labels(b"one", b""))
    blob = ffi.new("pack_blob *", {"data": broken, "bytes": len(broken)})
    assert error_name(lib.pack_label(blob, 0, text, length)) == "PACK_E_LABELS"
