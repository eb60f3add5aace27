"""Makes int8 networks with Keras and TensorFlow's own converter: python engine_keras.py FOLDER.

dense-1, dense-2, conv-1 and conv-2.tflite: two architectures, two trainings each (another seed gives other
weights and other ranges), in the graph shape that `aurora train` uses. One process makes all, since importing
TensorFlow takes most of the time.
"""

import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}


def dense(keras: Any) -> Any:
    layers = keras.layers
    x = start = keras.Input((24,), name="features")
    for width in (20, 12):
        x = layers.Dense(width, "relu")(x)
    return keras.Model(start, {"fault_type": layers.Dense(5)(x), "fails_within_h": layers.Dense(1)(x)})


def conv(keras: Any) -> Any:
    """A network on raw windows: height 1, batch 1, AveragePooling2D and Reshape ."""
    layers = keras.layers
    x = start = keras.Input((1, 128, 3), name="window")
    x = layers.Conv2D(8, (1, 9), strides=(1, 4), padding="same", activation="relu")(x)
    x = layers.MaxPooling2D((1, 2))(x)
    x = layers.DepthwiseConv2D((1, 5), padding="same", activation="relu")(x)
    y = layers.Conv2D(8, (1, 1), padding="same")(x)
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.AveragePooling2D((1, 16))(x)
    x = layers.Reshape((8,))(x)
    return keras.Model(start, {"fault_type": layers.Dense(4)(x), "fails_within_h": layers.Dense(1)(x)})


def main(folder: Path) -> None:
    import keras
    import numpy as np
    import tensorflow as tf

    for build in (dense, conv):
        for seed in (1, 2):
            keras.utils.set_random_seed(seed)
            model = build(keras)
            shape = (1, *model.input_shape[1:])
            rng = np.random.default_rng(seed)
            rows = rng.normal(0, 0.5 + seed, (40, *shape)).astype(np.float32)
            saved = folder / f"{build.__name__}-{seed}"
            model.export(
                str(saved), input_signature=[keras.InputSpec(shape=shape, dtype="float32")], verbose=False
            )
            converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda rows=rows: ([row] for row in rows)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
            saved.with_suffix(".tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
