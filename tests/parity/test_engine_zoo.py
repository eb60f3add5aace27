"""Networks as people write them in Keras: exact on every variant; what is refused has a form that is not.

Some are tried in every run, all of them, and the Cortex-M55 in QEMU, in the soak.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import engine_m55_board as board
import numpy as np
import pytest
import zoo_keras
from aurora.compile import Program, compile_model
from aurora.compile.ops import supported
from aurora.compile.passes.ways_out import WAYS_OUT
from aurora.compress.tflm import TflmInterpreter
from aurora.errors import ModelRefused
from engine_exact import input_blocks
from engine_host import HostEngine

Build = Callable[[Program], HostEngine]
ROWS, ARENA_BYTES = 16, 4 << 20
CORES = ["host", "cortex-m3", "cortex-m4f"]  # those whose kernels have a form for this machine
ALWAYS = ["mobilenet_v3", "unet_2d", "lstm", "two_sensors", "float_edges"]
#: Operations whose models this converter does not write, or takes the process down over.
BY_HAND = {"BATCH_TO_SPACE_ND", "CALL_ONCE", "CUSTOM:ethos-u", "RSQRT", "SELECT_V2", "SHAPE",
           "UNIDIRECTIONAL_SEQUENCE_RNN", "WHILE"}  # fmt: skip


def convert(folder: Path, names: list[str]) -> Path:
    command = [sys.executable, str(zoo_keras.__file__), str(folder), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert(tmp_path_factory.mktemp("some"), ALWAYS)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert(tmp_path_factory.mktemp("zoo"), [])


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [f"{op}.{which}" for op in zoo_keras.WAYS_OUT for which in ("refused", "instead")]
    return convert(tmp_path_factory.mktemp("layers"), names)


def check(tflite: bytes, core: str, build: Build) -> None:
    """Every byte of the outputs, and of the tensors of a few rows."""
    program = compile_model(tflite, core)
    inputs = input_blocks(program, ROWS)
    engine = build(program)
    assert np.array_equal(engine.run(inputs), TflmInterpreter(tflite, arena_bytes=ARENA_BYTES).run(inputs))
    traced = program.report["traced_tensors"]
    oracle = TflmInterpreter(tflite, arena_bytes=ARENA_BYTES, keep_tensors=True)
    for row in inputs[-3:]:
        traces: list[tuple[int, np.ndarray]] = []
        engine.run(row[None], traces=traces)
        expected = oracle.tensors(row, traced)
        for number, values in traces:
            assert np.array_equal(values, expected[traced[number]].reshape(-1).view(np.int8)), traced[number]


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("name", ALWAYS)
def test_network(name: str, core: str, some: Path, build: Build) -> None:
    check((some / f"{name}.tflite").read_bytes(), core, build)


@pytest.mark.soak
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("name", zoo_keras.NETWORKS)
def test_every_network(name: str, core: str, zoo: Path, build: Build) -> None:
    check((zoo / f"{name}.tflite").read_bytes(), core, build)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return board.kernel_objects(tmp_path_factory.mktemp("m55"))


@pytest.mark.soak
@pytest.mark.emulated
@pytest.mark.parametrize("name", zoo_keras.NETWORKS)
def test_every_network_on_helium(name: str, zoo: Path, objects: list[Path], tmp_path: Path) -> None:
    tflite = (zoo / f"{name}.tflite").read_bytes()
    program = compile_model(tflite, "cortex-m55")
    inputs = input_blocks(program, ROWS)
    outputs = board.M55Engine(program, tmp_path, objects).run(inputs).outputs
    assert np.array_equal(outputs, TflmInterpreter(tflite, arena_bytes=ARENA_BYTES).run(inputs))


def test_ways_out_are_for_what_is_refused() -> None:
    assert not set(WAYS_OUT) & set(supported())
    assert set(WAYS_OUT) == set(zoo_keras.WAYS_OUT) | BY_HAND


@pytest.mark.soak
@pytest.mark.parametrize("op", zoo_keras.WAYS_OUT)
def test_the_way_out_is_one(op: str, layers: Path, build: Build) -> None:
    """A layer that becomes the operation is refused by name; the form that the message names is exact."""
    with pytest.raises(ModelRefused) as caught:
        compile_model((layers / f"{op}.refused.tflite").read_bytes(), "host")
    assert caught.value.op == op
    assert caught.value.hint == WAYS_OUT[op]
    check((layers / f"{op}.instead.tflite").read_bytes(), "host", build)
