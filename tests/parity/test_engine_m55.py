"""The Helium kernels in QEMU (mps3-an547): TFLite Micro's bytes over the grid of operations and networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import engine_m55_board as board
import numpy as np
import pytest
import random_network
import test_engine_models
import test_engine_ops as grid
from aurora.compile import compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_host import extremes, random_inputs
from tflite_file import NONE, RELU, RELU6, SAME, VALID, TfliteFile
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


SHAPES = {
    # name: depthwise, input (h, w, c), taps, outputs, stride, dilation, padding, input zero, activation
    "chunks_overlap": (False, (1, 703, 3), (1, 9), 6, (1, 4), (1, 1), SAME, -11, RELU),
    "point_chunks": (False, (1, 333, 16), (1, 1), 5, (1, 1), (1, 1), SAME, 40, NONE),
    "point_rows": (False, (30, 10, 8), (1, 1), 12, (1, 1), (1, 1), SAME, -128, RELU),
    "point_strided": (False, (16, 16, 32), (1, 1), 8, (2, 2), (1, 1), SAME, 3, NONE),
    "rows_in_place": (False, (20, 24, 16), (3, 3), 8, (1, 1), (1, 1), SAME, 7, RELU6),
    "rows_strided": (False, (33, 32, 16), (3, 3), 6, (2, 2), (1, 1), SAME, -7, RELU),
    "narrow_patches": (False, (40, 5, 16), (3, 3), 6, (1, 1), (1, 1), SAME, -100, RELU),
    "far_weights": (False, (6, 8, 64), (3, 3), 4, (1, 1), (1, 1), SAME, 9, RELU),
    "longest_patch": (False, (1, 12, 112), (1, 9), 3, (1, 1), (1, 1), SAME, 9, RELU),
    "patch_too_long": (False, (1, 12, 113), (1, 9), 3, (1, 1), (1, 1), SAME, 9, RELU),
    "tall_taps": (False, (25, 9, 1), (10, 4), 5, (2, 2), (1, 1), SAME, 83, RELU),
    "wide_lines": (False, (9, 9, 8), (5, 5), 4, (1, 1), (1, 1), SAME, -3, NONE),
    "stride_beyond_taps": (False, (1, 50, 4), (1, 2), 4, (1, 5), (1, 1), VALID, -3, NONE),
    "dilated_rows": (False, (12, 8, 4), (3, 3), 4, (1, 1), (2, 1), SAME, -3, NONE),
    "dilated_row": (False, (1, 60, 4), (1, 5), 6, (1, 1), (1, 3), SAME, -3, RELU),
    "dilated_row_of_three": (False, (1, 333, 16), (1, 3), 5, (1, 1), (1, 8), VALID, 40, NONE),
    "dilated_row_strided": (False, (1, 64, 40), (1, 4), 3, (1, 2), (1, 2), SAME, 40, RELU),
    "dilated_row_of_image": (False, (9, 20, 3), (1, 3), 4, (1, 1), (1, 2), SAME, -60, RELU),
    "dilated_both": (False, (12, 12, 4), (3, 3), 4, (1, 1), (2, 2), SAME, -3, NONE),
    "one_channel": (False, (5, 12, 1), (1, 3), 1, (1, 1), (1, 1), SAME, 100, RELU),
    "plane_wide": (True, (12, 48, 4), (3, 3), 4, (1, 1), (1, 1), SAME, -128, RELU),
    "plane_wide_strided": (True, (13, 48, 3), (3, 3), 3, (2, 2), (1, 1), SAME, 5, NONE),
    "plane_odd": (True, (7, 21, 3), (3, 3), 6, (1, 1), (1, 1), SAME, -30, RELU),
    "plane_narrow": (True, (25, 5, 4), (3, 3), 4, (1, 1), (1, 1), SAME, -128, RELU),
    "plane_15_taps": (True, (9, 8, 2), (5, 3), 2, (1, 1), (1, 1), SAME, 50, RELU),
    "plane_16_taps": (True, (9, 8, 2), (4, 4), 2, (1, 1), (1, 1), SAME, 50, RELU),
    "plane_flat": (True, (1, 701, 3), (1, 5), 6, (1, 2), (1, 1), SAME, -128, RELU),
    "plane_flat_short": (True, (1, 13, 3), (1, 5), 3, (1, 2), (1, 1), VALID, 20, NONE),
    "one_plane_many_taps": (True, (20, 13, 1), (7, 4), 8, (2, 2), (1, 1), SAME, 33, RELU),
    "one_plane_wide": (True, (4, 90, 1), (3, 3), 3, (1, 1), (1, 1), SAME, 33, NONE),
    "plane_too_wide": (True, (3, 90, 2), (3, 3), 2, (1, 1), (1, 1), SAME, 20, NONE),
}
PORTABLE = {"dilated_both", "patch_too_long", "plane_16_taps", "plane_too_wide"}


@pytest.mark.parametrize("case", SHAPES)
def test_shape(case: str, check: Check) -> None:
    """What the chunks, tiles and planes turn on: sizes at and beside their limits."""
    depthwise, shape, taps, outputs, stride, dilation, padding, zero, activation = SHAPES[case]
    tflite = grid.convolution(shape, taps, outputs, stride, dilation, padding, zero, activation, depthwise)
    (step,) = compile_model(tflite, "cortex-m55").layout["steps"]
    assert step["function"].startswith("nn_m55_") == (case not in PORTABLE)
    check(tflite)


#: Factors beside those that nearly every channel has: one or more, tiny, and none at all.
MIXED = (0.004, 5.0, 0.01, 1e-8, 1e-13)


@pytest.mark.parametrize("depthwise", [False, True], ids=["conv", "depthwise"])
def test_relu_of_rare_factors(depthwise: bool, check: Check) -> None:
    shape, args = (9, 7, 5), (SAME, -77, RELU, depthwise)
    check(grid.convolution(shape, (3, 3), 5, (1, 1), (1, 1), *args, scales=MIXED))


def pooled(width: int, length: int, scales: tuple[float, ...] | None = None) -> bytes:
    """A convolution whose sums the pool after it takes, then one that reads the pool's border."""
    rng = np.random.default_rng(width)
    file = TfliteFile()
    x, a = file.tensor((1, 1, length, 3), 0.03, 7), file.tensor((1, 1, length, 5), 0.3, -128)
    b, c = file.tensor((1, 1, length // width, 5), 0.3, -128), file.tensor((1, 1, length // width, 4), 0.2, 3)
    first = rng.uniform(0.002, 0.02, 5) if scales is None else scales
    file.conv(rng, x, (1, 9), a, first, padding=SAME, fusedActivationFunction=RELU)
    file.op("MAX_POOL_2D", [a], [b], filterHeight=1, filterWidth=width, strideH=1, strideW=width)
    file.conv(rng, b, (1, 5), c, rng.uniform(0.002, 0.02, 4), padding=SAME)
    return file.bytes([x], [c])


@pytest.mark.parametrize(("width", "length"), [(2, 64), (2, 700), (3, 60), (4, 64), (4, 516)])
def test_pool_after_convolution(width: int, length: int, check: Check) -> None:
    tflite = pooled(width, length)
    assert len(compile_model(tflite, "cortex-m55").layout["steps"]) == (3 if width == 3 else 2)
    check(tflite)


@pytest.mark.parametrize("width", [2, 4])
def test_pool_after_rare_factors(width: int, check: Check) -> None:
    check(pooled(width, 64, MIXED))


def residual(seed: int, scale: float) -> bytes:
    """A sum whose operands and result all carry a border, and a depthwise layer behind it."""
    rng = np.random.default_rng(seed)
    file = TfliteFile()
    shape, fused = (1, 8, 12, 6), {"padding": SAME, "fusedActivationFunction": RELU}
    scales = (0.03, *rng.uniform(0.2, 0.5, 2), scale, *rng.uniform(0.2, 0.5, 2))
    zeros = (7, -128, int(rng.integers(-60, 60)), -128, -128, 3)
    x, a, b, c, d, e = (file.tensor(shape, *pair) for pair in zip(scales, zeros, strict=True))
    file.conv(rng, x, (3, 3), a, rng.uniform(0.002, 0.01, 6), **fused)
    file.conv(rng, a, (3, 3), b, rng.uniform(0.002, 0.01, 6), padding=SAME)
    file.op("ADD", [a, b], [c], fusedActivationFunction=RELU)
    file.conv(rng, c, (3, 3), d, rng.uniform(0.002, 0.01, 6), **fused)
    file.conv(rng, d, (3, 3), e, rng.uniform(0.002, 0.01, 6), depthwise=True, padding=SAME)
    return file.bytes([x], [e])


@pytest.mark.parametrize(("seed", "scale", "affine"), [(1, 0.4, 1), (2, 0.3, 1), (1, 0.05, 0)])
def test_residual_sum(seed: int, scale: float, affine: int, check: Check) -> None:
    """Also where no affine form of the two bytes is exact."""
    tflite = residual(seed, scale)
    program = compile_model(tflite, "cortex-m55")
    (step,) = [step for step in program.layout["steps"] if step["function"] == "nn_m55_add"]
    values = np.frombuffer(program.constants, "<i4", 4, step["constants"]["values"]["offset"])
    assert values[3] == affine
    check(tflite)
    check(tflite, fuse=False)


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


@pytest.mark.parametrize("seed", range(10))
def test_random_network_of_every_operation(seed: int, check: Check) -> None:
    """Steps of this variant beside portable ones."""
    names = np.random.default_rng(seed).choice(sorted(random_network.LAYERS), 6)
    check(random_network.build(seed, [str(name) for name in names]))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 600))
def test_many_random_networks_of_every_operation(seed: int, check: Check) -> None:
    test_random_network_of_every_operation(seed, check)


#: Most instructions per inference, of the shared models.
MODELS = {
    "vib_a": 48_000,
    "vib_b": 77_000,
    "vib_c": 205_000,
    "vib_ae": 4_700,
    "mlperf_kws_dscnn_int8": 530_000,
    "mlperf_ad01_int8": 48_000,
    "mlperf_ic_resnet8_int8": 1_600_000,
    "mlperf_vww96_int8": 2_200_000,
}


@pytest.mark.parametrize("name", MODELS)
def test_shared_model(name: str, objects: list[Path], tmp_path: Path) -> None:
    """Exact, and within the instructions that it may take."""
    path = test_engine_models.SHARED / "tflite" / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"{path} is not there (AURORA_SHARED)")
    tflite = path.read_bytes()
    program = compile_model(tflite, "cortex-m55", name=name)
    size = sum(port.bytes for port in program.inputs)
    inputs = np.concatenate([extremes(size)[:6], random_inputs(size, 6)])
    engine = board.M55Engine(program, tmp_path, objects)
    assert np.array_equal(engine.run(inputs).outputs, TflmInterpreter(tflite).run(inputs))
    counts = engine.counts(inputs[-1])
    assert sum(counts.values()) <= MODELS[name], counts
