"""Operations that keep a state between windows: byte for byte TFLite Micro's, window after window."""

from collections.abc import Callable

import numpy as np
import pytest
from aurora.compile import Program, compile_model
from aurora.compress.tflm import TflmInterpreter
from aurora.errors import ModelRefused
from engine_exact import ARENA_BYTES, assert_exact, input_blocks
from engine_host import HostEngine
from tflite_file import NONE, RELU, TfliteFile

Build = Callable[[Program], HostEngine]
TANH = 4  # ActivationFunctionType


def lstm(
    *, steps=5, inputs=3, units=4, x=(0.05, -20), hidden=(1 / 128, 0), cell=2.0**-11, clip=0.0, factor=1.0,
    time_major=False, seed=1, **options,
) -> bytes:  # fmt: skip
    rng = np.random.default_rng(seed)
    file = TfliteFile()
    axes = (lambda size: (steps, 1, size)) if time_major else (lambda size: (1, steps, size))
    source, out = file.tensor(axes(inputs), *x), file.tensor(axes(units), *hidden)
    operands = [source]
    for size in (inputs, units):
        scales = [float(rng.uniform(0.003, 0.03)) * factor for _ in range(4)]
        values = rng.integers(-127, 128, (4, units, size)).astype(np.int8)
        operands += [
            file.tensor((units, size), scale, data=w) for scale, w in zip(scales, values, strict=True)
        ]
    operands += [-1] * 3
    operands += [file.tensor((units,), x[0] * 0.01, data=rng.integers(-9000, 9000, units).astype(np.int32))
                 for _ in range(4)]  # fmt: skip
    operands += [-1, -1, file.tensor((1, units), *hidden, variable=True)]
    operands += [file.tensor((1, units), cell, dtype=np.int16, variable=True), -1, -1, -1, -1]
    settings = {"fusedActivationFunction": TANH, "cellClip": clip, "timeMajor": time_major} | options
    file.op("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, [out], **settings)
    return file.bytes([source], [out])


LSTMS = {
    "plain": {},
    "one_step": {"steps": 1},
    "wide": {"inputs": 30, "units": 17, "steps": 9},
    "hidden_zero": {"hidden": (0.006, -37)},
    "coarse_cell": {"cell": 2.0**-9},
    "fine_cell": {"cell": 2.0**-15},
    "finest_cell": {"cell": 2.0**-16},
    "clip": {"clip": 0.8},
    "clip_beyond": {"clip": 1e6},
    "saturating": {"factor": 30.0, "steps": 20},
    "small": {"factor": 1e-4},
    "time_major": {"time_major": True, "steps": 1},
    "input_zero": {"x": (0.2, 127)},
}


@pytest.mark.parametrize("case", LSTMS)
def test_lstm(case: str, build: Build) -> None:
    assert_exact(lstm(**LSTMS[case]), build)


def svdf(
    *, inputs=7, units=4, rank=2, memory=5, wide=True, activation=NONE, x=(0.05, -20), scales=(0.02, 0.01),
    state=(0.004, 0), out=(0.03, 5),
) -> bytes:  # fmt: skip
    rng = np.random.default_rng(2)
    kind = np.int16 if wide else np.int8
    file = TfliteFile()
    source, result = file.tensor((1, inputs), *x), file.tensor((1, units), *out)
    filters = units * rank
    low, high = (-32767, 32768) if wide else (-127, 128)
    operands = [
        source,
        file.tensor(
            (filters, inputs), scales[0], data=rng.integers(-127, 128, (filters, inputs)).astype(np.int8)
        ),
        file.tensor(
            (filters, memory), scales[1], data=rng.integers(low, high, (filters, memory)).astype(kind)
        ),
        file.tensor((units,), state[0] * scales[1], data=rng.integers(-9000, 9000, units).astype(np.int32)),
        file.tensor((1, filters * memory), *state, dtype=kind, variable=True),
    ]
    file.op("SVDF", operands, [result], rank=rank, fusedActivationFunction=activation)
    return file.bytes([source], [result])


SVDFS = {
    "wide": {"out": (300.0, 5)},
    "narrow": {"wide": False, "state": (0.1, -3)},
    "narrow_relu": {"wide": False, "state": (0.2, 11), "activation": RELU, "out": (0.1, -128)},
    "rank_1": {"wide": False, "rank": 1, "memory": 9},
    "no_memory": {"wide": False, "memory": 1},
    "saturating": {"wide": False, "state": (1e-4, 0), "out": (0.001, 0)},
    "large": {"inputs": 40, "units": 16, "memory": 10, "out": (500.0, -9)},
}


@pytest.mark.parametrize("case", SVDFS)
def test_svdf(case: str, build: Build) -> None:
    assert_exact(svdf(**SVDFS[case]), build)


@pytest.mark.parametrize("make", [lstm, lambda: svdf(wide=False)], ids=["lstm", "svdf"])
def test_a_reset_starts_afresh(make: Callable[[], bytes], build: Build) -> None:
    """The same windows after a reset give the same bytes, and others without one."""
    tflite = make()
    program = compile_model(tflite, "host")
    rows = np.repeat(input_blocks(program, 30)[-1:], 3, axis=0)
    engine = build(program)
    first = engine.run(rows)
    assert np.array_equal(first, engine.run(rows))
    assert not np.array_equal(first[0], first[1])
    oracle = TflmInterpreter(tflite, arena_bytes=ARENA_BYTES)
    assert np.array_equal(oracle.run(rows), first)
    oracle.reset()
    assert np.array_equal(oracle.run(rows), first)


def test_state_is_shared_with_nothing(build: Build) -> None:
    """An LSTM among other layers: its state lies in bytes of the arena that no other buffer has."""
    rng = np.random.default_rng(3)
    file = TfliteFile()
    model = lstm(units=8, steps=6)
    program = compile_model(model, "host")
    (place,) = [step["state"] for step in program.layout["steps"] if step["state"]]
    entries = [entry for entry in program.report["arena"] if not entry["buffer"].startswith("state")]
    for entry in entries:
        assert entry["offset"] + entry["bytes"] <= place[0] or place[0] + place[1] <= entry["offset"]
    assert "memset" in program.source
    x, y = file.tensor((1, 6), 0.1), file.tensor((1, 4), 0.1)
    file.dense(rng, x, 6, y)
    assert "memset" not in compile_model(file.bytes([x], [y]), "host").source


REFUSALS = {
    "activation": ({"fusedActivationFunction": RELU}, "not tanh"),
    "cell_scale": ({"cell": 0.0003}, "power of two"),
    "large_cell": ({"cell": 2.0**3}, "too large"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_lstm_refusals(case: str) -> None:
    settings, reason = REFUSALS[case]
    with pytest.raises(ModelRefused, match=reason) as caught:
        compile_model(lstm(**settings), "host")
    assert caught.value.op == "UNIDIRECTIONAL_SEQUENCE_LSTM"
