"""CBOR of the link's messages: what aurora.cddl says, no more and no less.

The walk over a message (one map of ascending keys, well-formed values, nothing behind it) is the firmware's
own, through ``aurora._device``; what a field may hold comes from the CDDL at run time.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from typing import Any

import cbor2

from aurora._device import ffi, lib
from aurora.spec.link import LINK_MAJOR, Field, MessageType, link_schema

KEY_TYPE, KEY_REQUEST_ID = 0, 1
_FIRST_BYTE = {"float32": (0xFA,), "float64": (0xFB,), "bool": (0xF4, 0xF5)}
_MAJOR_TYPES = {"uint": (0,), "int": (0, 1), "bytes": (2,), "text": (3,)}


class Refused(ValueError):
    """A payload that a receiver does not take. ``reason`` is a name of errors.def; type and request_id are
    what could be read of the message, else 0."""

    def __init__(self, reason: str, number: int = 0, request_id: int = 0, what: str = "") -> None:
        super().__init__(f"{reason}{': ' if what else ''}{what}")
        self.reason, self.number, self.request_id = reason, number, request_id


class OtherVersion(Refused):
    """A hello of another major version, of which only the first keys can be read."""

    def __init__(self, major: int, request_id: int) -> None:
        number = link_schema().messages["hello"].number
        super().__init__("BAD_FIELD", number, request_id, f"link version {major}")
        self.major = major


def encode(name: str, **values: object) -> bytes:
    """The payload of one message; ValueError where a value is missing, unknown, or not what the CDDL says."""
    message = link_schema().messages[name]
    if {field.name for field in message.fields.values()} != values.keys():
        raise ValueError(f"{name} takes {', '.join(field.name for field in message.fields.values())}")
    out = io.BytesIO()
    encoder = cbor2.CBOREncoder(out)
    encoder.encode_length(5, 1 + len(message.fields))  # 5: a map
    encoder.encode(KEY_TYPE)
    encoder.encode(message.number)
    for key, field in message.fields.items():
        encoder.encode(key)
        encoder.write(_encoded(name, field, values[field.name]))
    return out.getvalue()


def decode(payload: bytes, known: Mapping[int, MessageType]) -> tuple[MessageType, dict[str, Any]]:
    """The message in ``payload`` and its fields by name; raises Refused.

    ``known`` are the messages that this end receives: ``link_schema().towards(board=...)``.
    """
    entries, whole = _walk(payload)
    number, request_id = (_unsigned(entries.get(key)) for key in (KEY_TYPE, KEY_REQUEST_ID))
    if not whole:
        raise Refused("MALFORMED", number, request_id)
    message = known.get(number)
    if message is None:
        raise Refused("UNKNOWN_TYPE", number, request_id)
    values: dict[str, Any] = {}
    for key, field in message.fields.items():
        try:
            values[field.name] = _decoded(field, entries[key])
        except KeyError:
            raise Refused("BAD_FIELD", number, request_id, f"{field.name} is missing") from None
        except ValueError as error:
            raise Refused("BAD_FIELD", number, request_id, f"{field.name} {error}") from None
        if message.name == "hello" and field.name == "link_major" and values["link_major"] != LINK_MAJOR:
            raise OtherVersion(values["link_major"], request_id)
    return message, values


def _walk(payload: bytes) -> tuple[dict[int, bytes], bool]:
    """The bytes of each value by key, and whether the whole payload was one good map."""
    data = ffi.from_buffer("uint8_t[]", payload)
    walk, entry = ffi.new("link_map *"), ffi.new("link_entry *")
    entries: dict[int, bytes] = {}
    if lib.link_map_open(walk, data, len(payload)) != 0:
        return entries, False
    while (step := lib.link_map_next(walk, entry)) == 1:
        entries[entry.key] = bytes(ffi.buffer(entry.value, entry.value_bytes))
    return entries, step == 0


def _unsigned(raw: bytes | None) -> int:
    """The number in ``raw`` where it is an unsigned one of 32 bits in its shortest form, else 0."""
    try:
        return 0 if raw is None else int(_decoded(Field("", "uint", 0, 0xFFFFFFFF, ""), raw))
    except ValueError:
        return 0


def _decoded(field: Field, raw: bytes) -> Any:
    """The value in one well-formed item; ValueError where it is not what the field says."""
    first = raw[0]
    by_type = first >> 5 in _MAJOR_TYPES.get(field.kind, ())
    if not by_type and first not in _FIRST_BYTE.get(field.kind, ()):
        raise ValueError(f"is not {field.kind}")
    value = cbor2.loads(raw)  # of a well-formed item only bad UTF-8 fails, with a ValueError
    if by_type and cbor2.dumps(value) != raw:
        raise ValueError("is not in its shortest form, or in pieces")
    _refuse_outside(field, value)
    return value


def _refuse_outside(field: Field, value: Any) -> None:
    if field.kind in ("uint", "int") and not field.low <= value <= field.high:
        raise ValueError(f"must be {field.low} to {field.high}, not {value}")
    if field.kind in ("bytes", "text"):
        length = len(value if isinstance(value, bytes) else value.encode())
        if not field.low <= length <= field.high:
            raise ValueError(f"must have {field.low} to {field.high} bytes, not {length}")


def _encoded(message: str, field: Field, value: object) -> bytes:
    kinds: dict[str, type | tuple[type, ...]] = {
        "uint": int, "int": int, "bool": bool, "bytes": bytes, "text": str,
        "float32": (float, int), "float64": (float, int),
    }  # fmt: skip
    if not isinstance(value, kinds[field.kind]) or (isinstance(value, bool) and field.kind != "bool"):
        raise ValueError(f"{message}.{field.name} must be {field.kind}, not {type(value).__name__}")
    try:
        _refuse_outside(field, value)
        if field.kind == "float32":
            return struct.pack(">Bf", 0xFA, value)  # cbor2 alone would write a float64
        return struct.pack(">Bd", 0xFB, value) if field.kind == "float64" else cbor2.dumps(value)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{message}.{field.name} {error}") from error
