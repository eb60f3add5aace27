"""Models the engine cannot run are refused by operation, tensor and reason."""

from collections.abc import Callable

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from aurora.compile import compile_model, lower
from aurora.errors import ModelRefused
from tflite_file import SAME, VALID, TfliteFile, packed
from tflite_networks import two_heads

Broken = tuple[bytes, str, str, str]  # file, operation, tensor, part of the reason
FC, CONCAT = "FULLY_CONNECTED", "CONCATENATION"


def dense_with(**changes: object) -> TfliteFile:
    """x [1, 6] -> FULLY_CONNECTED -> y [1, 4]; tensors 0 x, 1 y, 2 weights, 3 bias."""
    file = TfliteFile()
    x, y = file.tensor((1, 6), 0.1, 3, name="x"), file.tensor((1, 4), 0.2, 1, name="y")
    file.dense(np.random.default_rng(1), x, 6, y)
    for place, value in changes.items():
        number, _, field = place.partition("_")
        target = file.tensors[int(number.removeprefix("t"))]
        setattr(target.quantization if field in ("scale", "zeroPoint") else target, field, value)
    return file


def conv_with(out_shape: tuple[int, ...], weights: tuple[int, ...], **options: object) -> bytes:
    file = TfliteFile()
    x = file.tensor((1, 4, 4, 2), 0.1, 3, name="x")
    w = file.tensor(weights, 0.01, data=np.ones(weights, np.int8), name="w")
    y = file.tensor(out_shape, 0.2, 1, name="y")
    settings = {
        "strideH": 1,
        "strideW": 1,
        "dilationHFactor": 1,
        "dilationWFactor": 1,
        "padding": SAME,
    } | options
    file.op("CONV_2D", [x, w], [y], **settings)
    return file.bytes([x], [y])


def one_op(
    kind: str, shapes: list[tuple[int, ...]], scales: list[tuple[float, int]], **options: object
) -> bytes:
    """One operation; the last shape and scale are its output's."""
    file = TfliteFile()
    numbers = [file.tensor(shape, scale, zero, name=f"t{i}")
               for i, (shape, (scale, zero)) in enumerate(zip(shapes, scales, strict=True))]  # fmt: skip
    file.op(kind, numbers[:-1], numbers[-1:], **options)
    return file.bytes(numbers[:-1], numbers[-1:])


def pool(taps: int, scales: list[tuple[float, int]]) -> bytes:
    settings = {"filterHeight": 1, "filterWidth": taps, "strideH": 1, "strideW": 1, "padding": VALID}
    return one_op("MAX_POOL_2D", [(1, 1, 8, 2), (1, 1, 7, 2)], scales, **settings)


def pad(paddings: list[list[int]] | None, scale: float = 0.1) -> bytes:
    file = TfliteFile()
    x = file.tensor((1, 6), 0.1, 3, name="x")
    data = None if paddings is None else np.array(paddings, np.int32)
    table = file.tensor((2, 2), data=data, dtype=np.int32, name="paddings")
    y = file.tensor((1, 8), scale, 3, name="y")
    file.op("PAD", [x, table], [y])
    return file.bytes([x] if paddings is not None else [x, table], [y])


def float_model(weights: type) -> bytes:
    file = TfliteFile()
    x, y = file.tensor((1, 6), dtype=np.float32, name="x"), file.tensor((1, 4), dtype=np.float32, name="y")
    scale = 0.1 if weights is np.int8 else None
    w = file.tensor((4, 6), scale, data=np.ones((4, 6), weights), name="w")
    file.op(FC, [x, w], [y])
    return file.bytes([x], [y])


def custom() -> bytes:
    file = TfliteFile()
    x, y = file.tensor((1, 6), 0.1, name="x"), file.tensor((1, 6), 0.1, name="y")
    file.op("CUSTOM", [x], [y], customCode=b"magic\n")
    return file.bytes([x], [y])


def variable() -> bytes:
    file = TfliteFile()
    x, v, y = (file.tensor((1, 6), 0.1, name=name) for name in "xvy")
    file.tensors[v].isVariable = True
    file.op("ADD", [x, v], [y])
    return file.bytes([x], [y])


def unsupported(kind: str) -> bytes:
    return one_op(kind, [(1, 6), (1, 6)], [(0.1, 0), (0.1, 0)])


def depthwise(multiplier: int) -> bytes:
    file = TfliteFile()
    x, y = file.tensor((1, 4, 4, 2), *same[0], name="x"), file.tensor((1, 4, 4, 4), *same[0], name="y")
    w = file.tensor((1, 2, 2, 4), 0.01, data=np.ones((1, 2, 2, 4), np.int8), name="w")
    file.op("DEPTHWISE_CONV_2D", [x, w], [y], strideH=1, strideW=1, depthMultiplier=multiplier)
    return file.bytes([x], [y])


def listed(
    kind: str, lists: list[list[int] | None], out: tuple[int, ...], shape: tuple[int, ...] = (1, 2, 3),
    **options: object,
) -> bytes:  # fmt: skip
    """``kind`` with constant lists as its other operands, None for one that is an input."""
    file = TfliteFile()
    x, y = file.tensor(shape, 0.1, 3, name="x"), file.tensor(out, 0.1, 3, name="y")
    numbers = [
        file.tensor((1,), dtype=np.int32, name=f"list{i}") if values is None
        else file.tensor((len(values),), data=np.array(values, np.int32), name=f"list{i}")
        for i, values in enumerate(lists)
    ]  # fmt: skip
    file.op(kind, [x, *numbers], [y], **options)
    return file.bytes([x, *(n for n, values in zip(numbers, lists, strict=True) if values is None)], [y])


def int4_dense() -> bytes:
    file = TfliteFile()
    x, y = file.tensor((1, 6), 0.1, 3, name="x"), file.tensor((1, 4), 0.2, 1, name="y")
    w = file.tensor((4, 6), 0.1, data=np.ones((4, 6), np.int8), int4=True, name="w")
    file.op(FC, [x, w], [y])
    return file.bytes([x], [y])


def float_sum() -> bytes:
    file = TfliteFile()
    x = file.tensor((1, 6), 0.1, 3)
    real, other, out = (file.tensor((1, 6), dtype=np.float32) for _ in range(3))
    file.tensors[x].type, file.tensors[x].quantization = (
        schema.TensorType.INT8,
        dense_with().tensors[0].quantization,
    )
    file.op("DEQUANTIZE", [x], [real])
    file.op("RESHAPE", [real], [other])
    file.op("ADD", [real, other], [out])
    return file.bytes([x], [out])


def dense_bytes(**changes: object) -> bytes:
    return dense_with(**changes).bytes([0], [1])


FITS = (1, 4, 4, 5)  # what conv_with gives for 5 outputs
same = [(0.1, 3), (0.1, 3)]
REFUSED: dict[str, Callable[[], Broken]] = {
    "float": lambda: (float_model(np.float32), FC, "x", "a float model"),
    "dynamic_range": lambda: (float_model(np.int8), FC, "x", "dynamic-range"),
    "custom": lambda: (custom(), "CUSTOM:magic\\n", "y", "custom operation"),
    "dynamic_batch": lambda: (unsupported("SHAPE"), "SHAPE", "t1", "dynamic batch"),
    "gelu": lambda: (unsupported("GELU"), "GELU", "t1", "use ReLU"),
    "unsupported": lambda: (unsupported("GATHER"), "GATHER", "t1", "no kernel"),
    "uint8": lambda: (dense_bytes(t0_type=schema.TensorType.UINT8), FC, "x", "uint8"),
    "no_scale": lambda: (dense_bytes(t0_quantization=None), FC, "x", "one scale"),
    "variable": lambda: (variable(), "ADD", "v", "variable"),
    "no_elements": lambda: (dense_bytes(t0_shape=[1, 0]), FC, "x", "without elements"),
    "fc_shapes": lambda: (dense_bytes(t1_shape=[1, 5]), FC, "y", "shapes do not agree"),
    "fc_bias_scale": lambda: (dense_bytes(t3_scale=[0.5]), FC, "t3", "bias scale"),
    "fc_factor": lambda: (dense_bytes(t1_scale=[1e-30], t3_quantization=None), FC, "y", "32 bits"),
    "weights_zero": lambda: (dense_bytes(t2_zeroPoint=[3]), FC, "t2", "zero point other than 0"),
    "weights_scale": lambda: (dense_bytes(t2_quantization=None), FC, "t2", "no scale"),
    "bias_type": lambda: (dense_bytes(t3_type=schema.TensorType.FLOAT32), FC, "t3", "int32"),
    "conv_shapes": lambda: (conv_with((1, 4, 3, 5), (5, 3, 3, 2)), "CONV_2D", "y", "shapes do not agree"),
    "conv_groups": lambda: (conv_with((1, 4, 4, 5), (5, 3, 3, 1)), "CONV_2D", "w", "grouped"),
    "conv_stride": lambda: (conv_with(FITS, (5, 3, 3, 2), strideW=0), "CONV_2D", "", "not a window"),
    "conv_activation": lambda: (conv_with(FITS, (5, 3, 3, 2), fusedActivationFunction=4), "CONV_2D", "y",
                                "activation 4"),
    "depth_multiplier": lambda: (depthwise(3), "DEPTHWISE_CONV_2D", "w", "depth multiplier"),
    "valued_variable": lambda: (dense_bytes(t2_isVariable=True), None, "t2", "variable tensor with a value"),
    "no_zero_point": lambda: (dense_bytes(t0_zeroPoint=[]), FC, "x", "one scale"),
    "mean_axes": lambda: (listed("MEAN", [[4]], (1, 2)), "MEAN", "list0", "beyond the input's 3"),
    "mean_shape": lambda: (listed("MEAN", [[1]], (1, 5)), "MEAN", "y", "averaged is not"),
    "mean_of_runtime_axes": lambda: (listed("MEAN", [None], (1, 3)), "MEAN", "list0", "constant list"),
    "transpose_order": lambda: (listed("TRANSPOSE", [[0, 1, 1]], (1, 2, 3)), "TRANSPOSE", "x", "an order"),
    "transpose_shape": lambda: (listed("TRANSPOSE", [[0, 2, 1]], (1, 2, 3)), "TRANSPOSE", "y", "cannot be"),
    "slice_beyond": lambda: (listed("SLICE", [[0, 1, 0], [1, 2, 3]], (1, 2, 3)), "SLICE", "y", "is not"),
    "slice_axes": lambda: (listed("SLICE", [[0, 1], [1, 1]], (1, 1, 3)), "SLICE", "x", "all of them"),
    "strided_shape": lambda: (listed("STRIDED_SLICE", [[0, 0, 0], [1, 2, 3], [1, 1, 2]], (1, 2, 3)),
                              "STRIDED_SLICE", "y", "gives 1x2x2"),
    "strided_still": lambda: (listed("STRIDED_SLICE", [[0, 0, 0], [1, 2, 3], [1, 0, 1]], (1, 2, 3)),
                              "STRIDED_SLICE", "x", "picks nothing"),
    "strided_ellipsis": lambda: (listed("STRIDED_SLICE", [[0, 0, 0], [1, 2, 3], [1, 1, 1]], (1, 2, 3),
                                        ellipsisMask=1), "STRIDED_SLICE", "x", "ellipsis"),
    "resize_shape": lambda: (listed("RESIZE_NEAREST_NEIGHBOR", [[4, 4]], (1, 4, 5, 3), (1, 2, 2, 3)),
                             "RESIZE_NEAREST_NEIGHBOR", "y", "is not"),
    "logistic_scale": lambda: (one_op("LOGISTIC", [(1, 6)] * 2, same), "LOGISTIC", "t1", "1/256"),
    "tanh_scale": lambda: (one_op("TANH", [(1, 6)] * 2, same), "TANH", "t1", "1/128"),
    "tanh_fine": lambda: (one_op("TANH", [(1, 6)] * 2, [(1e-12, 0), (1 / 128, 0)]), "TANH", "t0",
                          "fixed point"),
    "leaky_slope": lambda: (one_op("LEAKY_RELU", [(1, 6)] * 2, same, alpha=-1.0), "LEAKY_RELU", "t0",
                            "negative"),
    "hard_swish_scales": lambda: (one_op("HARD_SWISH", [(1, 6)] * 2, [(1.0, 0), (1e-4, 0)]), "HARD_SWISH",
                                  "t1", "beyond its fixed point"),
    "sub_scale": lambda: (one_op("SUB", [(1, 6)] * 3, [*same, (1e-9, 3)]), "SUB", "t2", "does not fit"),
    "int4_dense": lambda: (int4_dense(), FC, "w", "int4"),
    "float_after_int8": lambda: (float_sum(), "ADD", "t1", "a float model"),
    "pool_scales": lambda: (pool(2, [(0.1, 3), (0.2, 3)]), "MAX_POOL_2D", "t1", "share scale"),
    "pool_shapes": lambda: (pool(3, same), "MAX_POOL_2D", "t1", "shapes do not agree"),
    "add_shapes": lambda: (one_op("ADD", [(1, 6), (1, 4), (1, 6)], [*same, (0.1, 3)]), "ADD", "t2",
                           "1x6 and 1x4 do not give 1x6"),
    "add_scale": lambda: (one_op("ADD", [(1, 6)] * 3, [*same, (1e-9, 3)]), "ADD", "t2", "too small"),
    "relu6_scales": lambda: (one_op("RELU6", [(1, 6), (1, 6)], [(0.1, 3), (0.2, 3)]), "RELU6", "t1",
                             "rescale"),
    "relu_shapes": lambda: (one_op("RELU", [(1, 6), (1, 5)], same), "RELU", "t1", "cannot become"),
    "reshape": lambda: (one_op("RESHAPE", [(1, 6), (1, 5)], same), "RESHAPE", "t1", "cannot become"),
    "softmax_scale": lambda: (one_op("SOFTMAX", [(1, 6), (1, 6)], same, beta=1.0), "SOFTMAX", "t1", "1/256"),
    "softmax_beta": lambda: (one_op("SOFTMAX", [(1, 6)] * 2, [(0.1, 3), (1 / 256, -128)], beta=-1.0),
                             "SOFTMAX", "t0", "too small"),
    "softmax_classes": lambda: (one_op("SOFTMAX", [(1, 5000)] * 2, [(0.1, 3), (1 / 256, -128)], beta=1.0),
                                "SOFTMAX", "t0", "5000 classes"),
    "concat_scales": lambda: (one_op(CONCAT, [(1, 2), (1, 2), (1, 4)], [*same, (0.3, 3)], axis=1),
                              CONCAT, "t0", "share"),
    "concat_shapes": lambda: (one_op(CONCAT, [(1, 2), (1, 2), (1, 5)], [*same, (0.1, 3)], axis=1),
                              CONCAT, "t2", "do not fill"),
    "concat_axis": lambda: (one_op(CONCAT, [(1, 2), (1, 2), (1, 4)], [*same, (0.1, 3)], axis=4),
                            CONCAT, "t2", "axis 4"),
    "pad_table": lambda: (pad(None), "PAD", "paddings", "not a constant table"),
    "pad_shapes": lambda: (pad([[0, 0], [1, 3]]), "PAD", "y", "is not"),
    "pad_negative": lambda: (pad([[0, 0], [-1, 3]]), "PAD", "y", "is not"),
    "pad_scale": lambda: (pad([[0, 0], [1, 1]], 0.2), "PAD", "y", "share scale"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_operation_and_tensor(case: str) -> None:
    tflite, op, tensor, reason = REFUSED[case]()
    with pytest.raises(ModelRefused) as caught:
        compile_model(tflite, "cortex-m4f")
    assert (caught.value.op, caught.value.tensor or "") == (op, tensor)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_a_batch() -> None:
    file = TfliteFile()
    x, y = file.tensor((4, 6), 0.1, name="x"), file.tensor((4, 3), 0.1, name="y")
    file.dense(np.random.default_rng(1), x, 6, y)
    with pytest.raises(ModelRefused, match="a batch of 4") as caught:
        compile_model(file.bytes([x], [y]), "host")
    assert caught.value.op is None


def test_refuses_two_subgraphs() -> None:
    model = schema.ModelT.InitFromPackedBuf(two_heads(), 0)
    model.subgraphs *= 2
    with pytest.raises(ModelRefused, match="2 subgraphs"):
        compile_model(packed(model), "host")


def test_refuses_constants_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lower, "MAX_CONSTANTS_BYTES", 300)
    with pytest.raises(ModelRefused, match="constants exceed 300"):
        compile_model(two_heads(), "host")
