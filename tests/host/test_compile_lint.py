"""Lint: each rule finds what it is for, names the layer and the way out, and is silent on a good model."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from aurora.compile import compile_model
from aurora.compile.lint import NAME_SHOWN, Finding
from tflite_file import RELU, SAME, TfliteFile
from tflite_networks import conv_net, two_heads

Q = (0.1, 3)


def ints(file: TfliteFile, *values: int) -> int:
    return file.tensor((len(values),), data=np.array(values, np.int32))


def dynamic_batch() -> bytes:
    """What the converter makes of Flatten under a dynamic batch."""
    file = TfliteFile()
    x, y = file.tensor((1, 2, 3), *Q, name="x"), file.tensor((1, 6), *Q, name="y")
    shape, one = file.tensor((3,), dtype=np.int32, name="shape"), file.tensor((), dtype=np.int32, name="one")
    packed = file.tensor((2,), dtype=np.int32, name="packed")
    out = file.tensor((1, 4), *Q, name="out")
    file.op("SHAPE", [x], [shape])
    begin, end = ints(file, 0), ints(file, 1)
    file.op("STRIDED_SLICE", [shape, begin, end, end], [one], shrinkAxisMask=1)
    file.op("PACK", [one, file.tensor((), data=np.array(6, np.int32))], [packed])
    file.op("RESHAPE", [x, packed], [y])
    file.dense(np.random.default_rng(1), y, 6, out)
    return file.bytes([x], [out])


def mean(axes: tuple[int, ...] = (1, 2)) -> bytes:
    file = TfliteFile()
    shape = (1, 4, 6, 5)
    kept = [size for axis, size in enumerate(shape) if axis not in axes]
    x, y = file.tensor(shape, *Q), file.tensor(kept, *Q, name="y")
    file.op("MEAN", [x, ints(file, *axes)], [y])
    return file.bytes([x], [y])


def conv1d(*, wrapped: bool = True) -> bytes:
    rng = np.random.default_rng(1)
    file = TfliteFile()
    x = file.tensor((1, 16, 3) if wrapped else (1, 1, 16, 3), *Q)
    inner, y = file.tensor((1, 1, 16, 3), *Q), file.tensor((1, 1, 16, 4), 0.2, 3, name="y")
    if wrapped:
        file.op("EXPAND_DIMS", [x, ints(file, 1)], [inner])
    file.conv(rng, inner if wrapped else x, (1, 3), y, padding=SAME)
    out = file.tensor((1, 16, 4) if wrapped else (1, 64), 0.2, 3)
    file.op("SQUEEZE" if wrapped else "RESHAPE", [y], [out])
    return file.bytes([x], [out])


def last(kind: str, scores: int = 5, *, dequantised: bool = False) -> bytes:
    file = TfliteFile()
    x, y = file.tensor((1, scores), *Q), file.tensor((1, scores), 1 / 256, -128, name="y")
    file.op(kind, [x], [y], **({"beta": 1.0} if kind == "SOFTMAX" else {}))
    if dequantised:
        out = file.tensor((1, scores), dtype=np.float32, name="out")
        file.op("DEQUANTIZE", [y], [out])
        return file.bytes([x], [out])
    return file.bytes([x], [y])


def relu(*, fused: bool) -> bytes:
    rng = np.random.default_rng(1)
    file = TfliteFile()
    x, y = file.tensor((1, 6), *Q), file.tensor((1, 4), *Q)
    file.dense(rng, x, 6, y, activation=RELU if fused else 0)
    if fused:
        return file.bytes([x], [y])
    return file.bytes([x], [file.op("RELU", [y], [file.tensor((1, 4), *Q, name="out")])])


def lstm_like() -> bytes:
    """A step that no variant has a kernel of its own for."""
    rng = np.random.default_rng(1)
    file = TfliteFile()
    x, y = file.tensor((1, 4, 4, 3), *Q), file.tensor((1, 8, 8, 4), 0.2, 3, name="y")
    weights = file.tensor((4, 3, 3, 3), 0.01, data=rng.integers(-9, 9, (4, 3, 3, 3)).astype(np.int8))
    file.op("TRANSPOSE_CONV", [ints(file, 1, 8, 8, 4), weights, x], [y], strideH=2, strideW=2, padding=SAME)
    return file.bytes([x], [y])


CASES: dict[str, tuple[Callable[[], bytes], str, str, str]] = {
    # rule: model, operation, tensor, part of the advice
    "dynamic_batch": (dynamic_batch, "SHAPE", "shape", "InputSpec"),
    "mean_for_pooling": (mean, "MEAN", "y", "AveragePooling2D((4, 6))"),
    "conv1d_round_trip": (conv1d, "CONV_2D", "y", "Conv2D of height 1"),
    "needless_softmax": (lambda: last("SOFTMAX"), "SOFTMAX", "y", "from_logits"),
    "float_edges": (lambda: last("SOFTMAX", dequantised=True), "DEQUANTIZE", "out", "tf.int8"),
    "separate_activation": (lambda: relu(fused=False), "RELU", "out", "activation='relu'"),
    "portable_code": (lstm_like, "TRANSPOSE_CONV", "y", "UpSampling2D"),
}


def warnings(tflite: bytes, core: str = "cortex-m4f") -> dict[str, dict[str, str]]:
    return {warning["rule"]: warning for warning in compile_model(tflite, core).report["warnings"]}


@pytest.mark.parametrize("rule", CASES)
def test_rule_finds_and_advises(rule: str) -> None:
    make, op, tensor, advice = CASES[rule]
    found = warnings(make())[rule]
    assert (found["op"], found["tensor"]) == (op, tensor)
    assert advice in found["instead"]
    assert found["reason"]


def test_sigmoid_of_scores_but_not_of_a_picture() -> None:
    assert "needless_softmax" in warnings(last("LOGISTIC", 1))
    assert "needless_softmax" in warnings(last("SOFTMAX", dequantised=True))
    assert "needless_softmax" not in warnings(last("LOGISTIC", 300))


@pytest.mark.parametrize(
    "rule, make",
    [
        ("mean_for_pooling", lambda: mean((1,))),
        ("conv1d_round_trip", lambda: conv1d(wrapped=False)),
        ("separate_activation", lambda: relu(fused=True)),
        ("dynamic_batch", two_heads),
        ("needless_softmax", two_heads),
        ("float_edges", two_heads),
        ("portable_code", two_heads),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rule_is_silent_where_there_is_nothing(rule: str, make: Callable[[], bytes]) -> None:
    assert rule not in warnings(make())


def test_portable_cores_are_not_told_of_portable_code() -> None:
    assert "portable_code" not in warnings(lstm_like(), "cortex-m0")


def test_a_long_name_is_cut() -> None:
    line = Finding("rule", "OP", "n" * 500, "costs", "write").line()
    assert line == f"OP ({'n' * NAME_SHOWN}...): costs; write"
    assert Finding("rule", "OP", "", "costs", "write").line() == "OP: costs; write"


def test_command_warns_on_stderr_and_in_the_report(tmp_path: Path) -> None:
    model, out = tmp_path / "m.tflite", tmp_path / "out"
    model.write_bytes(conv_net(1))
    command = [
        sys.executable,
        "-m",
        "aurora",
        "compile",
        str(model),
        "--board",
        "mps2_an386",
        "--out",
        str(out),
    ]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    expected = [warning["rule"] for warning in json.loads((out / "report.json").read_text())["warnings"]]
    assert "needless_softmax" in expected
    assert [warning["rule"] for warning in json.loads(done.stdout)["warnings"]] == expected
    lines = [line for line in done.stderr.splitlines() if line.startswith("aurora: warning: ")]
    assert len(lines) == len(expected)
    assert any("SOFTMAX" in line and "from_logits" in line for line in lines)
