"""A board made of Python, behind a TCP port: for tests of sessions and of what is built on them.

It speaks the link as the firmware does, its model is ``predict`` below, and its line can lose, damage,
repeat and delay messages or reset it in the middle of a transfer, all from one seed.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
import zlib
from dataclasses import dataclass, field
from typing import Any

from aurora.device.codec import Refused, decode, encode
from aurora.device.framing import FrameDecoder, encode_frame
from aurora.spec.link import LINK_MAJOR, LINK_MINOR, MessageType, code_number, field_of, link_schema

FEATURES = 100  # so many that they take three vector messages
STATES, ACKS, ERRORS = "link/states.def", "link/acks.def", "link/errors.def"
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Faults:
    """Chances per message of the board: 0 to 1. ``reset_after``: lose all state after so many requests."""

    seed: int = 0
    drop: float = 0.0
    corrupt: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    delay_s: float = 0.05
    noise: float = 0.0
    reset_after: tuple[int, ...] = ()
    link_major: int = LINK_MAJOR


def predict(samples: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """The fake's model: features, calibrated features, input and output of a window, from its checksum."""
    numbers = [zlib.crc32(samples, n) % 1000 / 8 for n in range(FEATURES)]
    features = struct.pack(f"<{FEATURES}f", *numbers)
    calibrated = struct.pack(f"<{FEATURES}f", *(number - 1 for number in numbers))
    return features, calibrated, bytes(int(n) % 256 for n in numbers), bytes((zlib.crc32(samples) % 256, 7))


@dataclass
class _Memory:
    """What a reset loses."""

    boot_id: int
    windows: int = 0
    interval_id: int = 0
    last: tuple[int, list[bytes]] | None = None  # request_id and answer of the last window
    transfer: dict[str, Any] | None = None
    samples: bytearray = field(default_factory=bytearray)
    calibration_count: int = 0
    sums: bytearray = field(default_factory=lambda: bytearray(8 * FEATURES))


class FakeBoard:
    """Context manager; ``url`` is where it listens. ``requests`` are the names of those it understood."""

    def __init__(self, faults: Faults | None = None, *, windows: int = 1_000_000) -> None:
        self.faults, self.windows = faults or Faults(), windows
        self.requests: list[str] = []
        self._random = random.Random(self.faults.seed)  # noqa: S311 - faults to repeat, not secrets
        self._memory = _Memory(boot_id=1)
        self._frames = FrameDecoder()
        self._listener: socket.socket | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        """pyserial URL of the board."""
        assert self._listener is not None, "the board listens only inside its with block"
        return f"socket://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> FakeBoard:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_POLL_SECONDS)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        if self._listener is not None:
            self._listener.close()

    def _serve(self) -> None:
        assert self._listener is not None
        while not self._ending.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(_POLL_SECONDS)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        while not self._ending.is_set():
            try:
                data = connection.recv(4096)
                if not data:
                    return
                for answer in self.answers(data):
                    self._send(connection, answer)
            except TimeoutError:
                continue
            except OSError:
                return

    def _send(self, connection: socket.socket, payload: bytes) -> None:
        frame, faults, chance = bytearray(encode_frame(payload)), self.faults, self._random.random
        if chance() < faults.noise:
            connection.sendall(self._random.randbytes(self._random.randrange(1, 400)))
        if chance() < faults.delay:
            time.sleep(faults.delay_s)
        if chance() < faults.corrupt:
            frame[self._random.randrange(len(frame))] ^= 1 << self._random.randrange(8)
        if chance() >= faults.drop:
            connection.sendall(frame * (2 if chance() < faults.duplicate else 1))

    def answers(self, data: bytes) -> list[bytes]:
        """Payloads that these bytes from the host are answered with, before the line does its worst."""
        return [answer for payload in self._frames.feed(data) for answer in self._answer(payload)]

    def _answer(self, payload: bytes) -> list[bytes]:
        try:
            message, values = decode(payload, link_schema().towards(board=True))
        except Refused as refusal:
            return [_error(refusal.request_id, refusal.reason, refusal.number)]
        self.requests.append(message.name)
        if len(self.requests) in self.faults.reset_after:
            self._memory = _Memory(boot_id=self._memory.boot_id + 1)
            return [self._hello(0)]
        return self._handle(message, values)

    def _handle(self, message: MessageType, values: dict[str, Any]) -> list[bytes]:
        handler = getattr(self, f"_on_{message.name}")
        answers: list[bytes] = handler(**values)
        return answers

    def _on_hello_request(self, request_id: int, **_: int) -> list[bytes]:
        return [self._hello(request_id)]

    def _hello(self, request_id: int) -> bytes:
        return encode(
            "hello", request_id=request_id, link_major=self.faults.link_major, link_minor=LINK_MINOR,
            boot_id=self._memory.boot_id, board_id="fake", class_id=1, build_id=bytes(8), layout_id=bytes(32),
            features_version=1, features_n_max=4096, features_workspace_bytes=20480, pack_major=1,
            pack_minor=0, slot_bytes=131072, slot_erase_bytes=131072, pack_state=0, pack_id=b"fakepack",
            window_n=64, window_axes=3, feature_count=FEATURES, output_bytes=2, calibration_target=200,
            calibration_count=self._memory.calibration_count,
        )  # fmt: skip

    def _on_acquire(self, request_id: int, with_vectors: bool) -> list[bytes]:
        memory = self._memory
        if memory.last is None or memory.last[0] != request_id:
            if memory.windows == self.windows:
                return [_error(request_id, "NO_WINDOW", memory.windows)]
            samples = struct.pack("<I", memory.windows)
            memory.last = request_id, self._run(request_id, samples, "SENSOR", with_vectors)
        return memory.last[1]

    def _run(self, request_id: int, samples: bytes, source: str, with_vectors: bool) -> list[bytes]:
        memory, step = self._memory, field_of("vector", "chunk").high
        parts, vectors = predict(samples), []
        for kind, data in enumerate(parts if with_vectors else ()):
            vectors += [
                encode("vector", request_id=request_id, vector_kind=kind, total_bytes=len(data), offset=at,
                       chunk=data[at : at + step])
                for at in range(0, len(data), step)
            ]  # fmt: skip
        prediction = encode(
            "prediction", request_id=request_id, boot_id=memory.boot_id, sequence=memory.windows,
            source=code_number("link/sources.def", source), window_sequence=memory.windows,
            state=code_number(STATES, "MONITORING"), flags=0, fault_class=-1, scores=parts[3], alarm=False,
            votes=0, pack_id=b"fakepack", build_id=bytes(8), vector_count=len(vectors),
        )  # fmt: skip
        memory.windows += 1
        return [*vectors, prediction]

    def _on_window_begin(self, **values: Any) -> list[bytes]:
        self._memory.transfer, self._memory.samples = values, bytearray()
        return [_ack(values["request_id"], "TAKEN", 0)]

    def _on_window_chunk(self, request_id: int, transfer_id: int, offset: int, chunk: bytes) -> list[bytes]:
        memory = self._memory
        if memory.last is not None and memory.last[0] == request_id:
            return memory.last[1]
        begun, samples = memory.transfer, memory.samples
        if begun is None or begun["request_id"] != transfer_id:
            return [_ack(request_id, "NO_TRANSFER", 0)]
        if offset != len(samples):
            return [_ack(request_id, "REPEATED" if offset < len(samples) else "GAP", len(samples))]
        samples += chunk
        if len(samples) < 2 * begun["window_n"] * begun["window_axes"]:
            return [_ack(request_id, "TAKEN", len(samples))]
        if zlib.crc32(samples) != begun["window_crc32"]:
            return [_error(request_id, "BAD_WINDOW_CRC", zlib.crc32(samples))]
        answer = self._run(request_id, bytes(samples), "INJECTED", begun["with_vectors"])
        memory.last, memory.transfer = (request_id, answer), None
        return answer

    def _on_drift_query(self, request_id: int, channel: int) -> list[bytes]:
        if channel >= FEATURES:
            return [_error(request_id, "BAD_CHANNEL", FEATURES)]
        report = encode(
            "drift_report", request_id=request_id, channel=channel, channel_count=FEATURES,
            boot_id=self._memory.boot_id, interval_id=self._memory.interval_id, value_count=32,
            bins=struct.pack("<32I", *range(32)), mean=channel / 3, m2=1.0, m3=0.0, m4=2.0, saturated=0,
            missing=0, pack_id=b"fakepack", build_id=bytes(8),
        )  # fmt: skip
        return [report]

    def _on_drift_reset(self, request_id: int) -> list[bytes]:
        self._memory.interval_id += 1
        return [_ack(request_id, "TAKEN", 0)]

    def _on_calibration_get(self, request_id: int, offset: int) -> list[bytes]:
        sums, step = self._memory.sums, field_of("calibration", "chunk").high
        piece = encode(
            "calibration", request_id=request_id, calibration_target=200, total_bytes=len(sums),
            offset=offset, calibration_count=self._memory.calibration_count,
            chunk=bytes(sums[offset : offset + step]),
        )  # fmt: skip
        return [piece]

    def _on_calibration_set(
        self, request_id: int, calibration_count: int, total_bytes: int, offset: int, chunk: bytes
    ) -> list[bytes]:
        if total_bytes != len(self._memory.sums):
            return [_error(request_id, "BAD_CALIBRATION", len(self._memory.sums))]
        self._memory.sums[offset : offset + len(chunk)] = chunk
        end = offset + len(chunk)
        if end == total_bytes:
            self._memory.calibration_count = calibration_count
        return [_ack(request_id, "TAKEN", end)]

    def _on_health_query(self, request_id: int) -> list[bytes]:
        health = encode(
            "health", request_id=request_id, boot_id=self._memory.boot_id, uptime_ms=1234,
            state=code_number(STATES, "MONITORING"), windows_processed=self._memory.windows,
            frames_ok=self._frames.frames_ok, frames_bad=self._frames.frames_bad, stack_used_bytes=1000,
            ram_free_bytes=2000, reset_cause=1, selftest_failed=0,
        )  # fmt: skip
        return [health]


def _ack(request_id: int, status: str, next_offset: int) -> bytes:
    return encode("ack", request_id=request_id, status=code_number(ACKS, status), next_offset=next_offset)


def _error(request_id: int, name: str, detail: int) -> bytes:
    return encode("error", request_id=request_id, error_code=code_number(ERRORS, name), detail=detail)
