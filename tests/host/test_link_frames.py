"""The link's case table against the Python receiver, and that the table is what its builder writes."""

from __future__ import annotations

from typing import Any

import make_frames
import pytest
from link_table import CASES, case_id, cases, python_receives


def test_the_table_is_what_its_builder_writes() -> None:
    assert CASES.read_text(encoding="utf-8") == make_frames.text(), "python tests/support/make_frames.py"


@pytest.mark.parametrize("case", cases(), ids=case_id)
def test_python_receives(case: dict[str, Any]) -> None:
    stream = bytes.fromhex(case["bytes"])
    whole = python_receives([stream], case["to"])
    assert whole["got"] == case["expect"]
    assert whole["frames_bad"] == case["frames_bad"]
    assert whole["frames_ok"] == len(case["expect"])
    assert python_receives([stream[i : i + 1] for i in range(len(stream))], case["to"]) == whole
