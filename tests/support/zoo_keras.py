"""Networks such as people write them in Keras, converted to int8: python zoo_keras.py FOLDER [NAME...].

Each stands for a family of models for small devices; weights, biases and batch statistics are random, since a
byte that differs does not ask what a network was trained for. One process makes all that it is asked for,
since importing TensorFlow takes most of the time.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zoo_images
import zoo_signals
import zoo_ways_out
from zoo_parts import ZOO

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}

#: The networks; what the engine refuses and what to write instead, one layer each, stand in ZOO only.
NETWORKS = [
    name for name, build in ZOO.items() if build.__module__ in (zoo_images.__name__, zoo_signals.__name__)
]
WAYS_OUT = list(zoo_ways_out.FORMS)
#: Types at the edges, where they are not int8.
EDGES = {
    "float_edges": ("float32", "float32"),
    "image_bytes": ("uint8", "uint8"),
    "float_in": ("float32", "int8"),
}
PER_TENSOR = {"per_tensor"}  # one scale for all channels of a layer


def randomise(model: Any, seed: int) -> None:
    """Biases and batch statistics as a training leaves them: away from zero and one."""
    import numpy as np

    rng = np.random.default_rng(seed)
    for variable in model.weights:
        values, name = np.array(variable), variable.path.rsplit("/", 1)[-1]
        if name in ("gamma", "moving_variance"):
            values = rng.uniform(0.4, 1.6, values.shape)
        elif values.ndim == 1:
            values = rng.normal(0, 0.2, values.shape)
        variable.assign(values.astype(np.float32))


def converted(name: str, seed: int = 1) -> bytes:
    """The int8 .tflite of a network of the zoo."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    model = ZOO[name](keras)
    randomise(model, seed)
    given = [keras.InputSpec(shape=(1, *x.shape[1:]), dtype="float32", name=x.name) for x in model.inputs]
    with tempfile.TemporaryDirectory() as saved:
        model.export(saved, input_signature=given if len(given) == 1 else [given], verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(saved)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: representative(model, seed)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        given_type, told_type = EDGES.get(name, ("int8", "int8"))
        converter.inference_input_type = getattr(tf, given_type)
        converter.inference_output_type = getattr(tf, told_type)
        converter._experimental_disable_per_channel = name in PER_TENSOR
        return bytes(converter.convert())


def representative(model: Any, seed: int) -> Iterator[dict[str, Any]]:
    """Rows that show the converter the ranges of the inputs."""
    import numpy as np

    rng = np.random.default_rng(seed)
    for _ in range(12):
        gains, offsets = rng.uniform(0.1, 2, len(model.inputs)), rng.normal(0, 1, len(model.inputs))
        yield {
            x.name: rng.normal(offset, gain, (1, *x.shape[1:])).astype(np.float32)
            for x, gain, offset in zip(model.inputs, gains, offsets, strict=True)
        }


def main(folder: Path, names: list[str]) -> None:
    for name in names or NETWORKS:
        (folder / f"{name}.tflite").write_bytes(converted(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
