"""Boards that answer in good form and contradict themselves: the session notices, and ends."""

from __future__ import annotations

from typing import Any

import pytest
from aurora.device.codec import encode
from aurora.device.session import Session
from aurora.device.testing import FEATURES, FakeBoard
from aurora.errors import AuroraError, LinkDead, NotOurDevice
from aurora.spec.link import code_number


def ask(board: FakeBoard, method: str, *arguments: Any) -> AuroraError:
    """The error that asking this board ends with."""
    with (
        board,
        Session(board.url, timeout_s=1.0, attempts=3) as session,
        pytest.raises(AuroraError) as caught,
    ):
        getattr(session, method)(*arguments)
    assert "\n" not in str(caught.value)
    return caught.value


class Calibration(FakeBoard):
    """Answers calibration_get with these changes to each piece, which may depend on how many it has sent."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self.changes, self.sent = changes, 0

    def _on_calibration_get(self, request_id: int, offset: int) -> list[bytes]:
        self.sent += 1
        good = {"calibration_target": 200, "calibration_count": 9, "total_bytes": 800, "offset": offset}
        chunk = bytes(min(192, 800 - offset))
        changes = {k: v(self.sent) if callable(v) else v for k, v in self.changes.items()}
        return [encode("calibration", request_id=request_id, **{**good, "chunk": chunk, **changes})]


@pytest.mark.parametrize(
    "changes",
    [
        {"offset": 0},
        {"chunk": b""},
        {"total_bytes": 1 << 30},
        {"calibration_count": lambda sent: sent},
        {"total_bytes": 100},
    ],
    ids=["always the first piece", "empty pieces", "a gigabyte", "counts on meanwhile", "more than it says"],
)
def test_a_calibration_that_does_not_fit_together(changes: dict[str, Any]) -> None:
    board = Calibration(**changes)
    error = ask(board, "calibration_get")
    assert isinstance(error, LinkDead)
    assert "gave up on the calibration" in str(error)
    assert board.sent <= 20


def test_a_calibration_that_changes_once_is_read_again() -> None:
    board = Calibration(calibration_count=lambda sent: 1 if sent < 3 else 2)
    with board, Session(board.url) as session:
        calibration = session.calibration_get()
    assert (calibration.count, len(calibration.sums)) == (2, 800)


class Vectors(FakeBoard):
    """Sends vectors whose pieces do not make a whole."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self.changes = changes

    def _on_acquire(self, request_id: int, with_vectors: bool) -> list[bytes]:
        vector = {"vector_kind": 0, "total_bytes": 8, "offset": 0, "chunk": bytes(8), **self.changes}
        prediction = self._run(request_id, b"", "SENSOR", with_vectors=True)[-1]
        prediction = prediction.replace(b"\x0e\x08", b"\x0e\x01")  # vector_count: 1 and not 8
        return [encode("vector", request_id=request_id, **vector), prediction]


@pytest.mark.parametrize("changes", [{"offset": 4}, {"total_bytes": 12}], ids=["a hole", "too short"])
def test_vectors_that_do_not_fit_together(changes: dict[str, Any]) -> None:
    error = ask(Vectors(**changes), "acquire")
    assert isinstance(error, NotOurDevice)
    assert "do not fit together" in str(error)


class Acks(FakeBoard):
    """Acknowledges every chunk of a window and never predicts."""

    def __init__(self, next_offset: int) -> None:
        super().__init__()
        self.next_offset = next_offset

    def _on_window_chunk(self, request_id: int, **_: Any) -> list[bytes]:
        status = code_number("link/acks.def", "TAKEN")
        return [encode("ack", request_id=request_id, status=status, next_offset=self.next_offset)]


@pytest.mark.parametrize("next_offset", [0, 1 << 31], ids=["stands still", "runs ahead"])
def test_a_transfer_that_does_not_end(next_offset: int) -> None:
    from test_link_session import WINDOW

    board = Acks(next_offset)
    assert "gave up on the window" in str(ask(board, "inject_window", WINDOW))
    assert len(board.requests) < 100


def test_a_drift_interval_that_keeps_changing() -> None:
    class Restless(FakeBoard):
        def _on_drift_query(self, request_id: int, channel: int) -> list[bytes]:
            self._memory.interval_id += 1
            return super()._on_drift_query(request_id, channel)

    board = Restless()
    assert "gave up on the drift report" in str(ask(board, "drift_reports"))
    assert len(board.requests) == 3 * FEATURES + 1


def test_a_busy_board_is_asked_again() -> None:
    class Busy(FakeBoard):
        def _on_health_query(self, request_id: int) -> list[bytes]:
            if len(self.requests) < 4:
                busy = code_number("link/errors.def", "BUSY")
                return [encode("error", request_id=request_id, error_code=busy, detail=1)]
            return super()._on_health_query(request_id)

    with Busy() as board, Session(board.url) as session:
        session.health()
        assert board.requests == ["hello_request", *["health_query"] * 3]
