"""Whole networks against TFLite Micro: two heads, random chains, new constants in an old program, traces."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from aurora.compile import Program, compile_model
from aurora.compress.tflm import TflmInterpreter
from aurora.errors import ModelRefused
from engine_exact import input_blocks
from engine_host import ROOT, HostEngine
from tflite_file import NONE, RELU, RELU6, SAME, VALID, TfliteFile
from tflite_networks import two_heads

Build = Callable[[Program], HostEngine]

SHARED = Path(os.environ.get("AURORA_SHARED", ROOT.parent / "shared"))
MODELS = {  # and how many random rows: the large ones take milliseconds each
    "vib_a": 200,
    "vib_b": 200,
    "vib_c": 200,
    "vib_ae": 200,
    "tflm_hello_world_int8": 200,
    "tflm_micro_speech_int8": 200,
    "mlperf_ad01_int8": 200,
    "mlperf_kws_dscnn_int8": 50,
    "mlperf_ic_resnet8_int8": 10,
    "mlperf_vww96_int8": 5,
    "tflm_person_detect_int8": 5,
    "tflm_mnist_lstm_int8": 50,
    "silabs_autoencoder_example": 100,
    "silabs_fingerprint_signature_generator": 10,
    "silabs_keyword_spotting_mobilenetv2": 20,
    "silabs_rock_paper_scissors": 10,
    "silabs_tflite_micro_magic_wand": 50,
    "vib_a_dyn": 50,
}
REFUSED = {  # operation and part of the reason
    "mlperf_ad01_fp32": ("FULLY_CONNECTED", "a float model"),
    "mlperf_ad_dynrange_hybrid": ("FULLY_CONNECTED", "dynamic-range"),
    "tflm_person_detect_vela_ethosu": ("CUSTOM:ethos-u", "custom operation"),
}


inputs_for = input_blocks


@pytest.mark.parametrize("name", MODELS)
def test_shared_model_is_exact(name: str, build: Build) -> None:
    path = SHARED / "tflite" / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"{path} is not there (AURORA_SHARED)")
    tflite = path.read_bytes()
    program = compile_model(tflite, "host", name=name)
    inputs = inputs_for(program, MODELS[name])
    assert np.array_equal(build(program).run(inputs), TflmInterpreter(tflite).run(inputs))


@pytest.mark.parametrize("name", REFUSED)
def test_other_shared_models_are_refused_with_the_reason(name: str) -> None:
    path = SHARED / "tflite" / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"{path} is not there (AURORA_SHARED)")
    op, reason = REFUSED[name]
    with pytest.raises(ModelRefused, match=reason) as caught:
        compile_model(path.read_bytes(), "host")
    assert caught.value.op == op


@pytest.mark.parametrize("swapped", [False, True], ids=["in_order", "swapped"])
def test_two_heads_by_name(swapped: bool, build: Build) -> None:
    tflite = two_heads(7, swapped=swapped)
    program = compile_model(tflite, "host")
    inputs = inputs_for(program, 200)
    outputs = build(program).run(inputs)
    assert np.array_equal(outputs, TflmInterpreter(tflite).run(inputs))
    assert np.array_equal(outputs, TflmInterpreter(two_heads(7)).run(inputs))


def test_old_program_runs_new_constants(build: Build) -> None:
    """Five trainings of one architecture, all on the program built for the first."""
    first = compile_model(two_heads(1), "host")
    engine = build(first)
    for seed in range(2, 6):
        tflite = two_heads(seed)
        program = compile_model(tflite, "host")
        assert (program.layout_id, program.source) == (first.layout_id, first.source)
        inputs = inputs_for(program, 200)
        assert np.array_equal(engine.run(inputs, program.constants), TflmInterpreter(tflite).run(inputs))


class Chain:
    """A random network: convolutions, pools, a residual sum, dense layers; ``seed`` gives its whole shape."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.file = TfliteFile()

    def tensor(self, shape: tuple[int, ...]) -> int:
        zero = int(self.rng.choice([-128, 127, self.rng.integers(-128, 128)]))
        return self.file.tensor(shape, self.rng.uniform(0.02, 0.7), zero)

    def shape(self, number: int) -> tuple[int, ...]:
        return tuple(self.file.tensors[number].shape)

    def layer(self, x: int) -> int:
        rng, (_, h, w, c) = self.rng, self.shape(x)
        kind = rng.choice(["conv", "depthwise", "pool", "residual"])
        if kind == "pool" and h * w > 4:
            taps, stride = (1, min(3, w)), (1, 2)
            old = self.file.tensors[x].quantization
            y = self.file.tensor((1, h, (w - taps[1]) // 2 + 1, c), old.scale[0], int(old.zeroPoint[0]))
            pool = str(rng.choice(["AVERAGE_POOL_2D", "MAX_POOL_2D"]))
            return self.file.op(
                pool, [x], [y], filterHeight=1, filterWidth=taps[1], strideH=stride[0], strideW=stride[1],
                padding=VALID,
            )  # fmt: skip
        if kind == "residual":
            y, z = self.tensor((1, h, w, c)), self.tensor((1, h, w, c))
            self.conv(x, y, (1, 3), 1, False)
            return self.file.op("ADD", [x, y], [z], fusedActivationFunction=int(rng.choice([NONE, RELU])))
        stride = int(rng.integers(1, 3))
        depthwise = bool(kind == "depthwise")
        channels = c * int(rng.integers(1, 3)) if depthwise else int(rng.integers(1, 12))
        y = self.tensor((1, -(-h // stride), -(-w // stride), channels))
        return self.conv(x, y, (int(rng.integers(1, 4)), int(rng.integers(1, 6))), stride, depthwise)

    def conv(self, x: int, y: int, taps: tuple[int, int], stride: int, depthwise: bool) -> int:
        scales = self.rng.uniform(0.001, 0.02, self.shape(y)[-1])
        fused = int(self.rng.choice([NONE, RELU, RELU6]))
        options = {"strideH": stride, "strideW": stride, "padding": SAME, "fusedActivationFunction": fused}
        return self.file.conv(self.rng, x, taps, y, scales, depthwise=depthwise, **options)

    def bytes(self) -> bytes:
        rng = self.rng
        first = last = self.tensor(
            (1, int(rng.integers(1, 6)), int(rng.integers(4, 30)), int(rng.integers(1, 5)))
        )
        for _ in range(int(rng.integers(2, 6))):
            last = self.layer(last)
        size = int(np.prod(self.shape(last)))
        old = self.file.tensors[last].quantization
        flat = self.file.tensor((1, size), old.scale[0], int(old.zeroPoint[0]))
        logits, head = self.tensor((1, int(rng.integers(2, 6)))), self.tensor((1, 1))
        self.file.op("RESHAPE", [last], [flat])
        self.file.dense(rng, flat, size, logits)
        self.file.dense(rng, flat, size, head, 0.003, activation=RELU)
        classes = self.file.tensor(self.shape(logits), 1 / 256, -128)
        self.file.op("SOFTMAX", [logits], [classes], beta=1.0)
        return self.file.bytes([first], [classes, head, logits])


@pytest.mark.parametrize("seed", range(15))
def test_random_network_is_exact(seed: int, build: Build) -> None:
    tflite = Chain(seed).bytes()
    program = compile_model(tflite, "host")
    inputs = inputs_for(program, 40)
    assert np.array_equal(
        build(program).run(inputs), TflmInterpreter(tflite, arena_bytes=1 << 20).run(inputs)
    )


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 1100))
def test_many_random_networks_are_exact(seed: int, build: Build) -> None:
    test_random_network_is_exact(seed, build)


def operators(tflite: bytes) -> list:
    return schema.ModelT.InitFromPackedBuf(tflite, 0).subgraphs[0].operators


@pytest.mark.parametrize("seed", [0, 3])
def test_trace_reports_every_materialised_tensor(seed: int, build: Build) -> None:
    """Every tensor that a step writes, by its index in the .tflite, as TFLite Micro has it."""
    tflite = Chain(seed).bytes()
    program = compile_model(tflite, "host")
    traced = program.report["traced_tensors"]
    row = inputs_for(program, 1)[-1:]
    traces: list[tuple[int, np.ndarray]] = []
    build(program).run(row, traces=traces)
    expected = TflmInterpreter(tflite, arena_bytes=1 << 20, keep_tensors=True).tensors(row[0], traced)
    assert [number for number, _ in traces] == list(range(len(traced)))
    assert len(traced) == len(operators(tflite)) - 1  # all but the RESHAPE, which writes nothing
    for number, values in traces:
        assert np.array_equal(values, expected[traced[number]].reshape(-1)), traced[number]


def test_trace_is_compiled_out_of_releases() -> None:
    """Without NN_TRACE the program ignores the trace; compile_model(trace=True) defines it."""
    program = compile_model(two_heads(), "host")
    assert "define NN_TRACE" not in program.source
    assert "define NN_TRACE" in compile_model(two_heads(), "host", trace=True).source


@pytest.mark.parametrize("which", ["constants", "arena", "in", "out"])
def test_null_and_unaligned_pointers_are_refused(which: str, build: Build) -> None:
    engine = build(compile_model(two_heads(), "host"))
    block = np.zeros(4096, np.uint8)
    base = block.ctypes.data + -block.ctypes.data % 64
    pointers = {"constants": base, "arena": base + 1024, "in": base + 2048, "out": base + 3072}
    assert engine.model.run(*(pointers | {which: None}).values(), None) == -1
    if which in ("constants", "arena"):
        assert engine.model.run(*(pointers | {which: pointers[which] + 1}).values(), None) == -2


def test_published_sizes(build: Build) -> None:
    program = compile_model(two_heads(), "host")
    model = build(program).model
    assert bytes(model.layout_id) == program.layout_id
    assert list(model.sizes) == [len(program.constants), 16, program.arena_bytes, 16, 12, 4, 1, 2]
