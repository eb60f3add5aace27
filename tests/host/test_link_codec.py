"""Python's framing and codec: against the C that runs on boards, and against any bytes at all."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from aurora._device import ffi, lib
from aurora.device.codec import OtherVersion, Refused, decode, encode
from aurora.device.framing import PAYLOAD_MAX_BYTES, FrameDecoder, encode_frame
from aurora.device.messages import decode_reply
from aurora.spec.link import Field, MessageType, link_schema
from hypothesis import given, settings
from hypothesis import strategies as st
from link_table import cases

FUZZ = settings(deadline=None, derandomize=True, max_examples=300)
MESSAGES = list(link_schema().messages.values())
STREAMS = [bytes.fromhex(case["bytes"]) for case in cases()]
PIECES = st.one_of(st.sampled_from(STREAMS), st.binary(max_size=300), st.just(b"\0"))
RUNS = st.integers(1, PAYLOAD_MAX_BYTES).map(lambda n: b"\1" * n)  # long COBS blocks
PAYLOADS = st.one_of(st.binary(min_size=1, max_size=PAYLOAD_MAX_BYTES), RUNS)


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Every value that a field may have."""
    if field.kind in ("uint", "int"):
        return st.integers(field.low, field.high)
    if field.kind == "bytes":
        return st.binary(min_size=field.low, max_size=field.high)
    if field.kind == "text":
        return st.text(st.characters(codec="ascii"), min_size=field.low, max_size=field.high)
    return st.booleans() if field.kind == "bool" else st.floats(width=32 if field.kind == "float32" else 64)


def c_frames(stream: bytes) -> tuple[list[bytes], int, int]:
    decoder = ffi.new("link_frame_decoder *")
    payloads = []
    for byte in stream:
        length = lib.link_frame_push(decoder, byte)
        if length:
            payloads.append(bytes(ffi.buffer(decoder.data, length)))
    return payloads, decoder.frames_ok, decoder.frames_bad


def c_encode(payload: bytes, capacity: int = 512) -> bytes | int:
    out = ffi.new("uint8_t[]", capacity)
    length = lib.link_frame_encode(payload, len(payload), out, capacity)
    return bytes(ffi.buffer(out, length)) if length > 0 else length


@FUZZ
@given(st.data(), st.sampled_from(MESSAGES))
def test_what_is_encoded_comes_back(data: st.DataObject, message: MessageType) -> None:
    values = {field.name: data.draw(values_of(field), field.name) for field in message.fields.values()}
    if message.name == "hello":
        values["link_major"] = 1
    payload = encode(message.name, **values)
    back, decoded = decode(payload, {message.number: message})
    assert back is message
    assert repr(decoded) == repr(values)  # repr: NaN equals NaN, and -0.0 is not 0.0


@FUZZ
@given(st.binary(max_size=PAYLOAD_MAX_BYTES), st.booleans())
def test_any_payload_is_decoded_or_refused(payload: bytes, to_board: bool) -> None:
    try:
        decode(payload, link_schema().towards(board=to_board))
    except Refused as refusal:
        assert refusal.reason in ("MALFORMED", "UNKNOWN_TYPE", "BAD_FIELD")


@FUZZ
@given(st.data(), st.sampled_from(STREAMS), st.booleans())
def test_damaged_messages_are_decoded_or_refused(data: st.DataObject, stream: bytes, to_board: bool) -> None:
    for payload in FrameDecoder().feed(stream):
        changed = bytearray(payload)
        for _ in range(data.draw(st.integers(1, 4))):
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        try:
            decode(bytes(changed), link_schema().towards(board=to_board))
        except Refused as refusal:
            assert refusal.reason in ("MALFORMED", "UNKNOWN_TYPE", "BAD_FIELD")


@FUZZ
@given(st.lists(PIECES, max_size=6), st.data())
def test_c_and_python_find_the_same_frames_in_any_stream(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    decoder, payloads, at = FrameDecoder(), [], 0
    while at < len(stream):
        step = data.draw(st.integers(1, 300))
        payloads += decoder.feed(stream[at : at + step])
        at += step
    assert (payloads, decoder.frames_ok, decoder.frames_bad) == c_frames(stream)


@FUZZ
@given(PAYLOADS)
def test_c_and_python_write_the_same_frames(payload: bytes) -> None:
    frame = encode_frame(payload)
    assert c_encode(payload) == frame
    assert c_encode(payload, capacity=len(payload) + 7) == frame  # two delimiters, CRC, one code
    assert c_encode(payload, capacity=len(payload) + 6) == lib.LINK_FRAME_E_LONG
    assert FrameDecoder().feed(frame) == [payload]


@pytest.mark.parametrize("length", [0, PAYLOAD_MAX_BYTES + 1])
def test_payloads_that_fit_no_frame_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match="a frame holds"):
        encode_frame(bytes(length))
    if length:
        assert c_encode(bytes(length)) == lib.LINK_FRAME_E_LONG


def test_a_long_stream_without_delimiter_holds_little_memory() -> None:
    decoder = FrameDecoder()
    for _ in range(1000):
        decoder.feed(b"\x55" * 1000)
    assert len(decoder._coded) <= 256


@pytest.mark.parametrize(
    ("name", "changes", "what"),
    [
        ("acquire", {"with_vectors": 1}, "must be bool"),
        ("acquire", {"request_id": True}, "must be uint"),
        ("acquire", {"request_id": -1}, "must be 0 to"),
        ("acquire", {"request_id": 1 << 32}, "must be 0 to"),
        ("acquire", {"extra": 1}, "takes request_id, with_vectors"),
        ("window_chunk", {"chunk": bytes(193)}, "0 to 192 bytes"),
        ("window_chunk", {"chunk": "text"}, "must be bytes"),
        ("window_begin", {"rate_hz": 1e300}, "rate_hz"),
        ("window_begin", {"rate_hz": "fast"}, "must be float32"),
    ],
)
def test_wrong_values_are_not_sent(name: str, changes: dict[str, Any], what: str) -> None:
    good = {
        "acquire": {"request_id": 1, "with_vectors": True},
        "window_chunk": {"request_id": 1, "transfer_id": 1, "offset": 0, "chunk": b""},
        "window_begin": {
            "request_id": 1, "window_n": 1, "window_axes": 1, "rate_hz": 1.0, "rpm": 0.0, "scale_g": bytes(4),
            "window_crc32": 0, "with_vectors": True,
        },
    }  # fmt: skip
    encode(name, **good[name])
    with pytest.raises(ValueError, match=what):
        encode(name, **{**good[name], **changes})


def test_floats_go_out_as_exactly_float32() -> None:
    payload = encode(
        "window_begin", request_id=1, window_n=1, window_axes=1, rate_hz=25600.1, rpm=0, scale_g=bytes(4),
        window_crc32=0, with_vectors=True,
    )  # fmt: skip
    assert b"\x04\xfa" + struct.pack(">f", 25600.1) in payload
    assert b"\x05\xfa\0\0\0\0" in payload


def test_text_that_is_no_utf_8_is_refused() -> None:
    (stream,) = (case["bytes"] for case in cases() if case["name"] == "hello: as version 1 writes it")
    (payload,) = FrameDecoder().feed(bytes.fromhex(stream))
    assert decode_reply(payload)
    with pytest.raises(Refused, match="BAD_FIELD: board_id"):
        decode_reply(payload.replace(b"mps2", b"mp\xc3("))


def test_a_hello_of_another_major_version_is_known_by_its_first_keys() -> None:
    later = bytes.fromhex("a4000a0107020218636163")  # {0: 10, 1: 7, 2: 2, 99: "c"}: another major, other keys
    with pytest.raises(OtherVersion) as caught:
        decode_reply(later)
    assert (caught.value.major, caught.value.request_id) == (2, 7)
