"""A session with one board: what can be asked of it, one method each."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from aurora._device import lib
from aurora.device.exchange import ATTEMPTS, TIMEOUT_SECONDS, Answer, Exchange
from aurora.device.injection import Window
from aurora.device.line import BAUD, Line
from aurora.device.messages import Ack, CalibrationPiece, DriftReport, Health, Hello, Prediction
from aurora.errors import LinkDead, NotOurDevice
from aurora.spec.link import LINK_MAJOR, LINK_MINOR, code_number, codes, field_of

CALIBRATION_MAX_BYTES = 8 * lib.FEATURES_MAX
RESTARTS = 3  # how often a transfer begins again because the board was reset
_R = TypeVar("_R", Ack, CalibrationPiece, DriftReport, Health, Hello)


@dataclass(frozen=True)
class Inference:
    """A prediction and what led to it: little-endian float32 features, int8 input and output (empty where
    vectors were not asked for, or the board did not get that far)."""

    prediction: Prediction
    features: bytes
    calibrated: bytes
    input: bytes
    output: bytes


@dataclass(frozen=True)
class Calibration:
    """A unit's self-calibration: ``sums`` float64 little-endian, one a feature, over ``count`` of ``target``
    windows. Sums and not means: a calibration carried from start to start keeps its bits."""

    target: int
    count: int
    sums: bytes


class Session:
    """Context manager. Opens ``url`` and greets the board on entry; ``board`` is what it said of itself.

    ``timeout_s`` is the wait for one answer, ``attempts`` how often a request is sent before the session
    gives up. Raises LinkBusy, LinkDead, NotOurDevice, VersionMismatch; a refused request DeviceRefused.
    """

    board: Hello

    def __init__(
        self, url: str, *, timeout_s: float = TIMEOUT_SECONDS, attempts: int = ATTEMPTS, baud: int = BAUD
    ) -> None:
        self.url, self._timeout_s, self._attempts, self._baud = url, timeout_s, attempts, baud
        self._line: Line | None = None

    def __enter__(self) -> Session:
        self._line = Line(self.url, baud=self._baud)
        try:
            self._exchange = Exchange(self._line, timeout_s=self._timeout_s, attempts=self._attempts)
            self.board = self.hello()
        except BaseException:
            self._line.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.close()

    def hello(self) -> Hello:
        """Ask the board again what it is; the state of its pack and calibration changes over time."""
        return self._one("hello_request", Hello, link_major=LINK_MAJOR, link_minor=LINK_MINOR)

    def health(self) -> Health:
        """Counters and state of the board."""
        return self._one("health_query", Health)

    def acquire(self, detail: bool = True) -> Inference:
        """Have the board take its next sensor window; with ``detail`` features, input and output come too."""
        return self._inference(self._exchange.ask("acquire", Prediction, with_vectors=detail))

    def inject_window(self, window: Window, detail: bool = True) -> Inference:
        """Send one window and have the board run it, marked as injected: no part of drift or alarms."""
        for _ in range(RESTARTS):
            begun = self._one(
                "window_begin", Ack, window_n=window.n, window_axes=window.axes, rate_hz=window.rate_hz,
                rpm=window.rpm, scale_g=window.scale_g_bytes, window_crc32=zlib.crc32(window.samples),
                with_vectors=detail,
            )  # fmt: skip
            answer = self._send_samples(window.samples, self._exchange.last_id, begun.next_offset)
            if answer is not None:
                return self._inference(answer)
        raise self._gave_up("the window")

    def drift_report(self, channel: int) -> DriftReport:
        """What one channel has seen in the running interval."""
        return self._one("drift_query", DriftReport, channel=channel)

    def drift_reports(self) -> tuple[DriftReport, ...]:
        """All channels of one and the same interval."""
        for _ in range(RESTARTS):
            first = self.drift_report(0)
            reports = (first, *(self.drift_report(channel) for channel in range(1, first.channel_count)))
            if len({(report.boot_id, report.interval_id) for report in reports}) == 1:
                return reports
        raise self._gave_up("the drift report")

    def drift_reset(self) -> None:
        """Start a new drift interval on every channel."""
        self._one("drift_reset", Ack)

    def calibration_get(self) -> Calibration:
        """The unit's self-calibration as the board holds it."""
        for _ in range(RESTARTS):
            first = piece = self._one("calibration_get", CalibrationPiece, offset=0)
            sums = piece.chunk
            while piece.chunk and len(sums) < min(first.total_bytes, CALIBRATION_MAX_BYTES):
                piece = self._one("calibration_get", CalibrationPiece, offset=len(sums))
                if not _goes_on(first, piece, len(sums)):
                    break
                sums += piece.chunk
            if len(sums) == first.total_bytes:
                return Calibration(first.calibration_target, first.calibration_count, sums)
        raise self._gave_up("the calibration")

    def calibration_set(self, count: int, sums: bytes) -> None:
        """Replace the unit's self-calibration by ``sums`` (float64 little-endian) over ``count`` windows."""
        chunk_bytes, offset = field_of("calibration_set", "chunk").high, 0
        for _ in range(2 * len(sums) // chunk_bytes + RESTARTS):
            ack = self._one(
                "calibration_set", Ack, calibration_count=count, total_bytes=len(sums), offset=offset,
                chunk=sums[offset : offset + chunk_bytes],
            )  # fmt: skip
            offset = min(ack.next_offset, len(sums))
            if offset == len(sums):
                return
        raise self._gave_up("the calibration")

    def _send_samples(self, samples: bytes, transfer_id: int, offset: int) -> Answer | None:
        """Send chunks until the board predicts; None where it lost the transfer and wants a new one."""
        chunk_bytes = field_of("window_chunk", "chunk").high
        for _ in range(2 * len(samples) // chunk_bytes + RESTARTS):  # twice: some may have to be sent again
            answer = self._exchange.ask(
                "window_chunk", Ack, Prediction, transfer_id=transfer_id, offset=offset,
                chunk=samples[offset : offset + chunk_bytes],
            )  # fmt: skip
            if not isinstance(answer.reply, Ack):
                return answer
            if answer.reply.status == code_number("link/acks.def", "NO_TRANSFER"):
                return None
            offset = min(answer.reply.next_offset, len(samples))
        return None

    def _one(self, request: str, reply: type[_R], **fields: object) -> _R:
        answer = self._exchange.ask(request, reply, **fields).reply
        assert isinstance(answer, reply)
        return answer

    def _inference(self, answer: Answer) -> Inference:
        assert isinstance(answer.reply, Prediction)
        whole: dict[str, bytes] = {}
        for kind, code in codes("link/vectors.def").items():
            pieces = sorted((v for v in answer.vectors if v.vector_kind == kind), key=lambda v: v.offset)
            whole[code.name.lower()] = b"".join(piece.chunk for piece in pieces)
            ends = [0, *(piece.offset + len(piece.chunk) for piece in pieces)]
            fits = [piece.offset for piece in pieces] == ends[:-1]
            if not fits or any(piece.total_bytes != ends[-1] for piece in pieces):
                what = f"the pieces of {code.words} do not fit together"
                raise NotOurDevice(what, where=self.url, hint="flash the board anew")
        return Inference(answer.reply, **whole)

    def _gave_up(self, what: str) -> LinkDead:
        return LinkDead(f"gave up on {what} after {RESTARTS} tries", where=self.url, hint="reset the board")


def _goes_on(first: CalibrationPiece, piece: CalibrationPiece, offset: int) -> bool:
    """False where the board has taken a window, or was reset, since it sent the first piece."""
    same = (offset, first.calibration_target, first.calibration_count, first.total_bytes)
    return same == (piece.offset, piece.calibration_target, piece.calibration_count, piece.total_bytes)
