"""The link's case table and a fuzz campaign against the firmware's C, compiled with ASan and UBSan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from link_table import build_harness, c_receives, case_id, cases

FUZZ_SEED, FUZZ_COUNT = 20261, 100_000


@pytest.fixture(scope="module", params=["board", "host"])
def end(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Which end of the link the C plays, and the program that plays it."""
    folder = tmp_path_factory.mktemp(f"link_{request.param}")
    return request.param, build_harness(folder, as_host=request.param == "host")


def test_c_receives_every_case_as_the_table_says(end: tuple[str, Path]) -> None:
    to, program = end
    mine = [case for case in cases() if case["to"] == to]
    lines = c_receives(program, [bytes.fromhex(case["bytes"]) for case in mine])
    wrong = {}
    for case, line in zip(mine, lines, strict=True):
        expect = {"got": case["expect"], "frames_ok": len(case["expect"]), "frames_bad": case["frames_bad"]}
        if json.loads(line) != expect:
            wrong[case_id(case)] = line
    assert not wrong


def test_c_survives_mutated_streams_and_payloads(end: tuple[str, Path]) -> None:
    to, program = end
    streams = [bytes.fromhex(case["bytes"]) for case in cases() if case["to"] == to]
    assert c_receives(program, streams, str(FUZZ_SEED), str(FUZZ_COUNT)) == ["survived"]
