"""The grids of all operations, case by case, on a Cortex-M55 in QEMU: Helium kernels and portable ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import engine_exact
import engine_m55_board as board
import numpy as np
import pytest
import test_engine_arithmetic
import test_engine_more_windows
import test_engine_moves
import test_engine_ops
from aurora.compile import Program, compile_model

pytestmark = [pytest.mark.emulated, pytest.mark.soak]
GRIDS = (test_engine_ops, test_engine_more_windows, test_engine_arithmetic, test_engine_moves)

# the grids' own tests, collected here once more
globals().update(
    {name: test for grid in GRIDS for name, test in vars(grid).items() if name.startswith("test_")}
)


class OnTheBoard:
    """An engine of the grids' tests."""

    def __init__(self, program: Program, folder: Path, objects: list[Path]) -> None:
        assert program.variant == "m55"
        self.engine = board.M55Engine(program, folder, objects)

    def run(self, inputs: np.ndarray) -> np.ndarray:
        return self.engine.run(inputs).outputs


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return board.kernel_objects(tmp_path_factory.mktemp("m55"))


@pytest.fixture
def build(
    objects: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Program], OnTheBoard]:
    for module in (engine_exact, *GRIDS):
        if hasattr(module, "compile_model"):
            monkeypatch.setattr(
                module, "compile_model", lambda tflite, core: compile_model(tflite, "cortex-m55")
            )
    return lambda program: OnTheBoard(program, tmp_path, objects)
