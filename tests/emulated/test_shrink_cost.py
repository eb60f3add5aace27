"""What a budget counts, predicted and measured: code, RAM and instructions on the emulated boards."""

import pytest
from aurora.compile import compile_model
from aurora.shrink.cost import CODE, predicted_code_bytes
from aurora.spec.board import load_board
from aurora.verify import verify_model
from small_model import small_model
from tflite_networks import two_heads

pytestmark = pytest.mark.emulated

NETWORKS = {"one hidden layer": small_model().tflite, "two heads": two_heads(inputs=60, hidden=24)}
BOARDS = ("mps2_an386", "mps2_an385", "mps3_an547")


@pytest.mark.parametrize("board_id", BOARDS)
@pytest.mark.parametrize("tflite", NETWORKS.values(), ids=NETWORKS)
def test_prediction_is_near_the_measurement(board_id: str, tflite: bytes) -> None:
    board = load_board(board_id)
    program = compile_model(tflite, board.core)
    verdict = verify_model(tflite, board, inputs=4)
    code = predicted_code_bytes(program)
    assert code is not None and abs(code - verdict.sizes.code) <= 0.05 * verdict.sizes.code
    assert abs(CODE[program.variant].stack - verdict.stack_bytes) <= 96
    predicted = program.report["predicted_instructions"]
    assert abs(predicted - verdict.instructions) <= 0.05 * verdict.instructions
