"""Cases of the link's table about single messages: good ones, later ones, and fields that are wrong."""

from __future__ import annotations

from typing import Any

import cbor2
from link_bytes import MESSAGES, Raw, case, f32, f64, frame, message, one, pairs_of, payload, refused


def raw(digits: str) -> Raw:
    return Raw(bytes.fromhex(digits))


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def valid() -> list[dict[str, Any]]:
    return [one("as version 1 writes it", name, payload(pairs_of(name)), message(name)) for name in MESSAGES]


def limits() -> list[dict[str, Any]]:
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("hello_request", "largest numbers", {"request_id": 0xFFFFFFFF, "link_major": 1, "link_minor": 255}),
        ("hello_request", "of a host of major version 2", {"link_major": 2}),
        ("acquire", "no vectors", {"with_vectors": False}),
        ("window_begin", "speed unknown", {"rpm": f32(0.0)}),
        ("window_begin", "infinite rate, for the application to refuse", {"rate_hz": f32(float("inf"))}),
        ("window_begin", "smallest denormal and minus zero", {"rate_hz": f32(1e-45), "rpm": f32(-0.0)}),
        ("window_begin", "one axis", {"window_axes": 1, "scale_g": bytes(4)}),
        ("window_begin", "eight axes", {"window_axes": 8, "scale_g": bytes(range(32))}),
        ("window_chunk", "empty chunk", {"chunk": b""}),
        ("window_chunk", "one byte", {"chunk": b"\xff"}),
        ("prediction", "largest fault class, no scores", {"fault_class": 127, "scores": b""}),
        ("prediction", "64 scores", {"scores": bytes(range(64))}),
        ("hello", "longest board id", {"board_id": "b" * 32}),
        ("hello", "unasked, after a start", {"request_id": 0}),
        ("health", "longest time", {"uptime_ms": (1 << 64) - 1}),
    ]
    return [one(what, name, payload(pairs_of(name, **c)), message(name, **c)) for name, what, c in changes]


def later_version() -> list[dict[str, Any]]:
    additions: list[tuple[str, list[tuple[Any, Any]]]] = [
        ("one key more", [(40, 1)]),
        ("the very next key", [(24, "next")]),
        ("the highest key there is", [(0xFFFFFFFF, 1)]),
        ("a text, bytes, a float, null, a negative number", [
            (40, "new"), (41, b"new"), (42, 1.5), (43, None), (44, -5)]),
        ("arrays and maps in each other", [(40, {"a": [1, {"b": [2, 3]}], 5: []})]),
        ("nested as deep as is allowed", [(40, nested(8))]),
        ("a tagged date and a big number", [(40, cbor2.CBORTag(0, "2026-01-01T00:00:00Z")), (41, 1 << 80)]),
        ("tags that cbor2 would refuse", [(40, raw("c001")), (41, raw("d81c05"))]),
        ("half-precision float and simple values", [
            (40, raw("f93c00")), (41, Raw(b"\xf7")), (42, Raw(b"\xf8\xff")), (43, Raw(b"\xe0"))]),
        ("numbers not in their shortest form", [(40, raw("1b0000000000000001"))]),
        ("indefinite array, map and strings", [
            (40, raw("9f01820203ff")), (41, raw("bf61610161629f0203ffff")),
            (42, raw("5f42010243030405ff")), (43, raw("7f61616162ff"))]),
        ("empty indefinite containers", [
            (40, raw("9fff")), (41, raw("bfff")), (42, raw("5fff"))]),
        ("text that is no UTF-8", [(40, raw("62c328"))]),
        ("thirty keys more", [(key, key) for key in range(40, 70)]),
    ]  # fmt: skip
    cases = [
        one(what, name, payload(pairs_of(name) + more), message(name))
        for what, more in additions
        for name in ("acquire", "ack")
    ]
    cases += [
        one("one key more", name, payload([*pairs_of(name), (99, [1, 2])]), message(name))
        for name in MESSAGES
        if name not in ("acquire", "ack", "window_chunk", "drift_report", "hello")
    ]
    cases += [
        one("a message that version 1 does not know", name, payload([(0, 200), (1, 5), (2, "?")]),
            refused("UNKNOWN_TYPE", name, number=200, request_id=5))
        for name in ("acquire", "ack")
    ]  # fmt: skip
    for to, name in (("board", "ack"), ("host", "acquire")):
        stream = frame(payload(pairs_of(name)))
        cases.append(case(f"{name} to the {to}", to, stream, refused("UNKNOWN_TYPE", name)))
    return cases


def wrong_types() -> list[dict[str, Any]]:
    cases = []
    for name, (_, _, fields) in MESSAGES.items():
        for field, value in fields.items():
            wrong = 5 if isinstance(value, str) else "wrong"
            lost = {"request_id": 0} if field == "request_id" else {}
            bad_field = refused("BAD_FIELD", name, **lost)
            pairs = pairs_of(name, **{field: wrong})
            cases.append(one(f"{field} of a wrong type", name, payload(pairs), bad_field))
            key = list(fields).index(field) + 1
            pairs = [pair for pair in pairs_of(name) if pair[0] != key]
            cases.append(one(f"{field} missing", name, payload(pairs), bad_field))
        unknown, others = refused("UNKNOWN_TYPE", name, number=0), pairs_of(name)[1:]
        cases.append(one("type of a wrong type", name, payload([(0, "wrong"), *others]), unknown))
        cases.append(one("type missing", name, payload(others), unknown))
    return cases


def wrong_values() -> list[dict[str, Any]]:
    changes: list[tuple[str, str, str, Any]] = [
        ("acquire", "with_vectors", "a number for a truth value", 1),
        ("acquire", "with_vectors", "null for a truth value", None),
        ("window_begin", "rate_hz", "float64 for float32", f64(25600.0)),
        ("window_begin", "rate_hz", "half precision for float32", raw("f97000")),
        ("window_begin", "rate_hz", "a whole number for float32", 25600),
        ("window_begin", "window_n", "a negative number", -1),
        ("window_begin", "window_n", "33 bits for 32", 1 << 32),
        ("window_begin", "window_n", "a float for a whole number", f32(4096.0)),
        ("window_begin", "window_n", "a tagged number", cbor2.CBORTag(1, 4096)),
        ("window_begin", "window_n", "4096 not in its shortest form", raw("1a00001000")),
        ("window_begin", "window_axes", "3 not in its shortest form", raw("1803")),
        ("window_begin", "window_axes", "9 bits for 8", 256),
        ("window_begin", "scale_g", "three bytes", bytes(3)),
        ("window_begin", "scale_g", "33 bytes", bytes(33)),
        ("window_chunk", "chunk", "193 bytes", bytes(193)),
        ("window_chunk", "chunk", "text for bytes", "x" * 10),
        ("window_chunk", "chunk", "in pieces", raw("5f41014102ff")),
        ("window_chunk", "chunk", "length not in its shortest form", raw("58020102")),
        ("window_chunk", "chunk", "an array of numbers", [1, 2]),
        ("drift_report", "mean", "float32 for float64", f32(0.5)),
        ("drift_report", "bins", "127 bytes", bytes(127)),
        ("prediction", "fault_class", "-2", -2),
        ("prediction", "fault_class", "128", 128),
        ("prediction", "fault_class", "-1 not in its shortest form", raw("3800")),
        ("prediction", "scores", "65 bytes", bytes(65)),
        ("hello", "board_id", "empty", ""),
        ("hello", "board_id", "33 bytes", "b" * 33),
        ("hello", "layout_id", "31 bytes", bytes(31)),
        ("health", "uptime_ms", "a big number", 1 << 64),
    ]
    return [
        one(f"{field}, {what}", name, payload(pairs_of(name, **{field: value})), refused("BAD_FIELD", name))
        for name, field, what, value in changes
    ]
