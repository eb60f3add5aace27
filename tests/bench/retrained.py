"""How many retrained models run on the program built for the first: python tests/bench/retrained.py [SEEDS].

Trains two vibration networks (1xN convolutions with pools; dense) SEEDS times (20) with other seeds on
synthetic windows, converts each to int8 and compiles it for the layout of the first, per core variant.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}
CORES = ("cortex-m3", "cortex-m4f", "cortex-m55", "host")
CLASSES, STEPS, BATCH = 4, 120, 32


def convolutions(keras: Any) -> Any:
    layers = keras.layers
    x = start = keras.Input((1, 512, 3), name="window")
    x = layers.Conv2D(16, (1, 9), strides=(1, 4), padding="same", activation="relu")(x)
    x = layers.MaxPooling2D((1, 2))(x)
    x = layers.Conv2D(24, (1, 5), strides=(1, 2), padding="same", activation="relu")(x)
    x = layers.DepthwiseConv2D((1, 5), padding="same", activation="relu")(x)
    x = layers.Conv2D(32, (1, 1), activation="relu")(x)
    x = layers.Reshape((32,))(layers.AveragePooling2D((1, 32))(x))
    return keras.Model(start, layers.Dense(CLASSES)(x))


def dense(keras: Any) -> Any:
    layers = keras.layers
    x = start = keras.Input((64,), name="features")
    for width in (48, 24, 48):
        x = layers.Dense(width, "relu")(x)
    return keras.Model(start, layers.Dense(CLASSES)(x))


def windows(rng: np.random.Generator, count: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a tone whose frequency tells the class."""
    labels = rng.integers(0, CLASSES, count)
    length = shape[-2] if len(shape) > 1 else shape[0]
    phase = rng.uniform(0, 2 * np.pi, count)
    tone = np.sin(phase[:, None] + np.arange(length) * (0.15 + 0.21 * labels[:, None]))
    x = rng.normal(0, 0.4, (count, *shape))
    x += tone[:, None, :, None] if len(shape) > 1 else tone
    return x.astype(np.float32), labels


def train(build: Any, seed: int, folder: Path) -> bytes:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = build(keras)
    shape = tuple(model.input_shape[1:])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss)
    x, y = windows(rng, STEPS * BATCH, shape)
    model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
    saved = folder / f"{build.__name__}-{seed}"
    signature = [keras.InputSpec(shape=(1, *shape), dtype="float32")]
    model.export(str(saved), input_signature=signature, verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([row[None]] for row in x[:60])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def main(seeds: int) -> None:
    from aurora.compile import compile_model
    from aurora.errors import ModelRefused

    with tempfile.TemporaryDirectory() as name:
        for build in (convolutions, dense):
            models = [train(build, seed, Path(name)) for seed in range(seeds + 1)]
            for core in CORES:
                deployed = compile_model(models[0], core)
                misfits = []
                for seed, tflite in enumerate(models[1:], 1):
                    try:
                        compile_model(tflite, core, for_layout=deployed.layout)
                    except ModelRefused as error:
                        misfits.append(f"seed {seed}: {error}")
                print(
                    f"{build.__name__} on {core}: {seeds - len(misfits)} of {seeds} fit", *misfits, sep="\n  "
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
