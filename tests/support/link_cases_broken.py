"""Cases of the link's table about broken bytes: maps that are none; streams with noise, loss and damage."""

from __future__ import annotations

import zlib
from typing import Any

import cbor2
from cobs import cobs
from link_bytes import Raw, case, coded, frame, item, message, one, pairs_of, payload, refused
from link_cases import nested


def order() -> list[dict[str, Any]]:
    cases = []
    for name in ("acquire", "window_begin", "ack", "prediction"):
        good = pairs_of(name)
        key = len(good) - 1
        swapped = [*good[:-2], good[-1], good[-2]]
        late = [*good[:-1], (40, 1), good[-1]]
        malformed = refused("MALFORMED", name)
        cases += [
            one("last key twice", name, payload([*good, good[-1]]), malformed),
            one("last key again, of a wrong type", name, payload([*good, (key, "x")]), malformed),
            one("a known key again after a new one", name, payload([*good, (40, 1), good[-1]]), malformed),
            one("a new key twice", name, payload([*good, (40, 1), (40, 1)]), malformed),
            one("type twice", name, payload([good[0], *good]), refused("MALFORMED", name, request_id=0)),
            one("two keys in the wrong order", name, payload(swapped),
                refused("MALFORMED", name, request_id=0 if swapped[-1][0] == 1 else None)),
            one("a known key after a new one", name, payload(late), malformed),
            one("new keys in the wrong order", name, payload([*good, (41, 1), (40, 1)]), malformed),
            one("type last", name, payload([*good[1:], good[0]]), refused("MALFORMED", name, number=0)),
        ]  # fmt: skip
    return cases


def not_one_map() -> list[dict[str, Any]]:
    name = "acquire"
    good = pairs_of(name)
    body = payload(good)[1:]
    def new(value: str) -> bytes:
        return payload([*good, (40, Raw(bytes.fromhex(value)))])

    unread = {"number": 0, "request_id": 0}
    data: list[tuple[str, bytes, dict[str, int]]] = [
        ("one byte after the map", payload(good) + b"\0", {}),
        ("a second message after the map", payload(good) * 2, {}),
        ("fewer entries announced than follow", payload(good, count=2), {}),
        ("more entries announced than follow", payload(good, count=4), {}),
        ("cut off in the last value", payload([*good, (40, "abcdef")])[:-2], {}),
        ("cut off after a key", payload([*good, (40, 1)])[:-1], {}),
        ("an array", cbor2.dumps([0, 2, 1, 7]), unread),
        ("a number", cbor2.dumps(7), unread),
        ("a lone break", b"\xff", unread),
        ("map of indefinite length", b"\xbf" + body + b"\xff", unread),
        ("map of indefinite length, longer", b"\xbf" + body + b"\x03" + item(bytes(40)) + b"\xff", unread),
        ("number of entries not in its shortest form", b"\xb8\x03" + body, unread),
        ("more entries than bytes", b"\xb8\xff" + body, unread),
        ("2^64-1 entries", b"\xbb" + b"\xff" * 8 + body, unread),
        ("reserved head", b"\xbc" + body, unread),
        ("a key not in its shortest form", payload([good[0], (Raw(b"\x18\x01"), 7)]), {"request_id": 0}),
        ("a negative key", payload([*good, (-1, 1)]), {}),
        ("a negative key of a high number", payload([*good, (-41, 1)]), {}),
        ("a text key", payload([*good, ("key", 1)]), {}),
        ("a key of 33 bits", payload([*good, (1 << 32, 1)]), {}),
        ("nested too deep", payload([*good, (40, nested(9))]), {}),
        ("100 open arrays", payload([*good, (40, Raw(b"\x9f" * 100))]), {}),
        ("tags without end", payload([*good, (40, Raw(b"\xc1" * 100))]), {}),
        ("an array of 2^64-1 items", new("9bffffffffffffffff"), {}),
        ("a map of 2^63 pairs", new("bb8000000000000000"), {}),
        ("a string of 2^64-1 bytes", new("5bffffffffffffffff"), {}),
        ("a string longer than the message", new("5864010203"), {}),
        ("a break where a value is due", new("ff"), {}),
        ("a tag with no value in an open array", new("9fc1ff"), {}),
        ("a tag of indefinite length", new("df01ff"), {}),
        ("an open map with a key and no value", new("bf01ff"), {}),
        ("an open array that never ends", new("9f0102"), {}),
        ("a text piece in an open byte string", new("5f6161ff"), {}),
        ("an open piece in an open byte string", new("5f5f4101ffff"), {}),
        ("a simple value below 32 in two bytes", new("f810"), {}),
        ("reserved additional information", new("1c"), {}),
        ("a number of indefinite length", new("1f"), {}),
        ("a float cut off", payload([*good, (40, Raw(b"\xfa\x00\x00"))]), {}),
    ]
    return [
        case(f"{what} (to the {to})", to, frame(bytes_), refused("MALFORMED", name, **unknown))
        for what, bytes_, unknown in data
        for to in ("board", "host")
    ]


def dense_payload() -> bytes:
    """A message without a zero byte, and with none in its CRC."""
    for last in range(1, 256):
        data = payload([(Raw(b"\x18\x40"), 1), (65, b"\xaa" * 200 + bytes([last]))])
        if 0 not in data and 0 not in zlib.crc32(data).to_bytes(4, "little"):
            return data
    raise AssertionError("no such message")


def framing() -> list[dict[str, Any]]:
    good = payload(pairs_of("acquire"))
    ok = message("acquire")
    wire = frame(good)
    flipped = bytearray(coded(good))
    flipped[3] ^= 1
    long_chunk = pairs_of("window_chunk")
    room = 250 - len(payload([*long_chunk, (40, b"x" * 24)])) + 24
    longest = payload([*long_chunk, (40, b"\x01" * room)])
    assert len(longest) == 250
    dense = dense_payload()
    overstated = bytearray(coded(dense))
    overstated[0] += 1  # it has no zero: the first block is the only one
    over = payload([*long_chunk, (40, b"\x01" * (room + 1))])
    return [
        case("nothing", "board", b""),
        case("delimiters only", "board", b"\0" * 20),
        case("no leading delimiter", "board", wire[1:], ok),
        case("no closing delimiter: not yet a frame", "board", wire[:-1]),
        case("many delimiters around", "board", b"\0" * 9 + wire + b"\0" * 9, ok),
        case("two frames with two delimiters between", "board", wire + wire, ok, ok),
        case("two frames that share a delimiter", "board", wire + wire[1:], ok, ok),
        case("noise, then a frame with its leading delimiter", "board", b"\x55\xaa\x12" + wire, ok, bad=1),
        case("noise that eats a frame without one", "board", b"\x55\xaa\x12" + wire[1:] + wire, ok, bad=1),
        case("garbage between frames", "board", wire + b"\x01\x02\xff\x00\x41" + wire, ok, ok, bad=2),
        case("600 bytes without a delimiter, then a frame", "board", b"\x33" * 600 + wire, ok, bad=1),
        case("255 times 0xff, then a frame", "board", b"\xff" * 255 + wire, ok, bad=1),
        case("256 times 0xff, then a frame", "board", b"\xff" * 256 + wire, ok, bad=1),
        case("every byte value, then a frame", "board", bytes(range(256)) + wire, ok, bad=1),
        case("one bit flipped", "board", b"\0" + bytes(flipped) + b"\0" + wire, ok, bad=1),
        case("wrong CRC", "board", b"\0" + cobs.encode(good + b"\1\2\3\4") + b"\0", bad=1),
        case("CRC in the wrong byte order", "board",
             b"\0" + cobs.encode(good + zlib.crc32(good).to_bytes(4, "big")) + b"\0", bad=1),
        case("no CRC", "board", b"\0" + cobs.encode(good) + b"\0", bad=1),
        case("CRC alone: an empty payload", "board", frame(b""), bad=1),
        case("three bytes", "board", b"\0" + cobs.encode(b"abc") + b"\0", bad=1),
        case("cut off in the middle, then a frame", "board", wire[:6] + wire, ok, bad=1),
        case("last byte lost, then a frame", "board", wire[:-2] + wire, ok, bad=1),
        case("first byte lost", "board", b"\0" + wire[2:] + wire, ok, bad=1),
        case("a byte twice", "board", wire[:4] + wire[3:] + wire, ok, bad=1),
        case("longest frame: 256 bytes", "board", frame(longest), message("window_chunk")),
        case("one byte too long", "board", frame(over) + wire, ok, bad=1),
        case("too long by far", "board", frame(payload([*long_chunk, (40, bytes(400))])) + wire, ok, bad=1),
        case("longest frame, and one byte more", "board", frame(longest)[:-1] + b"\x55" + wire, ok, bad=1),
        case("a block that says it is longer than it is", "board", b"\0" + overstated + wire, ok, bad=1),
        case("no zero in it", "board", frame(dense),
             refused("UNKNOWN_TYPE", "acquire", number=0, request_id=0)),
        case("zeros only in it", "board", frame(bytes(100)),
             refused("MALFORMED", "acquire", number=0, request_id=0)),
    ]  # fmt: skip
