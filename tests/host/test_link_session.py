"""A session against the fake board: whatever the line does, an answer is right or there is an error."""

from __future__ import annotations

import array
import struct

import pytest
from aurora.device.describe import describe
from aurora.device.exchange import BoardRefused
from aurora.device.injection import Window
from aurora.device.messages import Health, Hello, Prediction
from aurora.device.session import Inference, Session
from aurora.device.testing import FEATURES, FakeBoard, Faults, predict
from aurora.device.watch import watch
from aurora.errors import LinkDead

SHORT = {"timeout_s": 0.08, "attempts": 40}
N, AXES = 192, 3
WINDOW = Window(bytes(i * 7 % 256 for i in range(2 * N * AXES)), N, AXES, 25600.0, (0.001, 0.002, 0.004))
BAD_LINES = {
    "loses every fourth message": Faults(seed=1, drop=0.25),
    "damages every fourth message": Faults(seed=2, corrupt=0.25),
    "says everything twice": Faults(seed=3, duplicate=1.0),
    "is late, so that answers cross": Faults(seed=4, delay=0.1, delay_s=0.12),
    "is noisy": Faults(seed=5, noise=0.5),
    "does all of it": Faults(seed=6, drop=0.1, corrupt=0.1, duplicate=0.2, delay=0.05, noise=0.1),
    "is reset in the middle": Faults(seed=7, reset_after=(5, 10)),
}


def sensor_window(number: int) -> tuple[bytes, bytes, bytes, bytes]:
    """What the fake board's model makes of its own window of this number."""
    return predict(struct.pack("<I", number))


def parts(inference: Inference) -> tuple[bytes, bytes, bytes, bytes]:
    return inference.features, inference.calibrated, inference.input, inference.output


def test_a_session_on_a_good_line() -> None:
    with FakeBoard() as board, Session(board.url) as session:
        assert session.board.board_id == "fake"
        first, plain = session.acquire(), session.acquire(detail=False)
        assert parts(first) == sensor_window(0)
        assert (first.prediction.sequence, plain.prediction.sequence) == (0, 1)
        assert (plain.features, plain.prediction.scores) == (b"", sensor_window(1)[3])
        assert [report.mean for report in session.drift_reports()] == [n / 3 for n in range(FEATURES)]
        session.drift_reset()
        assert session.drift_report(1).interval_id == 1
        sums = struct.pack(f"<{FEATURES}d", *(n / 7 for n in range(FEATURES)))
        session.calibration_set(200, sums)
        calibration = session.calibration_get()
        assert (calibration.target, calibration.count, calibration.sums) == (200, 200, sums)
        assert session.hello().calibration_count == 200
        health = session.health()
        assert (health.frames_bad, health.windows_processed) == (0, 2)


@pytest.mark.parametrize("faults", BAD_LINES.values(), ids=[name.replace(" ", "-") for name in BAD_LINES])
def test_answers_are_right_on_a_line_that(faults: Faults) -> None:
    with FakeBoard(faults) as board, Session(board.url, **SHORT) as session:
        injected = session.inject_window(WINDOW)
        assert parts(injected) == predict(WINDOW.samples)
        before = session.hello()
        sequences = []
        for _ in range(8):
            answer = session.acquire()
            sequences.append((answer.prediction.boot_id, answer.prediction.sequence))
            assert (answer.features, answer.output) == sensor_window(answer.prediction.sequence)[::3]
        # nothing ran twice and nothing was skipped, except where a reset began a new count
        assert len(set(sequences)) == len(sequences)
        if session.hello().boot_id == before.boot_id:
            assert [s for _, s in sequences] == list(range(sequences[0][1], sequences[0][1] + 8))
        session.calibration_set(5, bytes(8 * FEATURES))
        assert session.calibration_get().count == 5


def test_a_window_goes_on_after_a_reset_in_the_middle_of_it() -> None:
    with FakeBoard(Faults(reset_after=(5,))) as board, Session(board.url, **SHORT) as session:
        assert session.inject_window(WINDOW).output == predict(WINDOW.samples)[3]
        assert board.requests.count("window_begin") == 2
        assert session.hello().boot_id == 2


def test_a_board_that_resets_again_and_again_is_given_up() -> None:
    resets = tuple(range(4, 200, 3))
    with (
        FakeBoard(Faults(reset_after=resets)) as board,
        Session(board.url, **SHORT) as session,
        pytest.raises(LinkDead, match="gave up on the window"),
    ):
        session.inject_window(WINDOW)


def test_a_refused_request_names_code_and_detail() -> None:
    with FakeBoard() as board, Session(board.url) as session:
        with pytest.raises(BoardRefused, match=f"no such drift channel .*{FEATURES}") as caught:
            session.drift_report(FEATURES)
        assert (caught.value.code, caught.value.detail) == ("BAD_CHANNEL", FEATURES)
        assert caught.value.exit_code == 44
        assert "\n" not in str(caught.value)
        assert session.acquire().prediction.sequence == 0  # the session goes on


def test_a_window_is_an_int16_array_of_axes() -> None:
    samples = memoryview(array.array("h", range(12))).cast("B").cast("h", (3, 4))
    window = Window.of(samples, (1.0, 1.0, 1.0), 100.0)
    assert (window.axes, window.n, len(window.samples)) == (3, 4, 24)
    with pytest.raises(ValueError, match="int16"):
        Window.of(memoryview(array.array("f", [1.0])), (1.0,), 100.0)
    with pytest.raises(ValueError, match="no window of 2 x 5"):
        Window(bytes(24), 5, 2, 100.0, (1.0, 1.0))


def test_watching_shows_hello_predictions_and_health_in_plain_words() -> None:
    with FakeBoard(windows=2) as board:
        messages = watch(board.url)
        seen = [next(messages) for _ in range(4)]
        messages.close()
    assert [type(message) for message in seen] == [Hello, Prediction, Prediction, Health]
    lines = [describe(message) for message in seen]
    assert lines[0].startswith("hello: board fake")
    assert "monitoring, no alarm (0 votes)" in lines[1]
    assert "up 1.234 s" in lines[3]
    assert all("\n" not in line for line in lines)

