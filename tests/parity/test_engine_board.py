"""The engine on an emulated Cortex-M4F: TFLite Micro's bytes, also for new constants in an old program."""

from collections.abc import Callable
from pathlib import Path

import engine_board
import numpy as np
import pytest
from aurora.compile import compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_exact import input_blocks
from tflite_networks import conv_net, every_kernel, every_other_kernel, two_heads

pytestmark = pytest.mark.emulated

MAKERS = {
    "two_heads": two_heads,
    "conv_net": conv_net,
    "every_kernel": lambda seed: every_kernel(),
    "every_other_kernel": every_other_kernel,
}


@pytest.mark.parametrize("name", MAKERS)
def test_board_is_exact(name: str, tmp_path: Path) -> None:
    make: Callable[[int], bytes] = MAKERS[name]
    program = compile_model(make(1), "cortex-m4f")
    inputs = input_blocks(program, 200)
    for seed in (1, 2):  # the second training runs on the program built for the first
        tflite = make(seed)
        trained = compile_model(tflite, "cortex-m4f")
        assert trained.layout_id == program.layout_id
        outputs = engine_board.run(program, trained.constants, inputs, tmp_path)
        assert np.array_equal(outputs, TflmInterpreter(tflite, arena_bytes=1 << 20).run(inputs))
