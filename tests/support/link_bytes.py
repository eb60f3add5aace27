"""Link messages written out by hand, and the bytes that carry them: nothing here is Aurora's own code.

CBOR comes from cbor2, COBS from cobs, CRC-32 from zlib; names, keys and values stand below.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any

import cbor2
from cobs import cobs


class Raw(bytes):
    """Bytes that stand for themselves in a message."""


def f32(value: float) -> Raw:
    return Raw(struct.pack(">Bf", 0xFA, value))


def f64(value: float) -> Raw:
    return Raw(struct.pack(">Bd", 0xFB, value))


# name: (who receives, number, {field: value} in the order of the keys from 1 on)
MESSAGES: dict[str, tuple[str, int, dict[str, Any]]] = {
    "hello_request": ("board", 1, {"request_id": 1, "link_major": 1, "link_minor": 0}),
    "acquire": ("board", 2, {"request_id": 7, "with_vectors": True}),
    "window_begin": ("board", 3, {
        "request_id": 300, "window_n": 4096, "window_axes": 3, "rate_hz": f32(25600.0), "rpm": f32(12.5),
        "scale_g": struct.pack("<3f", 0.001, 0.002, 0.004), "window_crc32": 0xDEADBEEF, "with_vectors": False,
    }),
    "window_chunk": ("board", 4, {
        "request_id": 301, "transfer_id": 300, "offset": 192, "chunk": bytes(range(192)),
    }),
    "drift_query": ("board", 5, {"request_id": 70000, "channel": 11}),
    "drift_reset": ("board", 6, {"request_id": 70001}),
    "calibration_get": ("board", 7, {"request_id": 70002, "offset": 96}),
    "calibration_set": ("board", 8, {
        "request_id": 70003, "calibration_count": 200, "total_bytes": 96, "offset": 0, "chunk": bytes(96),
    }),
    "health_query": ("board", 9, {"request_id": 0xFFFFFFFF}),
    "hello": ("host", 10, {
        "request_id": 1, "link_major": 1, "link_minor": 0, "boot_id": 0x01020304, "board_id": "mps2_an386",
        "class_id": 1, "build_id": bytes(range(8)), "layout_id": bytes(range(32)), "features_version": 1,
        "features_n_max": 4096, "features_workspace_bytes": 20480, "pack_major": 1, "pack_minor": 0,
        "slot_bytes": 524288, "slot_erase_bytes": 131072, "pack_state": 0, "pack_id": bytes(range(8, 16)),
        "window_n": 4096, "window_axes": 3, "feature_count": 60, "output_bytes": 7,
        "calibration_target": 200, "calibration_count": 17,
    }),
    "vector": ("host", 11, {
        "request_id": 7, "vector_kind": 0, "total_bytes": 240, "offset": 192, "chunk": bytes(48),
    }),
    "prediction": ("host", 12, {
        "request_id": 7, "boot_id": 0x01020304, "sequence": 41, "source": 0, "window_sequence": 1000,
        "state": 3, "flags": 4, "fault_class": -1, "scores": bytes((128, 0, 127)), "alarm": True, "votes": 3,
        "pack_id": bytes(range(8, 16)), "build_id": bytes(range(8)), "vector_count": 4,
    }),
    "ack": ("host", 13, {"request_id": 301, "status": 0, "next_offset": 384}),
    "drift_report": ("host", 14, {
        "request_id": 70000, "channel": 11, "channel_count": 67, "boot_id": 0x01020304, "interval_id": 2,
        "value_count": 31, "bins": struct.pack("<32I", *range(32)), "mean": f64(0.1), "m2": f64(2.5),
        "m3": f64(-1e-300), "m4": f64(1e300), "saturated": 1, "missing": 0, "pack_id": bytes(8),
        "build_id": bytes(range(8)),
    }),
    "calibration": ("host", 15, {
        "request_id": 70002, "calibration_target": 200, "calibration_count": 17, "total_bytes": 104,
        "offset": 96, "chunk": struct.pack("<d", 1.5),
    }),
    "health": ("host", 16, {
        "request_id": 9, "boot_id": 0x01020304, "uptime_ms": 1 << 40, "state": 3, "windows_processed": 1000,
        "frames_ok": 2000, "frames_bad": 3, "stack_used_bytes": 5000, "ram_free_bytes": 60000,
        "reset_cause": 1, "selftest_failed": 0,
    }),
    "error": ("host", 17, {"request_id": 7, "error_code": 3, "detail": 2}),
}  # fmt: skip


def item(value: Any) -> bytes:
    return value if isinstance(value, Raw) else cbor2.dumps(value)


def head(entries: int) -> bytes:
    return bytes([0xA0 | entries]) if entries < 24 else bytes([0xB8, entries])


def payload(pairs: list[tuple[Any, Any]], count: int | None = None) -> bytes:
    """A map of exactly these pairs, in this order; ``count`` lies about their number."""
    return head(len(pairs) if count is None else count) + b"".join(item(k) + item(v) for k, v in pairs)


def pairs_of(name: str, **changed: Any) -> list[tuple[int, Any]]:
    _, number, fields = MESSAGES[name]
    return [(0, number), *enumerate({**fields, **changed}.values(), start=1)]


def frame(data: bytes) -> bytes:
    return b"\0" + coded(data) + b"\0"


def coded(data: bytes) -> bytes:
    return bytes(cobs.encode(data + zlib.crc32(data).to_bytes(4, "little")))


def plain(value: Any) -> Any:
    """A value as the table shows it."""
    if isinstance(value, Raw):
        number = struct.unpack(">f" if value[0] == 0xFA else ">d", value[1:])[0]
        return number if math.isfinite(number) else str(number)
    return value.hex() if isinstance(value, bytes) else value


def message(name: str, **changed: Any) -> dict[str, Any]:
    return {"message": name, **{k: plain(v) for k, v in {**MESSAGES[name][2], **changed}.items()}}


def refused(
    reason: str, name: str, *, number: int | None = None, request_id: int | None = None
) -> dict[str, Any]:
    _, type_number, fields = MESSAGES[name]
    return {
        "refused": reason,
        "type": type_number if number is None else number,
        "request_id": fields["request_id"] if request_id is None else request_id,
    }


def case(name: str, to: str, stream: bytes, *expect: dict[str, Any], bad: int = 0) -> dict[str, Any]:
    return {"name": name, "to": to, "bytes": stream.hex(), "expect": list(expect), "frames_bad": bad}


def one(what: str, name: str, data: bytes, expect: dict[str, Any]) -> dict[str, Any]:
    """A case of one good frame."""
    return case(f"{name}: {what}", MESSAGES[name][0], frame(data), expect)


