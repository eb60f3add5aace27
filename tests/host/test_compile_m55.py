"""Lowerings for Cortex-M55: chunks, packed weights, forms of tensors, what enters the layout."""

from __future__ import annotations

import re

import numpy as np
import pytest
from aurora.compile import compile_model
from aurora.compile.m55.depthwise_tile import DepthwiseTile, PlanePatch
from aurora.compile.m55.form import make_form
from aurora.compile.m55.geometry import CHUNK, GROUP, MOST, chunk_of
from aurora.compile.m55.tile import VECTOR, Patch, Tile
from hypothesis import given
from hypothesis import strategies as st
from tflite_file import RELU, SAME, TfliteFile

CORE = "cortex-m55"


@given(st.integers(1, 3000), st.integers(1, 600), st.sampled_from([1, 2, 4]))
def test_chunks_hold_whole_groups_or_everything(units: int, each: int, pool: int) -> None:
    chunk = chunk_of(units, each, pool)
    if chunk is None:
        assert units * each * pool > CHUNK
        return
    assert 1 <= chunk <= units
    assert chunk * each * pool <= max(MOST, CHUNK)
    assert chunk == units or chunk * each % GROUP == 0


@given(st.integers(1, 3), st.integers(1, 120), st.integers(1, 200), st.integers(1, 5))
def test_a_tile_meets_every_weight_once(rows: int, length: int, step: int, channels: int) -> None:
    """Laid back over the pieces' places, the packed weights are the weights."""
    tile = Tile(Patch(rows, length, 400, step, 8, 1, 0))
    weights = np.random.default_rng(length).integers(-127, 128, (channels, rows, length)).astype(np.int8)
    packed = np.frombuffer(tile.packed(weights), np.int8).reshape(-1, len(tile.pieces), 2, VECTOR)
    met = np.zeros((channels + channels % 2, rows, length + 2 * VECTOR), np.int64)
    for number, (row, start) in enumerate(tile.pieces):
        met[:, row, start : start + VECTOR] += packed[:, number].reshape(-1, VECTOR)
    assert np.array_equal(met[:channels, :, :length], weights)
    assert not met[channels:].any()
    assert not met[:, :, length:].any()


@given(st.integers(1, 70), st.integers(1, 12), st.integers(1, 2), st.integers(1, 3), st.integers(1, 5))
def test_a_plane_tile_gives_every_output_once(
    across: int, down: int, stride: int, taps_h: int, taps_w: int
) -> None:
    row = across * stride + taps_w
    taps = tuple(y * row + x for y in range(taps_h) for x in range(taps_w))
    tile = DepthwiseTile(PlanePatch(taps, row, stride, stride, across, down))
    if tile.fits:
        assert sorted(tile.order()) == [(y, x) for y in range(down) for x in range(across)]


@given(st.tuples(*[st.integers(1, 6)] * 3), st.tuples(*[st.integers(0, 3)] * 4), st.booleans())
def test_forms_keep_pixels_borders_and_spare_bytes_apart(
    shape: tuple[int, int, int], border: tuple[int, int, int, int], planes: bool
) -> None:
    """Rows may share a border; no pixel lies on another, on a border or on the spare bytes."""
    rows, columns, channels = shape
    form = make_form((1, *shape), border, planes=planes)
    above, left, below, right = border

    def at(y: int, x: int, c: int) -> int:
        return form.start + form.place(y, x) + c * form.channel

    pixels = {at(y, x, c) for y in range(rows) for x in range(columns) for c in range(channels)}
    around = {
        at(y, x, c)
        for y in range(-above, rows + below)
        for x in range(-left, columns + right)
        for c in range(channels)
        if not (0 <= y < rows and 0 <= x < columns)
    }
    spare = {form.start + form.spare + c * form.channel for c in range(channels)}
    assert len(pixels) == rows * columns * channels
    assert not (pixels & around or spare & (pixels | around))
    assert 0 <= min(pixels | around) <= max(pixels | around | spare) < form.bytes


def network(seed: int, fused: int = RELU) -> bytes:
    """A convolution, a maximum pool, a depthwise layer and a point convolution; another seed, another
    training."""
    rng = np.random.default_rng(seed)
    file = TfliteFile()
    x = file.tensor((1, 1, 64, 3), rng.uniform(0.02, 0.04), int(rng.integers(-20, 20)))
    pool = rng.uniform(0.2, 0.4)
    a, b = file.tensor((1, 1, 64, 4), pool, -128), file.tensor((1, 1, 32, 4), pool, -128)
    c, d = (file.tensor((1, 1, 32, 4), rng.uniform(0.2, 0.4), -128) for _ in range(2))
    options = {"padding": SAME, "fusedActivationFunction": fused}
    file.conv(rng, x, (1, 5), a, rng.uniform(1e-9, 0.02, 4), **options)
    file.op("MAX_POOL_2D", [a], [b], filterHeight=1, filterWidth=2, strideH=1, strideW=2)
    file.conv(rng, b, (1, 3), c, rng.uniform(1e-9, 3, 4), depthwise=True, **options)
    file.conv(rng, c, (1, 1), d, rng.uniform(0.002, 0.02, 4), **options)
    return file.bytes([x], [d])


def test_retrained_models_keep_the_layout() -> None:
    """Also where a channel's scale asks for the slower path."""
    programs = [compile_model(network(seed), CORE) for seed in range(20)]
    assert len({program.layout_id for program in programs}) == 1
    assert len({program.constants for program in programs}) == 20


def test_without_fusing_every_tensor_is_traced() -> None:
    fused, plain = (compile_model(network(1), CORE, fuse=fuse) for fuse in (True, False))
    assert len(fused.layout["steps"]) == 3
    assert len(plain.layout["steps"]) == len(plain.report["traced_tensors"]) == 4
    assert set(fused.report["traced_tensors"]) < set(plain.report["traced_tensors"])


def two_readers(channels: int) -> bytes:
    """Convolutions that want borders of none and of two pixels before the same tensor."""
    rng = np.random.default_rng(channels)
    file = TfliteFile()
    x, a = (file.tensor((1, 1, 40, channels), scale, -128) for scale in (0.03, 0.3))
    b, c, d = (file.tensor((1, 1, 10, channels), 0.3, -128) for _ in range(3))
    options = {"padding": SAME, "fusedActivationFunction": RELU}
    for source, target, taps, stride in ((x, a, 1, 1), (a, b, 5, 4), (a, c, 9, 4)):
        scales = rng.uniform(0.002, 0.02, channels)
        file.conv(rng, source, (1, taps), target, scales, strideW=stride, **options)
    file.op("ADD", [b, c], [d])
    return file.bytes([x], [d])


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 8])
def test_words_are_loaded_from_aligned_addresses(channels: int) -> None:
    """QEMU would not tell: the core faults at a vector of words or halfwords at an odd place."""
    program = compile_model(two_readers(channels), CORE)
    tiles = [step for step in program.layout["steps"] if step["function"] == "nn_m55_conv_2d"]
    assert len(tiles) == 3
    for step in tiles:
        loads = re.findall(r"vldr([bhw])\.\d+ q\d, \[r[135], #(-?\d+)\]", step["instances"][0])
        sizes = {{"b": 1, "h": 2, "w": 4}[kind] for kind, _ in loads}
        fields = step["fields"]
        places = [int(at) for _, at in loads] + [fields["unit_x"], fields["x_start"]]
        if fields["patches"]["line"]:
            places = [int(at) for _, at in loads]
        assert all(place % size == 0 for size in sizes for place in places)


@pytest.mark.parametrize("core", ["cortex-m4f", "cortex-m3", "host"])
def test_other_cores_take_no_helium_kernel(core: str) -> None:
    steps = compile_model(network(1), core).layout["steps"]
    assert not any("m55" in step["function"] for step in steps)
