"""Comparing a board with the host: what counts as a difference, and what cannot be compared at all."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from aurora.demo.answers import AnswerRows, Answers, bytes_differing, refuse_other_pack
from aurora.demo.board_run import run_board
from aurora.demo.expected import Reference
from aurora.device.session import Inference
from aurora.errors import InputError, PackIncompatible
from aurora.pack.read import parse_pack
from small_model import RATE_HZ, recording, small_model

PACK = small_model().pack("native")


def said(**vectors: bytes) -> Inference:
    prediction = SimpleNamespace(state=3, flags=0, fault_class=1, votes=2, alarm=True)
    return Inference(
        prediction, **{"features": b"", "calibrated": b"", "input": b"", "output": b""} | vectors
    )


def test_one_bit_anywhere_is_one_byte() -> None:
    for name, group in (
        ("features", "features"),
        ("inputs", "inputs"),
        ("outputs", "outputs"),
        ("votes", "decisions"),
    ):
        board, host = Answers.empty(4, 3, 2), Answers.empty(4, 3, 2)
        getattr(board, name).view(np.uint8).flat[5 if name != "votes" else 3] ^= 0x80
        differing = bytes_differing(board, host)
        assert differing.pop(group) == 1 and not any(differing.values())


def test_a_negative_zero_is_a_difference() -> None:
    board, host = Answers.empty(1, 1, 1), Answers.empty(1, 1, 1)
    board.features[0, 0] = -0.0
    assert bytes_differing(board, host)["features"] == 1


def test_arrays_of_another_shape_differ_whole() -> None:
    assert bytes_differing(Answers.empty(2, 3, 4), Answers.empty(2, 3, 5))["outputs"] == 10


def test_a_vector_that_was_not_sent_stays_zero() -> None:
    rows = AnswerRows(2, 3, 1)
    rows.take(1, said(features=np.float32([1, 2, 3]).tobytes()))
    assert rows.answers.features.tolist() == [[0, 0, 0], [1, 2, 3]]
    assert rows.answers.outputs.tolist() == [[0], [0]] and rows.answers.alarm.tolist() == [False, True]


def test_a_vector_of_another_length_is_no_answer_of_this_model() -> None:
    with pytest.raises(PackIncompatible, match="2 values where the model has 3"):
        AnswerRows(1, 3, 1).take(0, said(input=b"ab"))


@pytest.mark.parametrize("ends", [[0], [3, 3], [5, 2], [10], [11], [-1]], ids=str)
def test_intervals_lie_within_the_windows(tmp_path: Path, ends: list[int]) -> None:
    (tmp_path / "pack").write_bytes(PACK)
    nowhere = SimpleNamespace()  # no firmware is asked before the intervals hold
    with pytest.raises(InputError, match="10 windows"):
        run_board(nowhere, tmp_path / "pack", small_model().tflite, recording(10), RATE_HZ, ends=ends)


def test_a_model_of_other_outputs_is_refused() -> None:
    other = small_model(axes=1)
    with pytest.raises(InputError):
        Reference(parse_pack(PACK), other.tflite).expect(recording(12), RATE_HZ)


def test_too_few_windows_to_calibrate_are_all_calibration() -> None:
    expected = Reference(parse_pack(PACK), small_model().tflite).expect(recording(5), RATE_HZ)
    assert not expected.answers.monitored.any() and expected.drift[0].windows == 0


def test_starts_cut_votes_and_not_calibration() -> None:
    reference, recorded = Reference(parse_pack(PACK), small_model().tflite), recording(40)
    whole, cut = (reference.expect(recorded, RATE_HZ, starts).answers for starts in ([], [10, 20, 30]))
    assert (whole.outputs == cut.outputs).all() and (whole.state == cut.state).all()
    assert (whole.votes != cut.votes).any()


def test_a_reason_this_host_does_not_know_is_still_said() -> None:
    hello = SimpleNamespace(pack_state=250, pack_id=bytes(8))
    with pytest.raises(PackIncompatible, match="code 250"):
        refuse_other_pack(hello, parse_pack(PACK))


def test_answers_are_grouped_without_a_gap() -> None:
    a = Answers.empty(1, 1, 1)
    for field in dataclasses.fields(a):
        b = dataclasses.replace(
            a, **{field.name: getattr(a, field.name) + 1 if field.name != "alarm" else ~a.alarm}
        )
        assert sum(bytes_differing(a, b).values()) > 0, field.name
