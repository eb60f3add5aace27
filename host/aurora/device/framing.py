"""Link frames on the host: COBS between zero bytes, with a CRC-32 (see firmware/lib/link/SPEC.md)."""

from __future__ import annotations

import zlib

from cobs import cobs

FRAME_MAX_BYTES = 256  # as in frame.h, which a test compares: coded bytes and the closing zero
PAYLOAD_MAX_BYTES = 250
CRC_BYTES = 4
DELIMITER = b"\0"


def encode_frame(payload: bytes) -> bytes:
    """The bytes on the wire; a zero before them ends what noise may have begun on an idle line.

    Raises ValueError for an empty payload or one of more than PAYLOAD_MAX_BYTES.
    """
    if not 0 < len(payload) <= PAYLOAD_MAX_BYTES:
        raise ValueError(f"a frame holds 1 to {PAYLOAD_MAX_BYTES} bytes, not {len(payload)}")
    coded: bytes = cobs.encode(payload + zlib.crc32(payload).to_bytes(CRC_BYTES, "little"))
    return DELIMITER + coded + DELIMITER


class FrameDecoder:
    """Finds the frames in any stream of bytes; takes up again at the next delimiter after damage.

    ``frames_ok`` counts frames with a right CRC, ``frames_bad`` those dropped for their length, their
    coding or their CRC. Bytes held are bounded by FRAME_MAX_BYTES.
    """

    def __init__(self) -> None:
        self.frames_ok = 0
        self.frames_bad = 0
        self._coded = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come; the payloads that they completed."""
        *ended, rest = data.split(DELIMITER)
        payloads = []
        for piece in ended:
            payload = self._finish(piece)
            if payload is not None:
                payloads.append(payload)
        self._hold(rest)
        return payloads

    def _hold(self, piece: bytes) -> None:
        room = FRAME_MAX_BYTES - len(self._coded)  # a byte more than a good frame may have: too long shows
        self._coded += piece[:room]

    def _finish(self, piece: bytes) -> bytes | None:
        self._hold(piece)
        coded, self._coded = bytes(self._coded), bytearray()
        if not coded:
            return None  # delimiters in a row: no frame, and no fault
        if len(coded) < FRAME_MAX_BYTES:
            try:
                data: bytes = cobs.decode(coded)
            except cobs.DecodeError:
                data = b""
            payload, crc = data[:-CRC_BYTES], data[-CRC_BYTES:]
            if payload and zlib.crc32(payload) == int.from_bytes(crc, "little"):
                self.frames_ok += 1
                return payload
        self.frames_bad += 1
        return None
