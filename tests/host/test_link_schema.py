"""aurora.cddl is the only home of the messages: everything that repeats a part of it is compared with it."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aurora._device import lib
from aurora.build.link_spec import with_tables
from aurora.device.codec import encode
from aurora.device.framing import CRC_BYTES, FRAME_MAX_BYTES, PAYLOAD_MAX_BYTES
from aurora.device.messages import CLASSES
from aurora.device.session import Inference
from aurora.errors import InputError, NotACheckout
from aurora.spec.firmware_files import firmware_text
from aurora.spec.link import LINK_MAJOR, LINK_MINOR, Field, MessageType, codes, link_schema, parse_cddl

LINK = Path(__file__).parents[2] / "firmware" / "lib" / "link"
PYTHON_TYPES = {
    "uint": "int", "int": "int", "bool": "bool", "float32": "float", "float64": "float", "bytes": "bytes",
    "text": "str",
}  # fmt: skip


def longest(field: Field) -> Any:
    """The value that takes the most bytes."""
    if field.kind in ("bytes", "text"):
        return bytes(field.high) if field.kind == "bytes" else "x" * field.high
    return {"bool": True, "float32": 1.5, "float64": 1.5}.get(field.kind, field.high)


def test_frame_sizes_and_version_are_the_headers() -> None:
    assert (FRAME_MAX_BYTES, PAYLOAD_MAX_BYTES, CRC_BYTES) == (
        lib.LINK_FRAME_MAX_BYTES, lib.LINK_PAYLOAD_MAX_BYTES, lib.LINK_FRAME_CRC_BYTES
    )  # fmt: skip
    header = (LINK / "link.h").read_text(encoding="utf-8")
    assert f"enum {{ LINK_MAJOR = {LINK_MAJOR}, LINK_MINOR = {LINK_MINOR} }};" in header


@pytest.mark.parametrize("message", link_schema().messages.values(), ids=lambda m: m.name)
def test_every_message_fits_a_frame_at_its_longest(message: MessageType) -> None:
    values = {field.name: longest(field) for field in message.fields.values()}
    assert len(encode(message.name, **values)) <= PAYLOAD_MAX_BYTES


def test_reply_classes_have_the_fields_of_the_cddl() -> None:
    replies = {m.name: m for m in link_schema().towards(board=False).values()}
    assert replies.keys() == CLASSES.keys()
    for name, message in replies.items():
        expected = [(field.name, PYTHON_TYPES[field.kind]) for field in message.fields.values()]
        assert [(f.name, f.type) for f in dataclasses.fields(CLASSES[name])] == expected, name


def test_an_inference_has_a_place_for_every_vector() -> None:
    fields = [field.name for field in dataclasses.fields(Inference)]
    assert fields == ["prediction", *(code.name.lower() for code in codes("link/vectors.def").values())]


@pytest.mark.parametrize("path", sorted(LINK.glob("*.def")), ids=lambda path: path.name)
def test_every_line_of_a_code_list_is_read(path: Path) -> None:
    known = codes(f"link/{path.name}")
    assert len(known) == len(re.findall(r"^LINK_", path.read_text(encoding="utf-8"), re.MULTILINE)) > 0
    assert len({code.name for code in known.values()}) == len(known)


def test_spec_tables_are_up_to_date() -> None:
    text = (LINK / "SPEC.md").read_text(encoding="utf-8")
    assert with_tables(text) == text, "python -m aurora.build.link_spec firmware/lib/link/SPEC.md"


def test_every_message_and_field_is_explained() -> None:
    for message in link_schema().messages.values():
        assert message.words.endswith("."), message.name
        assert all(field.words for field in message.fields.values()), message.name


GOOD = """request = ask
reply = say
ask = { 0 => 1, 1 => request_id, * uint => any }
say = { 0 => 2, 1 => request_id, 2 => level, * uint => any }
request_id = uint .size 4
level = float32
"""


def test_the_subset_is_read() -> None:
    messages = parse_cddl(GOOD).messages
    assert {name: m.number for name, m in messages.items()} == {"ask": 1, "say": 2}
    assert messages["say"].fields[2] == Field("level", "float32", 0, 0, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 => level, * uint => any }", "2 => level }"),
        ("2 => level,", "3 => level,"),
        ("2 => level,", "? 2 => level,"),
        ("2 => level,", "2 => other,"),
        ("2 => level,", "2 => float32,"),
        ("0 => 2, 1 => request_id, 2", "0 => 2, 1 => level, 2"),
        ("0 => 2", "0 => 1"),
        ("level = float32", "level = float16"),
        ("level = float32", "level = uint .size 3"),
        ("level = float32", "level = float32\nlevel = float32"),
        ("level = float32", "level = float32\nspare = bool"),
        ("reply = say", "reply = ask"),
        ("request_id = uint", "Request-ID = uint"),
        ("{ 0 => 1, 1", "[ 0 => 1, 1"),
    ],
    ids=lambda text: str(text).replace(" ", "_")[:40],
)
def test_cddl_outside_the_subset_is_refused(old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match="subset"):
        parse_cddl(GOOD.replace(old, new))


def test_a_missing_firmware_file_is_one_line() -> None:
    with pytest.raises(NotACheckout, match=r"link/none\.cddl"):
        firmware_text("link/none.cddl")


def test_a_session_imports_nothing_heavy() -> None:
    program = (
        "import sys, aurora.device.session, aurora.device.watch, aurora.device.describe\n"
        "heavy = {'numpy', 'scipy', 'tensorflow', 'keras', 'zcbor', 'platformio', 'cffi', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
