"""What the networks of the zoo are made of, and where they are listed."""

from collections.abc import Callable
from typing import Any

#: Name -> the network, given Keras.
ZOO: dict[str, Callable[[Any], Any]] = {}


def zoo(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    ZOO[build.__name__] = build
    return build


def normal(L: Any, x: Any, activation: Any = "relu") -> Any:
    """Batch statistics, then an activation: a name, a number for ReLU's ceiling, or None."""
    x = L.BatchNormalization()(x)
    if isinstance(activation, int):
        return L.ReLU(max_value=activation)(x)
    return L.Activation(activation)(x) if activation else x


def conv(L: Any, x: Any, channels: int, taps: Any = 3, activation: Any = "relu", **options: Any) -> Any:
    options = {"padding": "same", "use_bias": False} | options
    return normal(L, L.Conv2D(channels, taps, **options)(x), activation)


def depth(L: Any, x: Any, taps: Any = 3, activation: Any = "relu", **options: Any) -> Any:
    options = {"padding": "same", "use_bias": False} | options
    return normal(L, L.DepthwiseConv2D(taps, **options)(x), activation)


def nearest(k: Any, x: Any, height: int, width: int) -> Any:
    return k.ops.image.resize(x, (height, width), interpolation="nearest")
