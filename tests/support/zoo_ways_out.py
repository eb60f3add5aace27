"""What the engine refuses, and the form in Keras that its message says to write instead, layer by layer."""

from collections.abc import Callable
from typing import Any

from zoo_parts import ZOO

Form = Callable[[Any, Any], Any]  # Keras, tensor -> tensor
IMAGE, SEQUENCE, ROW = (8, 8, 4), (16, 4), (1, 32, 4)


def gates(k: Any, x: Any) -> Any:
    """Two dilated convolutions of one tensor."""
    a, b = (k.layers.Conv2D(4, (1, 3), padding="same", dilation_rate=(1, 2))(x) for _ in range(2))
    return k.layers.Multiply()([k.ops.tanh(a), k.ops.sigmoid(b)])


def gates_of_one(k: Any, x: Any) -> Any:
    y = k.layers.Conv2D(8, (1, 3), padding="same", dilation_rate=(1, 2))(x)
    a, b = k.ops.split(y, 2, axis=-1)
    return k.layers.Multiply()([k.ops.tanh(a), k.ops.sigmoid(b)])


def difference(k: Any, x: Any) -> Any:
    return k.layers.Subtract()([x, k.layers.Conv2D(4, 1)(x)])


def squared(k: Any, d: Any) -> Any:
    return k.layers.Multiply()([d, d])


def larger(k: Any, x: Any) -> Any:
    b = k.layers.Conv2D(4, 1)(x)
    return b + k.ops.relu(x - b)


def resized(k: Any, x: Any) -> Any:
    return k.ops.image.resize(x, (16, 16), interpolation="nearest")


def activation(name: str) -> Form:
    return lambda k, x: k.layers.Activation(name)(x)


def sigmoid(k: Any, x: Any) -> Any:
    return k.ops.sigmoid(x)


#: Operation -> shape of the input, what becomes that operation, what to write instead.
FORMS: dict[str, tuple[tuple[int, ...], Form, Form]] = {
    "ABS": (IMAGE, lambda k, x: k.ops.abs(x), lambda k, x: k.ops.relu(x) + k.ops.relu(-1.0 * x)),
    "BATCH_MATMUL": (SEQUENCE, lambda k, x: k.ops.matmul(x, k.ops.transpose(x, (0, 2, 1))),
                     lambda k, x: k.ops.mean(k.layers.Multiply()([x, k.layers.Dense(4)(x)]), axis=1)),
    "CONV_3D": ((4, 4, 4, 2), lambda k, x: k.layers.Conv3D(3, 2)(x),
                lambda k, x: k.layers.Conv2D(3, 2)(k.layers.Reshape((4, 4, 8))(x))),
    "DIV": (IMAGE, lambda k, x: x / (sigmoid(k, k.layers.Conv2D(4, 1)(x)) + 0.1), lambda k, x: x * (1 / 3)),
    "ELU": (IMAGE, lambda k, x: k.layers.ELU()(x), lambda k, x: k.layers.LeakyReLU(0.1)(x)),
    "EXP": (IMAGE, activation("softplus"), activation("relu")),
    "GATHER": (SEQUENCE, lambda k, x: k.ops.take(x, k.ops.array([0, 2]), axis=2),
               lambda k, x: k.layers.Concatenate()([x[:, :, 0:1], x[:, :, 2:3]])),
    "GELU": (IMAGE, activation("gelu"), activation("swish")),
    "GREATER": (IMAGE, activation("selu"), activation("tanh")),
    "LOG_SOFTMAX": (SEQUENCE, activation("log_softmax"), activation("softmax")),
    "MAXIMUM": (IMAGE, lambda k, x: k.layers.Maximum()([x, k.layers.Conv2D(4, 1)(x)]), larger),
    "MINIMUM": (IMAGE, lambda k, x: k.layers.ReLU(4.0)(k.layers.Conv2D(4, 1)(x)),
                lambda k, x: k.layers.ReLU(6.0)(k.layers.Conv2D(4, 1)(x))),
    "MIRROR_PAD": (IMAGE, lambda k, x: k.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect"),
                   lambda k, x: k.layers.ZeroPadding2D(1)(x)),
    "NEG": (IMAGE, lambda k, x: -x, lambda k, x: x * -1.0),
    "PRELU": (IMAGE, lambda k, x: k.layers.PReLU()(x), lambda k, x: k.layers.LeakyReLU(0.2)(x)),
    "REDUCE_MAX": (IMAGE, lambda k, x: k.layers.GlobalMaxPooling2D()(x),
                   lambda k, x: k.layers.Flatten()(k.layers.MaxPooling2D(8)(x))),
    "RELU_N1_TO_1": (IMAGE, lambda k, x: k.ops.clip(x, -1, 1), activation("tanh")),
    "RESIZE_BILINEAR": (IMAGE, lambda k, x: k.layers.Resizing(16, 16)(x), resized),
    "REVERSE_V2": (SEQUENCE, lambda k, x: k.ops.flip(x, axis=1), lambda k, x: x[:, ::-1]),
    "SPACE_TO_BATCH_ND": (ROW, gates, gates_of_one),
    "SQUARE": (IMAGE, lambda k, x: k.ops.square(x), squared),
    "SQUARED_DIFFERENCE": (IMAGE, lambda k, x: k.ops.square(difference(k, x)),
                           lambda k, x: squared(k, difference(k, x))),
    "SUM": (IMAGE, lambda k, x: k.ops.sum(x, axis=(1, 2)), lambda k, x: k.ops.mean(x, axis=(1, 2))),
    "TILE": (IMAGE, lambda k, x: k.layers.UpSampling2D(2)(x), resized),
}  # fmt: skip


def _model(shape: tuple[int, ...], form: Form) -> Callable[[Any], Any]:
    def build(k: Any) -> Any:
        x = k.Input(shape)
        return k.Model(x, form(k, x))

    return build


ZOO |= {f"{op}.refused": _model(shape, form) for op, (shape, form, _) in FORMS.items()}
ZOO |= {f"{op}.instead": _model(shape, form) for op, (shape, _, form) in FORMS.items()}
