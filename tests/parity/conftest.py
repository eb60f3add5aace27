"""What the engine's parity tests share: kernels compiled once a session."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aurora.compile import Program
from engine_host import HostEngine, kernel_objects


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return kernel_objects(tmp_path_factory.mktemp("kernels"))


@pytest.fixture
def build(tmp_path: Path, kernels: list[Path]) -> Callable[[Program], HostEngine]:
    """Builds a program for this machine."""
    return lambda program: HostEngine(program, tmp_path / program.layout_id.hex()[:8], kernels)
