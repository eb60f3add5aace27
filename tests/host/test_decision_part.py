"""The decision in C against one written from its description, and every check of its part."""

import numpy as np
import pytest
from aurora.errors import InputError
from aurora.spec.decision import Decision, FailsWithin, FaultType, decide

BOTH = Decision(4, FaultType(1, 3), FailsWithin(0, 20, 5, 3, 2, 5))


def reference(decision: Decision, outputs: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Plain words of decision.h: votes are recounted over the last windows each time."""
    head, fault, alarm, rows = decision.fails_within, decision.fault_type, False, []
    for w in range(len(outputs)):
        best = int(outputs[w, fault.offset : fault.offset + fault.classes].argmax()) if fault else -1
        score = votes = 0
        if head:
            scores = outputs[: w + 1, head.offset]
            score = int(scores[-1])
            votes = int(
                (scores[-head.windows :] >= (head.threshold_off if alarm else head.threshold_on)).sum()
            )
            alarm = votes >= (head.clear_votes if alarm else head.raise_votes)
        rows.append((best, score, votes, int(alarm)))
    return rows


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "decision",
    [
        BOTH,
        Decision(1, None, FailsWithin(0, 127, -128, 1, 1, 1)),
        Decision(33, None, FailsWithin(32, 0, 0, 32, 1, 32)),
        Decision(2, FaultType(0, 2)),
        Decision(65, FaultType(0, 64), FailsWithin(64, -3, -90, 4, 4, 9)),
    ],
    ids=["both", "extremes", "longest", "fault-type-only", "many-classes"],
)
def test_equals_its_description(decision: Decision, seed: int) -> None:
    random = np.random.default_rng(seed)
    drift = np.sin(np.arange(400) / 15)[:, None] * 60  # long spells above and below: alarms rise and fall
    outputs = np.clip(random.normal(drift, 40, (400, decision.output_bytes)).round(), -128, 127).astype(
        np.int8
    )
    assert decide(decision.to_bytes(), outputs).tolist() == reference(decision, outputs)


def test_equal_logits_give_the_lowest_class() -> None:
    part = Decision(3, FaultType(0, 3)).to_bytes()
    for outputs, expected in (
        ([7, 7, 7], 0),
        ([1, 7, 7], 1),
        ([-128, -128, -128], 0),
        ([-128, -128, 127], 2),
    ):
        assert decide(part, np.array([outputs], np.int8))["fault_class"].tolist() == [expected]


def test_hysteresis_holds_the_alarm_between_the_thresholds() -> None:
    part = Decision(1, None, FailsWithin(0, 50, 10, 2, 2, 3)).to_bytes()
    scores = np.array([60, 0, 60, 30, 30, 30, 0, 0, 0, 49, 49, 49], np.int8)[:, None]
    assert decide(part, scores)["alarm"].tolist() == [0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]


def test_peek_leaves_the_history_alone() -> None:
    from aurora._device import ffi, lib

    part = BOTH.to_bytes()
    state, result = ffi.new("decision_state *"), ffi.new("decision_result *")
    assert lib.decision_init(state, part, len(part)) == 0
    high = ffi.new("int8_t[4]", [127, 1, 5, 2])
    for _ in range(10):
        lib.decision_peek(state, high, result)
        assert (result.fault_class, result.score, result.votes, result.alarm) == (1, 127, 0, 0)
    for votes in (1, 2, 3):
        lib.decision_step(state, high, result)
        assert (result.votes, result.alarm) == (votes, int(votes == 3))
    lib.decision_reset(state)
    lib.decision_step(state, high, result)
    assert (result.votes, result.alarm) == (1, 0)


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (Decision(4), "HEADS"),
        (Decision(4, FaultType(2, 3)), "OUTPUT"),
        (Decision(4, FaultType(0xFFFFFFFF, 3)), "OUTPUT"),
        (Decision(4, FaultType(0, 1)), "OUTPUT"),
        (Decision(100, FaultType(0, 65)), "OUTPUT"),
        (Decision(4, None, FailsWithin(4, 0, 0, 1, 1, 1)), "OUTPUT"),
        (Decision(4, None, FailsWithin(0, 0, 1, 1, 1, 1)), "THRESHOLD"),
        (Decision(4, None, FailsWithin(0, 0, 0, 0, 0, 1)), "VOTES"),
        (Decision(4, None, FailsWithin(0, 0, 0, 2, 1, 1)), "VOTES"),
        (Decision(4, None, FailsWithin(0, 0, 0, 1, 2, 3)), "VOTES"),
        (Decision(4, None, FailsWithin(0, 0, 0, 1, 1, 33)), "VOTES"),
        (Decision(4, None, FailsWithin(0, 128, 0, 1, 1, 3)), "not an int8"),
        (Decision(4, None, FailsWithin(0, 0, 0, 1, 1, 300)), "does not fit"),
    ],
)
def test_nonsense_is_refused_by_name(decision: Decision, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        decision.to_bytes()


def altered(at: int, value: int) -> bytes:
    part = bytearray(BOTH.to_bytes())
    part[at] = value
    return bytes(part)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (b"", "LENGTH"),
        (BOTH.to_bytes()[:-1], "LENGTH"),
        (BOTH.to_bytes() + b"\0", "LENGTH"),
        (altered(0, 2), "VERSION"),
        (altered(2, 3), "HEADS"),
        (altered(2, 0), "HEADS"),
        (altered(8, 3), "HEADS"),
        (altered(8, 2), "OUTPUT"),  # three outputs for one logit
        (altered(9, 1), "THRESHOLD"),  # a fault_type head has none
        (altered(10, 1), "THRESHOLD"),
        (altered(11, 1), "VOTES"),
        (altered(12, 1), "VOTES"),
        (altered(13, 1), "VOTES"),
        (BOTH.to_bytes()[:8] + BOTH.to_bytes()[8:20] * 2, "HEADS"),  # one kind twice
        (BOTH.to_bytes()[:8] + BOTH.to_bytes()[20:] * 2, "HEADS"),
    ],
)
def test_a_damaged_part_is_refused_by_name(part: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=f"DECISION_E_{reason}"):
        decide(part, np.zeros((1, 4), np.int8))


def test_outputs_of_another_size_or_type_are_refused() -> None:
    for outputs in (np.zeros((3, 5), np.int8), np.zeros((3, 4), np.uint8), np.zeros(4, np.int8)):
        with pytest.raises(InputError, match=r"int8 \[windows, 4\]"):
            decide(BOTH.to_bytes(), outputs)


def test_the_record_survives_json() -> None:
    import json

    for decision in (BOTH, Decision(2, FaultType(0, 2)), Decision(1, None, FailsWithin(0, 1, 1, 1, 1, 1))):
        assert Decision.from_dict(json.loads(json.dumps(decision.to_dict()))) == decision
    for wrong in (
        [],
        {},
        {"output_bytes": "4"},
        {"output_bytes": 4, "fault_type": {"offset": 1}},
        {"output_bytes": 4, "x": 1},
    ):
        with pytest.raises(InputError, match="not a decision record"):
            Decision.from_dict(wrong)
