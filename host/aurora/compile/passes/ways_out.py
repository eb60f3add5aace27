"""What to write in Keras instead of an operation that the engine does not run.

tests/parity/test_engine_zoo.py converts each pair: what is refused, and the form that is said to avoid it.
"""

from __future__ import annotations

from collections.abc import Mapping

STATIC_BATCH = "export with a batch of 1: keras.InputSpec(shape=(1, ...)) in model.export's input_signature"
SIMPLE = "use ReLU, LeakyReLU, tanh or sigmoid"
BATCH_NORMALISATION = "use BatchNormalization, which folds into the layer before it"
NEAREST = 'use keras.ops.image.resize(x, size, interpolation="nearest") or Conv2DTranspose'
DILATED = (
    "two dilated convolutions of one tensor stay unfolded: write one with the channels of both, then split it"
)
UNROLL = "unroll the recurrent layer: unroll=True"
BY_CONSTANT = "multiply by a constant instead"
CHOICE = "write it with ReLU: max(a, b) = b + relu(a - b)"
SLICES = "take slices, and join them with Concatenate"

WAYS_OUT: Mapping[str, str] = {
    "ABS": "write relu(x) + relu(-1.0 * x)",
    "BATCH_MATMUL": "the engine multiplies by constant weights: use Dense, or Multiply and a mean",
    "BATCH_TO_SPACE_ND": DILATED,
    "CALL_ONCE": "it changes variables: call BatchNormalization with training=False, and keep no state",
    "CONV_3D": "use Conv2D with the third axis among the channels",
    "CUSTOM:ethos-u": "give the .tflite from before the Vela compiler",
    "DIV": BY_CONSTANT,
    "ELU": SIMPLE,
    "EXP": SIMPLE,
    "GATHER": SLICES,
    "GELU": SIMPLE,
    "GREATER": SIMPLE,
    "LOG_SOFTMAX": "use Softmax, or give out what goes into it",
    "MAXIMUM": CHOICE,
    "MINIMUM": f"{CHOICE}; for a ceiling use ReLU(6.0)",
    "MIRROR_PAD": 'use ZeroPadding2D or padding="same"',
    "NEG": "multiply by -1.0",
    "PRELU": "use LeakyReLU",
    "REVERSE_V2": "slice backwards: x[:, ::-1]",
    "REDUCE_MAX": "use MaxPooling2D over the whole input, then Flatten",
    "RELU_N1_TO_1": "use tanh",
    "RESIZE_BILINEAR": NEAREST,
    "RSQRT": BATCH_NORMALISATION,
    "SELECT_V2": SIMPLE,
    "SHAPE": STATIC_BATCH,
    "SPACE_TO_BATCH_ND": DILATED,
    "SQUARE": "use Multiply()([x, x])",
    "SQUARED_DIFFERENCE": "subtract, then Multiply()([d, d])",
    "SUM": "write a mean, and scale in the next layer",
    "TILE": NEAREST,
    "UNIDIRECTIONAL_SEQUENCE_RNN": UNROLL,
    "WHILE": UNROLL,
}
