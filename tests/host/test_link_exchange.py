"""One request at a time, over a line whose every answer is written down."""

from __future__ import annotations

from typing import Any

import pytest
from aurora.device import exchange as module
from aurora.device.codec import decode
from aurora.device.exchange import Exchange
from aurora.device.framing import FrameDecoder
from aurora.device.messages import Health, Prediction
from aurora.errors import LinkDead
from aurora.spec.link import link_schema
from link_bytes import frame, pairs_of, payload


class ScriptedLine:
    """Answers the n-th request with the n-th entry: names of messages, with changes to their fields."""

    url = "script://"

    def __init__(self, *answers: list[tuple[str, dict[str, Any]]]) -> None:
        self.answers, self.ids = list(answers), []
        self._ready = b""

    def write(self, data: bytes) -> None:
        for request in FrameDecoder().feed(data):
            _, values = decode(request, link_schema().towards(board=True))
            self.ids.append(values["request_id"])
            for name, changes in self.answers.pop(0) if self.answers else []:
                changes = {"request_id": values["request_id"], **changes}
                self._ready += frame(payload(pairs_of(name, **changes)))

    def read(self, seconds: float) -> bytes:
        assert self._ready or seconds < 60, "waits for something that does not come"
        data, self._ready = self._ready, b""
        return data


def exchange(*answers: list[tuple[str, dict[str, Any]]], **options: Any) -> tuple[Exchange, ScriptedLine]:
    line = ScriptedLine(*answers)
    return Exchange(line, timeout_s=options.pop("timeout_s", 0.01), **options), line


HEALTH: list[tuple[str, dict[str, Any]]] = [("health", {})]


def test_an_answer_ends_the_request() -> None:
    one, line = exchange(HEALTH)
    assert isinstance(one.ask("health_query", Health).reply, Health)
    assert len(line.ids) == 1


def test_a_request_without_answer_is_sent_again_under_its_id() -> None:
    one, line = exchange([], [], HEALTH)
    one.ask("health_query", Health)
    assert len(line.ids) == 3
    assert len(set(line.ids)) == 1


def test_the_number_of_attempts_is_bounded() -> None:
    one, line = exchange(attempts=4)
    with pytest.raises(LinkDead, match="4 tries"):
        one.ask("health_query", Health)
    assert len(line.ids) == 4


def test_answers_to_other_requests_are_not_ours() -> None:
    one, _ = exchange([("health", {"request_id": 5, "frames_ok": 1}), ("health", {"frames_ok": 2})])
    reply = one.ask("health_query", Health).reply
    assert isinstance(reply, Health)
    assert reply.frames_ok == 2


def test_a_start_of_the_board_is_a_reason_to_ask_at_once() -> None:
    """The wait would be an hour: only the unasked hello can end it."""
    one, line = exchange([("hello", {"request_id": 0})], HEALTH, timeout_s=3600.0)
    one.ask("health_query", Health)
    assert len(line.ids) == 2


def test_a_prediction_waits_for_all_its_vectors() -> None:
    half = [("vector", {"offset": 0}), ("prediction", {"vector_count": 2})]
    whole = [("vector", {"offset": 48}), ("prediction", {"vector_count": 2})]
    one, line = exchange(half, whole)
    answer = one.ask("acquire", Prediction, with_vectors=True)
    assert [vector.offset for vector in answer.vectors] == [0, 48]
    assert len(set(line.ids)) == 1


def test_a_vector_that_comes_twice_counts_once() -> None:
    twice = [("vector", {}), ("vector", {}), ("prediction", {"vector_count": 1})]
    assert len(exchange(twice)[0].ask("acquire", Prediction, with_vectors=True).vectors) == 1


def test_ids_start_anywhere_and_never_are_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = exchange(HEALTH), exchange(HEALTH)
    for one, _ in (first, second):
        one.ask("health_query", Health)
    assert first[1].ids != second[1].ids
    monkeypatch.setattr(module.secrets, "randbelow", lambda span: span - 1)
    one, line = exchange(HEALTH, HEALTH)
    one.ask("health_query", Health)
    one.ask("health_query", Health)
    assert line.ids == [0xFFFFFFFF, 1]
