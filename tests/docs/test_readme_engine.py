"""The README's table of the engine's figures is what the boards give, for the models that run in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from aurora.verify.bench import run_bench, shared_folder
from aurora.verify.table import README_BOARDS, README_MARKS, readme_row

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.emulated
@pytest.mark.parametrize("name", ["vib_ae", "vib_a"])
def test_the_table_is_what_the_boards_give(name: str) -> None:
    text = README.read_text()
    if README_MARKS[0] not in text:
        pytest.skip("the README shows no figures of the engine")
    model, peers = (shared_folder() / "tflite" / file for file in (f"{name}.tflite", "peers.json"))
    if not model.is_file():
        pytest.skip(f"no {model}: set AURORA_SHARED")
    rows = run_bench([model], README_BOARDS, inputs=40, peers=peers).rows
    table = text.partition(README_MARKS[0])[2].partition(README_MARKS[1])[0].splitlines()
    shown = [line for line in table if line.startswith(f"| {name} |")]
    assert shown == [readme_row(*rows)], "renew it: python tests/bench/engine.py --readme"
