"""One window's way through the firmware, held against the host's copy of every step, bit for bit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from app_board import BOARD, DAMAGED, AppBoard
from aurora.demo.answers import AnswerRows, Answers, bytes_differing, channel_stats
from aurora.demo.expected import Reference
from aurora.device.session import Inference
from aurora.drift.stats import merge_reports
from aurora.pack.read import parse_pack
from aurora.spec.link import code_number, codes
from small_model import CALIBRATION_WINDOWS, RATE_HZ, Recording, SmallModel, recording

CALIBRATING, MONITORING, SENSOR_FAULT, NO_SENSOR = (
    code_number("link/states.def", name)
    for name in ("CALIBRATING", "MONITORING", "SENSOR_FAULT", "NO_SENSOR")
)


def flag(name: str) -> int:
    return 1 << code_number("link/flags.def", name)


def inference(replies: list[object]) -> Inference:
    """What Session makes of an answer with vectors."""
    *pieces, prediction = replies
    vectors = {code.name.lower(): b"" for code in codes("link/vectors.def").values()}
    for piece in pieces:
        name = codes("link/vectors.def")[piece.vector_kind].name.lower()
        assert piece.offset == len(vectors[name])
        vectors[name] += piece.chunk
    assert prediction.vector_count == len(pieces)
    return Inference(prediction, **vectors)


def run(app: AppBoard, recorded: Recording, rows: range, reference: Reference) -> Answers:
    """Windows ``rows`` as the sensor's, through a board that was just started."""
    answers = AnswerRows(len(rows), reference.info.feature_count, reference.output_bytes)
    for row in rows:
        app.sensor(recorded.samples[row], recorded.scale_g[row], rpm=recorded.rpm[row], sequence=row)
    for place, row in enumerate(rows):
        answer = inference(app.ask("acquire", with_vectors=True))
        assert answer.prediction.window_sequence == row
        answers.take(place, answer)
    return answers.answers


@pytest.fixture
def reference(model: SmallModel) -> Reference:
    return Reference(parse_pack(model.pack(BOARD)), model.tflite)


def odd_recording() -> Recording:
    """Sound windows, and among them every kind that says nothing or too little."""
    recorded = recording(40)
    samples, scale, rpm = recorded.samples.copy(), recorded.scale_g.copy(), recorded.rpm.copy()
    samples[2, 0] = 0  # silent, while calibrating
    samples[4, 1, :9] = 32767  # clipped, while calibrating
    samples[20, 1] = -77  # constant
    samples[21, 0] = 0
    samples[25, 0, 3:40] = -32768  # clipped
    scale[28, 1] = 0.0
    rpm[30] = np.nan
    return dataclasses.replace(recorded, samples=samples, scale_g=scale, rpm=rpm)


@pytest.mark.parametrize("recorded", [recording(40), odd_recording()], ids=["sound", "odd"])
def test_every_byte_is_the_hosts(
    app: AppBoard, model: SmallModel, reference: Reference, recorded: Recording
) -> None:
    app.boot(model.pack(BOARD))
    board = run(app, recorded, range(40), reference)
    expected = reference.expect(recorded, RATE_HZ)
    assert bytes_differing(board, expected.answers) == {
        "features": 0,
        "inputs": 0,
        "outputs": 0,
        "decisions": 0,
    }
    assert board.alarm.any() and not board.alarm.all()
    reports = [app.one("drift_query", channel=c) for c in range(len(reference.baseline.names))]
    names = reference.baseline.names
    assert tuple(map(channel_stats, reports, names)) == expected.drift[0].channels


def test_a_difference_of_one_bit_is_counted(app: AppBoard, model: SmallModel, reference: Reference) -> None:
    app.boot(model.pack(BOARD))
    recorded = recording(10)
    board = run(app, recorded, range(10), reference)
    board.outputs[9, 2] ^= 1
    board.votes[8] += 1
    differing = bytes_differing(board, reference.expect(recorded, RATE_HZ).answers)
    assert differing == {"features": 0, "inputs": 0, "outputs": 1, "decisions": 1}


def test_states_follow_each_other(app: AppBoard, model: SmallModel, reference: Reference) -> None:
    app.boot(model.pack(BOARD))
    assert app.one("health_query").state == NO_SENSOR  # no window has come: nothing is being watched
    board = run(app, odd_recording(), range(30), reference)
    fault = {2, 4, 20, 21, 25, 28}
    learning = [row for row in range(30) if row not in fault][:CALIBRATION_WINDOWS]
    for row in range(30):
        due = SENSOR_FAULT if row in fault else CALIBRATING if row in learning else MONITORING
        assert board.state[row] == due, row


def test_faulty_windows_count_as_missing_and_never_as_healthy(app: AppBoard, model: SmallModel) -> None:
    app.boot(model.pack(BOARD))
    recorded = odd_recording()
    for row in range(31):
        app.sensor(recorded.samples[row], recorded.scale_g[row], rpm=recorded.rpm[row])
    app.sensor(recorded.samples[0], recorded.scale_g[0], result=DAMAGED)
    predictions = [app.one("acquire", with_vectors=False) for _ in range(32)]
    report = app.one("drift_query", channel=0)
    assert report.missing == 5  # 20, 21, 25, 28 and the damaged one; 2 and 4 came before calibration was done
    assert report.value_count == 32 - CALIBRATION_WINDOWS - 2 - 5
    for row in (20, 21, 28, 31):
        assert predictions[row].scores == b"" and predictions[row].fault_class == -1
    assert predictions[25].scores != b""  # a clipped window may be a machine beyond the sensor's range
    assert predictions[31].flags == flag("DAMAGED")
    assert predictions[30].state == MONITORING and predictions[30].flags == flag("RPM_UNKNOWN")


def test_windows_of_another_shape_or_rate_are_sensor_faults(app: AppBoard, model: SmallModel) -> None:
    app.boot(model.pack(BOARD))
    recorded = recording(3)
    app.sensor(recorded.samples[0][:1], recorded.scale_g[0][:1])
    app.sensor(recorded.samples[0][:, :200], recorded.scale_g[0])
    app.sensor(recorded.samples[0], recorded.scale_g[0], rate_hz=RATE_HZ / 4)
    app.sensor(recorded.samples[0], recorded.scale_g[0], rate_hz=float("nan"))
    flags = [app.one("acquire", with_vectors=True) for _ in range(4)]
    assert [p.flags for p in flags] == [flag("WRONG_SHAPE")] * 2 + [flag("WRONG_RATE")] * 2
    assert {p.state for p in flags} == {SENSOR_FAULT}


def test_an_alarm_outlives_the_sensor_that_raised_it(
    app: AppBoard, model: SmallModel, reference: Reference
) -> None:
    app.boot(model.pack(BOARD))
    recorded = recording(40)
    answers = reference.expect(recorded, RATE_HZ).answers
    raised = int(np.flatnonzero(answers.alarm)[0])
    for row in range(raised + 1):
        app.sensor(recorded.samples[row], recorded.scale_g[row], rpm=recorded.rpm[row])
    app.sensor(np.zeros_like(recorded.samples[0]), recorded.scale_g[0])
    app.sensor(recorded.samples[0], recorded.scale_g[0], result=DAMAGED)
    predictions = [app.one("acquire", with_vectors=False) for _ in range(raised + 3)]
    assert [p.alarm for p in predictions[-4:]] == [False, True, True, True]


def test_drift_intervals_are_counted_apart(app: AppBoard, model: SmallModel, reference: Reference) -> None:
    app.boot(model.pack(BOARD))
    recorded, names = recording(30), reference.baseline.names
    expected = reference.expect(recorded, RATE_HZ, ends=[18])
    run(app, Recording(recorded.samples[:18], recorded.scale_g[:18], recorded.rpm[:18]), range(18), reference)
    first = [app.one("drift_query", channel=c) for c in range(len(names))]
    app.one("drift_reset")
    for row in range(18, 30):
        app.sensor(recorded.samples[row], recorded.scale_g[row], rpm=recorded.rpm[row])
        app.ask("acquire", with_vectors=False)
    second = [app.one("drift_query", channel=c) for c in range(len(names))]
    assert tuple(map(channel_stats, first, names)) == expected.drift[0].channels
    assert tuple(map(channel_stats, second, names)) == expected.drift[1].channels
    assert {r.interval_id for r in first} == {0} and {r.interval_id for r in second} == {1}
    assert merge_reports(expected.drift).channels[0].n == 24
