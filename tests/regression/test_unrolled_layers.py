"""What Keras 3 writes for recurrent layers and decoders, refused or refused for a wrong reason at first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from aurora.compile import compile_model
from aurora.errors import ModelRefused
from engine_exact import assert_exact
from engine_host import HostEngine, kernel_objects
from tflite_file import NONE, RELU, SAME, TfliteFile, packed

Q = (0.05, -3)


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return kernel_objects(tmp_path_factory.mktemp("kernels"))


def exact(tflite: bytes, kernels: list[Path], folder: Path, core: str) -> None:
    assert_exact(tflite, lambda program: HostEngine(program, folder, kernels), rows=20, core=core)


def unpacked(shape: tuple[int, ...], axis: int, parts: int | None = None) -> TfliteFile:
    """An input taken apart along ``axis``, and the parts put together again along the axis after it."""
    file = TfliteFile()
    file.tensor(shape, *Q, name="x")
    part = shape[:axis] + shape[axis + 1 :]
    outs = [file.tensor(part, *Q, name=f"part{i}") for i in range(parts or shape[axis])]
    file.op("UNPACK", [0], outs, axis=axis - len(shape), num=len(outs))
    joined = file.tensor((*part[: axis + 1], len(outs), *part[axis + 1 :]), *Q, name="y")
    file.op("PACK", outs, [joined], axis=axis + 1, valuesCount=len(outs))
    return file


@pytest.mark.parametrize("core", ["host", "cortex-m4f"])
@pytest.mark.parametrize(
    ("shape", "axis"), [((1, 5, 3), 1), ((1, 3, 4, 2), 2), ((1, 100, 2), 1), ((1, 2, 3, 4, 2), 3)]
)
def test_axes_taken_apart_and_put_together(
    shape: tuple[int, ...], axis: int, core: str, kernels: list[Path], tmp_path: Path
) -> None:
    """A hundred steps too, which were a damaged file."""
    file = unpacked(shape, axis)
    exact(file.bytes([0], [len(file.tensors) - 1]), kernels, tmp_path, core)


@pytest.mark.parametrize(
    ("file", "op", "reason"),
    [(unpacked((1, 5, 3), 1, parts=4), "UNPACK", "has no 4 parts along axis 1"),
     (unpacked((1, 5, 3), 1), "PACK", "share the output's scale"),
     (unpacked((1, 5, 3), 1), "UNPACK", "is no part of")],
)  # fmt: skip
def test_parts_that_are_none(file: TfliteFile, op: str, reason: str) -> None:
    if op == "PACK":
        file.tensors[-1].quantization.scale = [0.3]
    elif "no part" in reason:
        file.tensors[2].shape = [1, 4]
    with pytest.raises(ModelRefused, match=reason) as caught:
        compile_model(file.bytes([0], [len(file.tensors) - 1]), "host")
    assert caught.value.op == op


@pytest.mark.parametrize(("kind", "field"), [("UNPACK", "num"), ("PACK", "valuesCount")])
@pytest.mark.parametrize("count", [-1, 3, 6])
def test_a_count_that_is_not_that_of_the_parts(kind: str, field: str, count: int) -> None:
    """TFLite Micro goes by it and leaves the other parts as they were; found by damaging models."""
    file = unpacked((1, 5, 3), 1)
    setattr(file.operators[("UNPACK", "PACK").index(kind)].builtinOptions, field, count)
    with pytest.raises(ModelRefused, match=f" {count} of its 5 ") as caught:
        compile_model(file.bytes([0], [len(file.tensors) - 1]), "host")
    assert caught.value.op == kind


@pytest.mark.parametrize("kind", ["SPLIT", "SPLIT_V", "UNPACK", "SLICE", "STRIDED_SLICE", "TRANSPOSE", "PACK",
                                  "CONCATENATION"])  # fmt: skip
def test_floats_moved_between_two_quantisations(kind: str, kernels: list[Path], tmp_path: Path) -> None:
    """The converter leaves these in float where the parts have other scales: called a float model once."""
    file = TfliteFile()

    def ints(*values: int, scalar: bool = False) -> int:
        return file.tensor(() if scalar else (len(values),), data=np.array(values, np.int32).squeeze())

    shapes = {"SPLIT": [(1, 2, 3)] * 2, "SPLIT_V": [(1, 1, 3), (1, 3, 3)], "UNPACK": [(1, 3)] * 4,
              "SLICE": [(1, 2, 2)], "STRIDED_SLICE": [(1, 2, 3)], "TRANSPOSE": [(1, 3, 4)],
              "PACK": [(1, 2, 4, 3)], "CONCATENATION": [(1, 8, 3)]}  # fmt: skip
    x, real = file.tensor((1, 4, 3), *Q), file.tensor((1, 4, 3), dtype=np.float32)
    file.op("DEQUANTIZE", [x], [real])
    outs = [file.tensor(shape, dtype=np.float32) for shape in shapes[kind]]
    operands = {
        "SPLIT": lambda: [ints(1, scalar=True), real],
        "SPLIT_V": lambda: [real, ints(1, 3), ints(1, scalar=True)],
        "SLICE": lambda: [real, ints(0, 1, 1), ints(1, 2, 2)],
        "STRIDED_SLICE": lambda: [real, ints(0, 3, 0), ints(1, -5, 3), ints(1, -2, 1)],
        "TRANSPOSE": lambda: [real, ints(0, 2, 1)],
        "PACK": lambda: [real, real],
        "CONCATENATION": lambda: [real, real],
    }.get(kind, lambda: [real])()
    options = {"UNPACK": {"axis": 1, "num": 4}, "PACK": {"axis": 1, "valuesCount": 2},
               "CONCATENATION": {"axis": 1}, "SPLIT": {"numSplits": 2}}.get(kind, {})  # fmt: skip
    file.op(kind, operands, outs, **options)
    told = []
    for number, out in enumerate(outs):
        told.append(file.tensor(file.tensors[out].shape, 0.02 * (number + 1), 5))
        file.op("QUANTIZE", [out], [told[-1]])
    exact(file.bytes([x], told), kernels, tmp_path, "host")


def test_a_move_keeps_the_type() -> None:
    file = TfliteFile()
    x, y = file.tensor((1, 4), *Q, name="x"), file.tensor((1, 4), dtype=np.float32, name="y")
    file.op("SLICE", [x, file.tensor((2,), data=np.array([0, 0], np.int32)),
                      file.tensor((2,), data=np.array([1, 4], np.int32))], [y])  # fmt: skip
    with pytest.raises(ModelRefused, match="another type than its input"):
        compile_model(file.bytes([x], [y]), "host")


def decoder(zero: int, activation: int) -> bytes:
    file, rng = TfliteFile(), np.random.default_rng(3)
    x, y = file.tensor((1, 3, 4, 2), *Q), file.tensor((1, 6, 8, 3), 0.1, zero)
    taps = rng.integers(-99, 99, (3, 2, 3, 2)).astype(np.int8)
    weights = file.tensor(taps.shape, 0.01, data=taps)
    shape = file.tensor((4,), data=np.array([1, 6, 8, 3], np.int32))
    file.op("TRANSPOSE_CONV", [shape, weights, x], [y], strideH=2, strideW=2, padding=SAME,
            fusedActivationFunction=activation)  # fmt: skip
    return file.bytes([x], [y])


def test_a_relu_in_a_transposed_convolution(kernels: list[Path], tmp_path: Path) -> None:
    """TFLite Micro ignores it; where the output begins at zero, as the converter writes it, so may we."""
    exact(decoder(-128, RELU), kernels, tmp_path, "host")
    exact(decoder(3, NONE), kernels, tmp_path, "host")
    with pytest.raises(ModelRefused, match="ignores its fused activation"):
        compile_model(decoder(3, RELU), "host")


@pytest.mark.parametrize(("kind", "way_out"), [("WHILE", "unroll=True"), ("CALL_ONCE", "training=False")])
def test_what_needs_several_subgraphs_is_named(kind: str, way_out: str) -> None:
    file = TfliteFile()
    x, y = file.tensor((1, 4), *Q), file.tensor((1, 4), *Q)
    file.op(kind, [x], [y])
    model = schema.ModelT.InitFromPackedBuf(file.bytes([x], [y]), 0)
    model.subgraphs *= 2
    with pytest.raises(ModelRefused, match="2 subgraphs") as caught:
        compile_model(packed(model), "host")
    assert caught.value.op == kind
    assert way_out in caught.value.hint
