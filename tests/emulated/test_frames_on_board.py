"""The link's case table against firmware that runs, on an emulated Cortex-M and as a native process."""

from __future__ import annotations

import pytest
from aurora.emulator import open_emulator
from emulated_boards import Boards, model
from frames_on_board import differences
from link_table import cases

pytestmark = pytest.mark.emulated


@pytest.mark.parametrize("byte_by_byte", [False, True], ids=["whole", "byte-by-byte"])
@pytest.mark.parametrize("board", ["native", "mps2_an386"])
def test_a_board_receives_every_case(board: str, byte_by_byte: bool, boards: Boards) -> None:
    # what has no end yet is ended by the next case: such streams say nothing on a line that goes on
    mine = [case for case in cases() if case["to"] == "board" and case["bytes"].endswith("00")]
    with open_emulator(boards.build(board), pack=boards.pack(board, model())) as emulator:
        assert differences(emulator.url, mine, byte_by_byte=byte_by_byte) == {}
        assert emulator.alive()
