"""Every request of the link against the application: once, again, out of order, and with nonsense in it."""

from __future__ import annotations

import struct
import zlib

import cbor2
import numpy as np
import pytest
from app_board import BOARD, BUILD_ID, AppBoard
from aurora.demo.answers import channel_stats
from aurora.demo.expected import Reference
from aurora.device.framing import encode_frame
from aurora.device.messages import Ack, ErrorReply, Prediction
from aurora.pack.read import parse_pack
from aurora.spec.link import code_number
from small_model import CALIBRATION_WINDOWS, RATE_HZ, RPM, Recording, SmallModel, recording

N, AXES = 256, 2
CHUNK = 192


def code(file: str, name: str) -> int:
    return code_number(f"link/{file}.def", name)


@pytest.fixture
def board(app: AppBoard, model: SmallModel) -> AppBoard:
    app.boot(model.pack(BOARD))
    return app


def give(board: AppBoard, recorded: Recording, rows: range) -> list[Prediction]:
    for row in rows:
        board.sensor(recorded.samples[row], recorded.scale_g[row], rpm=recorded.rpm[row], sequence=row)
    return [board.one("acquire", with_vectors=False) for _ in rows]


def begin(board: AppBoard, recorded: Recording, row: int, **changes: object) -> Ack | ErrorReply:
    fields = {
        "window_n": N, "window_axes": AXES, "rate_hz": RATE_HZ, "rpm": float(recorded.rpm[row]),
        "scale_g": recorded.scale_g[row].tobytes(), "with_vectors": False,
        "window_crc32": zlib.crc32(recorded.samples[row].tobytes()),
    }  # fmt: skip
    return board.one("window_begin", **{**fields, **changes})


def inject(
    board: AppBoard, recorded: Recording, row: int, **changes: object
) -> Prediction | ErrorReply | Ack:
    ack = begin(board, recorded, row, **changes)
    if isinstance(ack, ErrorReply):
        return ack
    transfer, data = board.last_id, recorded.samples[row].tobytes()
    for offset in range(0, len(data), CHUNK):
        chunk = data[offset : offset + CHUNK]
        reply = board.one("window_chunk", transfer_id=transfer, offset=offset, chunk=chunk)
    return reply


def test_hello_says_what_the_board_is(app: AppBoard, model: SmallModel) -> None:
    (unasked,) = app.boot(model.pack(BOARD))
    asked = app.one("hello_request", link_major=1, link_minor=0)
    assert unasked.request_id == 0 and asked.request_id == app.last_id
    assert (asked.board_id, asked.build_id) == (BOARD, BUILD_ID)
    assert asked.layout_id == model.program("host").layout_id
    assert (asked.window_n, asked.window_axes) == (N, AXES)
    assert (asked.calibration_target, asked.calibration_count) == (CALIBRATION_WINDOWS, 0)


def test_a_repeated_request_repeats_its_answer_and_runs_nothing(board: AppBoard) -> None:
    recorded = recording(10)
    give(board, recorded, range(8))
    board.sensor(recorded.samples[8], recorded.scale_g[8])
    board.sensor(recorded.samples[9], recorded.scale_g[9])
    first = board.ask("acquire", with_vectors=True)
    again = board.ask("acquire", board.last_id, with_vectors=True)
    assert first == again and len(first) == 5
    assert board.one("health_query").windows_processed == 9
    assert board.one("drift_query", channel=0).value_count == 9 - CALIBRATION_WINDOWS


def test_sequences_count_predictions_and_carry_the_start(app: AppBoard, model: SmallModel) -> None:
    recorded = recording(4)
    numbers = []
    for _ in range(2):
        app.boot(model.pack(BOARD))
        numbers += [(p.boot_id, p.sequence) for p in give(app, recorded, range(4))]
    assert len(set(numbers)) == 8 and [n for _, n in numbers] == [0, 1, 2, 3] * 2


def test_without_a_sensor_the_board_does_not_monitor(board: AppBoard) -> None:
    prediction = board.one("acquire", with_vectors=True)
    assert prediction.state == code("states", "NO_SENSOR") and prediction.scores == b""


def test_a_sensor_that_stops_is_not_monitored(board: AppBoard) -> None:
    give(board, recording(8), range(8))
    assert board.one("health_query").state == code("states", "MONITORING")
    error = board.one("acquire", with_vectors=False)
    assert (error.error_code, error.detail) == (code("errors", "NO_WINDOW"), 8)
    assert board.one("health_query").state == code("states", "NO_SENSOR")


def test_injected_windows_are_marked_and_change_nothing(board: AppBoard, model: SmallModel) -> None:
    recorded = recording(20)
    give(board, recorded, range(10))
    channels = range(len(model.names))
    before = [board.one("drift_query", channel=c) for c in channels]
    calibration = board.one("calibration_get", offset=0)
    injected = inject(board, recorded, 15)
    assert injected.source == code("sources", "INJECTED") and injected.state == code("states", "MONITORING")
    assert injected.scores != b"" and not injected.alarm and injected.votes == 0
    after = [board.one("drift_query", channel=c) for c in channels]
    names = model.names
    assert [channel_stats(r, n) for r, n in zip(before, names, strict=True)] == [
        channel_stats(r, n) for r, n in zip(after, names, strict=True)
    ]
    assert board.one("calibration_get", offset=0).chunk == calibration.chunk
    expected = Reference(parse_pack(model.pack(BOARD)), model.tflite).expect(recorded, RATE_HZ).answers
    assert injected.scores == expected.outputs[15].tobytes()
    (later,) = give(board, recorded, range(10, 11))
    assert (later.votes, later.alarm) == (expected.votes[10], expected.alarm[10])


def test_injected_windows_teach_no_calibration(board: AppBoard) -> None:
    recorded = recording(8)
    for row in range(8):
        injected = inject(board, recorded, row)
        assert injected.state == code("states", "CALIBRATING") and injected.scores == b""
    assert board.one("hello_request", link_major=1, link_minor=0).calibration_count == 0


def test_chunks_may_come_twice_and_out_of_order(board: AppBoard) -> None:
    recorded = recording(8)
    give(board, recorded, range(7))
    begin(board, recorded, 7)
    transfer, data = board.last_id, recorded.samples[7].tobytes()

    def chunk(offset: int, request_id: int | None = None) -> Ack | Prediction:
        piece = data[offset : offset + CHUNK]
        return board.one("window_chunk", request_id, transfer_id=transfer, offset=offset, chunk=piece)

    taken, repeated, gap = (code("acks", name) for name in ("TAKEN", "REPEATED", "GAP"))
    assert (chunk(0).status, chunk(0).status) == (taken, repeated)
    assert (chunk(2 * CHUNK).status, chunk(2 * CHUNK).next_offset) == (gap, CHUNK)
    crossing = board.one("window_chunk", transfer_id=transfer, offset=CHUNK - 4, chunk=data[:8])
    assert (crossing.status, crossing.next_offset) == (gap, CHUNK)
    last = range(0, len(data), CHUNK)[-1]
    for offset in range(CHUNK, last, CHUNK):
        assert chunk(offset).status == taken
    too_long = board.one("window_chunk", transfer_id=transfer, offset=last, chunk=data[:CHUNK])
    assert (too_long.status, too_long.next_offset) == (gap, last)
    prediction = chunk(last)
    assert prediction == chunk(last, prediction.request_id)  # its answer was lost: the same again
    assert chunk(last).status == repeated
    empty = board.one("window_chunk", transfer_id=transfer, offset=len(data), chunk=b"")
    assert empty.status == repeated
    assert board.one("health_query").windows_processed == 8


def test_a_chunk_of_no_transfer_is_told_to_begin(board: AppBoard) -> None:
    ack = board.one("window_chunk", transfer_id=5, offset=0, chunk=b"xx")
    assert ack.status == code("acks", "NO_TRANSFER")


@pytest.mark.parametrize(
    "changes",
    [
        {"window_n": 255},
        {"window_axes": 1},
        {"window_axes": 255, "window_n": 0xFFFFFFFF},
        {"scale_g": bytes(4)},
    ],
    ids=str,
)
def test_a_window_of_another_shape_is_refused(board: AppBoard, changes: dict[str, object]) -> None:
    error = inject(board, recording(1), 0, **changes)
    assert (error.error_code, error.detail) == (code("errors", "BAD_WINDOW"), N * AXES)


def test_a_window_that_was_altered_on_the_way_is_refused(board: AppBoard) -> None:
    recorded = recording(1)
    error = inject(board, recorded, 0, window_crc32=1)
    assert error.error_code == code("errors", "BAD_WINDOW_CRC")
    assert error.detail == zlib.crc32(recorded.samples[0].tobytes())
    assert board.one("health_query").windows_processed == 0


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")], ids=str)
def test_injected_nonsense_is_flagged(board: AppBoard, rate: float) -> None:
    prediction = inject(board, recording(1), 0, rate_hz=rate, scale_g=struct.pack("<2f", np.nan, 1e30))
    assert prediction.state == code("states", "SENSOR_FAULT") and prediction.scores == b""


def set_calibration(
    board: AppBoard, count: int, sums: bytes, total: int | None = None
) -> list[Ack | ErrorReply]:
    return [
        board.one(
            "calibration_set", calibration_count=count, total_bytes=len(sums) if total is None else total,
            offset=offset, chunk=sums[offset : offset + CHUNK],
        )
        for offset in range(0, len(sums), CHUNK)
    ]  # fmt: skip


def get_calibration(board: AppBoard) -> tuple[int, bytes]:
    piece = board.one("calibration_get", offset=0)
    sums = piece.chunk
    while len(sums) < piece.total_bytes:
        sums += board.one("calibration_get", offset=len(sums)).chunk
    return piece.calibration_count, sums


@pytest.mark.parametrize("taught", [2, 5, 6, 9], ids=lambda n: f"after-{n}")
def test_a_calibration_carried_over_keeps_its_bits(app: AppBoard, model: SmallModel, taught: int) -> None:
    recorded = recording(16)
    app.boot(model.pack(BOARD))
    through = give(app, recorded, range(16))
    app.boot(model.pack(BOARD))
    give(app, recorded, range(taught))
    count, sums = get_calibration(app)
    assert count == min(taught, CALIBRATION_WINDOWS)
    app.boot(model.pack(BOARD))
    replies = set_calibration(app, count, sums)
    assert [reply.status for reply in replies] == [code("acks", "TAKEN")] * len(replies)
    assert get_calibration(app) == (count, sums)
    rest = give(app, recorded, range(taught, 16))
    assert [p.scores for p in rest] == [p.scores for p in through[taught:]]


def test_a_new_calibration_starts_drift_and_votes_anew(board: AppBoard) -> None:
    give(board, recording(12), range(12))
    count, sums = get_calibration(board)
    before = board.one("drift_query", channel=0)
    set_calibration(board, count, sums)
    after = board.one("drift_query", channel=0)
    assert before.value_count == 6 and after.value_count == 0
    assert after.interval_id == before.interval_id + 1


@pytest.mark.parametrize("fault", ["short", "nan", "count"])
def test_a_calibration_that_does_not_fit_changes_nothing(board: AppBoard, fault: str) -> None:
    give(board, recording(8), range(8))
    count, sums = get_calibration(board)
    bad = {
        "short": (count, sums[:-8]),
        "nan": (count, sums[:-8] + struct.pack("<d", np.nan)),
        "count": (CALIBRATION_WINDOWS + 1, sums),
    }[fault]
    error = set_calibration(board, *bad)[-1]
    assert (error.error_code, error.detail) == (code("errors", "BAD_CALIBRATION"), len(sums))
    assert get_calibration(board) == (count, sums)


def test_a_calibration_without_its_beginning_is_told_to_begin(board: AppBoard) -> None:
    total = get_calibration(board)[1]
    ack = board.one(
        "calibration_set", calibration_count=0, total_bytes=len(total), offset=CHUNK, chunk=total[:CHUNK]
    )
    assert ack.status == code("acks", "NO_TRANSFER")


@pytest.mark.parametrize("offset", [3, 48 * 8, 0xFFFFFFF8], ids=str)
def test_calibration_from_nowhere_is_refused(board: AppBoard, offset: int) -> None:
    error = board.one("calibration_get", offset=offset)
    assert (error.error_code, error.detail) == (code("errors", "BAD_OFFSET"), 48 * 8)


def test_drift_of_no_channel_is_refused(board: AppBoard, model: SmallModel) -> None:
    error = board.one("drift_query", channel=len(model.names))
    assert (error.error_code, error.detail) == (code("errors", "BAD_CHANNEL"), len(model.names))


def test_an_unknown_request_is_refused_by_name(board: AppBoard) -> None:
    (error,) = board.feed(encode_frame(cbor2.dumps({0: 200, 1: 77})))
    assert (error.request_id, error.error_code, error.detail) == (77, code("errors", "UNKNOWN_TYPE"), 200)


def test_a_malformed_request_is_refused(board: AppBoard) -> None:
    (error,) = board.feed(encode_frame(cbor2.dumps({0: 2, 1: 78}) + b"\0"))
    assert error.error_code == code("errors", "MALFORMED")
    (error,) = board.feed(encode_frame(cbor2.dumps({0: 2, 1: 78, 2: 5})))
    assert (error.request_id, error.error_code) == (78, code("errors", "BAD_FIELD"))


@pytest.mark.parametrize("number", range(10, 18))
def test_our_own_messages_heard_back_are_not_answered(board: AppBoard, number: int) -> None:
    assert board.feed(encode_frame(cbor2.dumps({0: number, 1: 1}))) == []


def test_rpm_known_and_unknown_give_other_flags(board: AppBoard) -> None:
    known, unknown = (inject(board, recording(1), 0, rpm=rpm) for rpm in (RPM, 0.0))
    assert known.flags == 0 and unknown.flags == 1 << code("flags", "RPM_UNKNOWN")
