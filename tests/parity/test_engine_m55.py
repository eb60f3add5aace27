"""The Helium kernels in QEMU (mps3-an547): TFLite Micro's bytes over the grid of operations and networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import engine_m55_board as board
import numpy as np
import pytest
import test_engine_models
import test_engine_ops as grid
from aurora.compile import compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_host import extremes, random_inputs
from tflite_networks import conv_net, every_kernel, two_heads

pytestmark = pytest.mark.emulated
ROWS = 20

Check = Callable[[bytes], None]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return board.kernel_objects(tmp_path_factory.mktemp("m55"))


@pytest.fixture
def check(objects: list[Path], tmp_path: Path) -> Check:
    """Asserts that the board's outputs are the interpreter's, also with every tensor in its plain form."""

    def run(tflite: bytes, rows: int = ROWS, fuse: bool = True) -> None:
        program = compile_model(tflite, "cortex-m55", fuse=fuse)
        size = sum(port.bytes for port in program.inputs)
        inputs = np.concatenate([extremes(size), random_inputs(size, rows)])
        outputs = board.M55Engine(program, tmp_path, objects).run(inputs).outputs
        expected = TflmInterpreter(tflite, arena_bytes=1 << 20).run(inputs)
        differing = np.argwhere(outputs != expected)
        assert not len(differing), f"{len(differing)} bytes differ, first at row, byte {differing[0]}"

    return run


@pytest.fixture(autouse=True)
def on_the_board(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """The grid's own tests, run on the board."""
    monkeypatch.setattr(grid, "assert_exact", lambda tflite, build: check(tflite))


@pytest.mark.parametrize("case", grid.DENSE)
def test_fully_connected(case: str) -> None:
    grid.test_fully_connected(case, None)


@pytest.mark.parametrize("depthwise", [False, True], ids=["conv", "depthwise"])
@pytest.mark.parametrize("case", grid.CONVOLUTIONS)
def test_convolution(case: str, depthwise: bool) -> None:
    grid.test_convolution(case, depthwise, None)


@pytest.mark.parametrize("depthwise", [False, True], ids=["conv", "depthwise"])
@pytest.mark.parametrize("scale", ["tensor", "above_1", "mixed"])
def test_convolution_scales(scale: str, depthwise: bool) -> None:
    grid.test_convolution_scales(scale, depthwise, None)


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("case", grid.POOLS)
def test_pool(case: str, kind: str) -> None:
    grid.test_pool(case, kind, None)


NETWORKS = {
    "two_heads": lambda: two_heads(1),
    "conv_net": lambda: conv_net(1),
    "every_kernel": every_kernel,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_network(name: str, check: Check) -> None:
    check(NETWORKS[name]())


@pytest.mark.parametrize("seed", range(12))
def test_random_network(seed: int, check: Check) -> None:
    """Forms negotiated between neighbours, and the same network with every tensor plain."""
    tflite = test_engine_models.Chain(seed).bytes()
    check(tflite)
    check(tflite, fuse=False)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 400))
def test_many_random_networks(seed: int, check: Check) -> None:
    test_random_network(seed, check)
