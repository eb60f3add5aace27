"""Networks as Keras and the converter make them: exact, and a second training runs on the first's program."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import engine_keras
import numpy as np
import pytest
from aurora.compile import Program, compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_host import HostEngine, extremes, random_inputs

Build = Callable[[Program], HostEngine]


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keras")
    command = [sys.executable, str(engine_keras.__file__), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.parametrize("name", ["dense", "conv"])
def test_keras_network_is_exact_and_retrains_in_place(name: str, networks: Path, build: Build) -> None:
    first, second = ((networks / f"{name}-{seed}.tflite").read_bytes() for seed in (1, 2))
    program, trained = (compile_model(tflite, "host") for tflite in (first, second))
    assert [port.name for port in program.outputs] == ["fails_within_h", "fault_type"]
    assert trained.layout_id == program.layout_id
    assert trained.source == program.source
    assert trained.constants != program.constants
    size = program.inputs[0].bytes
    inputs = np.concatenate([extremes(size), random_inputs(size, 200)])
    engine = build(program)
    for tflite, constants in ((first, program.constants), (second, trained.constants)):
        assert np.array_equal(engine.run(inputs, constants), TflmInterpreter(tflite).run(inputs))
