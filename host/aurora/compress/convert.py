"""Float network to full int8 .tflite, in a process of its own.

TensorFlow's converter may take the whole process down with it (a non-unrolled LSTM does), and the caller may
have no TensorFlow in memory at all. The same network and the same representative rows give the same bytes.

    python -m aurora.compress.convert FOLDER      reads FOLDER/job.npz, writes FOLDER/model.tflite
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import BuildFailed
from aurora.train.dense import build_keras, import_keras
from aurora.train.network import Layer, Network

TIMEOUT_S = 300


def convert(network: Network, representative: NDArray[np.float32]) -> bytes:
    """The .tflite: int8 input ``features`` [1, F], int8 outputs named as the heads, per-channel weights.

    ``representative`` [rows, F] sets every range; the caller puts the input's own extremes into it. Raises
    BuildFailed with the converter's last line.
    """
    with tempfile.TemporaryDirectory(prefix="aurora-convert-") as folder:
        np.savez(Path(folder) / "job.npz", allow_pickle=False, **_pack(network, representative))
        return run_converter("aurora.compress.convert", Path(folder))


def run_converter(module: str, folder: Path) -> bytes:
    """The ``model.tflite`` that ``python -m module folder`` leaves there; raises BuildFailed."""
    command = [sys.executable, "-m", module, str(folder)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=TIMEOUT_S, check=False, env=environment, text=True
        )
    except subprocess.TimeoutExpired as error:
        raise BuildFailed(f"TensorFlow's converter did not end within {TIMEOUT_S} s") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise BuildFailed(f"TensorFlow's converter failed: {lines[-1]}", hint="aurora -v shows more")
    return (folder / "model.tflite").read_bytes()


def _pack(network: Network, representative: NDArray[np.float32]) -> dict[str, Any]:
    arrays: dict[str, Any] = {"representative": representative, "heads": np.array(sorted(network.heads))}
    layers = {f"hidden_{place}": layer for place, layer in enumerate(network.hidden)} | network.heads
    for name, layer in layers.items():
        arrays[f"{name}.weights"], arrays[f"{name}.bias"] = layer.weights, layer.bias
    return arrays


def _unpack(job: Any) -> tuple[Network, NDArray[np.float32]]:
    def layer(name: str) -> Layer:
        return Layer(job[f"{name}.weights"], job[f"{name}.bias"])

    depth = sum(key.startswith("hidden_") and key.endswith(".bias") for key in job.files)
    hidden = tuple(layer(f"hidden_{place}") for place in range(depth))
    return Network(hidden, {str(name): layer(str(name)) for name in job["heads"]}), job["representative"]


def _work(folder: Path) -> None:
    with np.load(folder / "job.npz", allow_pickle=False) as job:
        network, representative = _unpack(job)
    import_keras().utils.set_random_seed(1)
    widths = tuple(len(layer.bias) for layer in network.hidden)
    model = build_keras(network.inputs, widths, {name: len(h.bias) for name, h in network.heads.items()})
    layers = {f"hidden_{place}": layer for place, layer in enumerate(network.hidden)} | network.heads
    for name, layer in layers.items():
        model.get_layer(name).set_weights([layer.weights, layer.bias])
    (folder / "model.tflite").write_bytes(full_int8(model, representative, folder / "saved"))


def full_int8(model: Any, representative: NDArray[np.float32], saved: Path) -> bytes:
    """The .tflite of a Keras model with one input; ``saved`` is a folder to be made on the way."""
    keras = import_keras()
    import tensorflow as tf

    # a static batch of one: a dynamic one adds SHAPE, STRIDED_SLICE and PACK
    shape, name = (1, *model.input_shape[1:]), model.inputs[0].name
    spec = keras.InputSpec(shape=shape, dtype="float32", name=name)
    model.export(str(saved), input_signature=[spec], verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([row[None]] for row in representative)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    tflite: bytes = converter.convert()
    return tflite


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
