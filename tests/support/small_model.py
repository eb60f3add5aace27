"""A small model made in milliseconds, without TensorFlow: chain, int8 network and pack to test firmware with.

The network has random weights: it means nothing, and every byte of it must still agree everywhere. Another
``seed`` is what retraining gives: other weights, scales and zero points in the same architecture.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from aurora.compile import Program, compile_model
from aurora.compress.baseline import DriftData
from aurora.compress.release import Release, write_release
from aurora.compress.tflm import TflmInterpreter
from aurora.features.device import calibrate, chain_info, extract, normalise
from aurora.pack.build import PackContents, build_pack
from aurora.signals.storage import npz_bytes
from aurora.spec.baseline import Baseline, build_baseline
from aurora.spec.board import load_board
from aurora.spec.chain import compile_chain, default_chain, feature_names, features_id, with_normalisation
from aurora.spec.decision import Decision, FailsWithin, FaultType
from aurora.spec.model import LabelSpec, ModelSpec, model_toml_text
from aurora.spec.signal import SignalSpec
from numpy.typing import NDArray
from tflite_file import RELU, TfliteFile

LABELS = ("healthy", "inner_race", "outer_race", "gear")
RATE_HZ, RPM = 12800.0, 1500.0
CALIBRATION_WINDOWS = 6


@dataclass(frozen=True)
class Recording:
    """Windows of one made-up unit: samples int16 [w, axes, n], scale_g [w, axes], rpm [w]."""

    samples: NDArray[np.int16]
    scale_g: NDArray[np.float32]
    rpm: NDArray[np.float32]
    rate_hz: float = RATE_HZ


def recording(windows: int, n: int = 256, axes: int = 2, seed: int = 5) -> Recording:
    """Noise and a growing tone: features differ from window to window, nothing clips."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) / RATE_HZ
    growth = np.linspace(0.1, 1.0, windows)[:, None, None]
    tone = np.sin(2 * np.pi * 900.0 * t + rng.uniform(0, 6, (windows, axes, 1)))
    signal = rng.normal(0, 900, (windows, axes, n)) + 6000 * growth * tone
    scale = rng.uniform(2e-4, 4e-4, (windows, axes)).astype(np.float32)
    rpm = rng.uniform(0.9, 1.1, windows).astype(np.float32) * np.float32(RPM)
    return Recording(signal.round().astype(np.int16), scale, rpm)


@dataclass(frozen=True)
class SmallModel:
    """What a release holds, as far as a pack needs it."""

    spec: ModelSpec
    plain_chain: bytes  # without normalisation
    chain: bytes
    tflite: bytes
    decision: Decision
    baseline: Baseline
    golden_inputs: NDArray[np.int8]
    golden_outputs: NDArray[np.int8]

    @property
    def names(self) -> tuple[str, ...]:
        """Drift channels: features, then outputs."""
        return self.baseline.names

    def program(self, core: str) -> Program:
        return compile_model(self.tflite, core)

    def contents(self, board_id: str) -> PackContents:
        board = load_board(board_id)
        program = self.program(board.core)
        return PackContents(
            board_class=board.class_id,
            layout_id=program.layout_id,
            features_id=features_id(self.chain),
            chain=self.chain,
            constants=program.constants,
            constants_alignment=program.constants_alignment,
            decision=self.decision.to_bytes(),
            labels=LABELS if self.decision.fault_type else (),
            drift=self.baseline.to_bytes(),
            manifest={"channels": list(self.names)},
            golden=(self.golden_inputs, self.golden_outputs),
        )

    def pack(self, board_id: str) -> bytes:
        return build_pack(self.contents(board_id))

    def release(self, path: Path) -> Release:
        """The model as `aurora train` would write it, as far as builds and packs look."""
        nothing = np.zeros((0, len(self.names)), np.int8)
        rows = np.zeros(0)
        drift = DriftData(
            self.baseline, nothing, rows.astype(np.int32), rows.astype(np.float32), ()
        )
        golden = {"inputs": self.golden_inputs, "outputs": self.golden_outputs}
        files = {
            "model.toml": model_toml_text(self.spec).encode(),
            "model.tflite": self.tflite,
            "chain.bin": self.chain,
            "decision.json": json.dumps(self.decision.to_dict()).encode(),
            "baseline.npz": drift.to_bytes(),
            "golden.npz": npz_bytes(golden),
            "model_data.h": b"",
            "model_data.c": b"",
        }
        return write_release(path, files, {})


@cache
def small_model(
    seed: int = 1,
    hidden: int = 16,
    n: int = 256,
    axes: int = 2,
    calibration_windows: int = CALIBRATION_WINDOWS,
) -> SmallModel:
    """One model; the same arguments give the same bytes."""
    signal = SignalSpec(n=n, axes=tuple("xyz"[:axes]), rate_hz=RATE_HZ, rpm="known")
    steps = default_chain(signal, RPM, calibration_windows=calibration_windows)
    spec = ModelSpec(f"small-{seed}", "1.0.0", signal, steps, LabelSpec(LABELS, 3600.0))
    plain = compile_chain(steps, signal)
    recorded = recording(40, n, axes, seed=100)
    features, _ = extract(plain, recorded.samples, recorded.scale_g, recorded.rate_hz, recorded.rpm)
    centred = features - (calibrate(plain, features) if calibration_windows else 0)
    center, spread = centred.mean(axis=0), np.maximum(centred.std(axis=0), 1e-3)
    rng = np.random.default_rng(seed)
    gain = (32.0 * rng.uniform(0.9, 1.1) / spread).astype(np.float32)
    zero_point = int(rng.integers(-8, 8))
    chain = with_normalisation(plain, center.astype(np.float32), gain, zero_point)
    count = chain_info(chain).feature_count
    tflite = network(count, hidden, len(LABELS), zero_point, seed)
    calibration = calibrate(chain, features) if calibration_windows else np.zeros(count, np.float32)
    calibrated, inputs = normalise(chain, features, calibration)
    outputs = TflmInterpreter(tflite, arena_bytes=1 << 19).run(inputs)
    names = (
        *feature_names(steps, signal.axes),
        "fails_within_h",
        *(f"fault_type.{i}" for i in range(len(LABELS))),
    )
    middle = int(np.median(outputs[:, 0]))
    decision = Decision(
        output_bytes=outputs.shape[1],
        fault_type=FaultType(1, len(LABELS)),
        fails_within=FailsWithin(0, middle, max(-128, middle - 5), 3, 2, 5),
    )
    baseline = build_baseline(calibrated, outputs, names)
    return SmallModel(spec, plain, chain, tflite, decision, baseline, inputs[:8], outputs[:8])


def network(inputs: int, hidden: int, classes: int, zero_point: int, seed: int) -> bytes:
    """An int8 .tflite: inputs -> hidden (ReLU) -> fails_within_h [1] and fault_type [classes], logits."""
    rng = np.random.default_rng(1000 + seed)
    file = TfliteFile()
    x = file.tensor((1, inputs), rng.uniform(0.02, 0.04), zero_point, name="features")
    h = file.tensor((1, hidden), 0.05, -128)
    file.dense(rng, x, inputs, h, rng.uniform(0.5, 1, hidden) / (75 * np.sqrt(inputs)), activation=RELU)
    heads = {"fails_within_h": (1, 0.05), "fault_type": (classes, 0.06)}
    outputs = {}
    for name, (count, scale) in heads.items():
        outputs[name] = file.tensor((1, count), scale, int(rng.integers(-9, 9)))
        file.dense(rng, h, hidden, outputs[name], rng.uniform(0.5, 1, count) / (75 * np.sqrt(hidden)))
    return file.bytes([x], list(outputs.values()), outputs)
