"""The float network as plain arrays: what training gives and conversion takes, whoever fitted it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Layer:
    """y = x @ weights + bias; ``weights`` is [inputs, outputs]."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        y: NDArray[np.float32] = x @ self.weights + self.bias
        return y


@dataclass(frozen=True)
class Network:
    """Hidden layers with ReLU, then one linear layer per head; logits out."""

    hidden: tuple[Layer, ...]
    heads: dict[str, Layer]

    @property
    def inputs(self) -> int:
        first = self.hidden[0] if self.hidden else next(iter(self.heads.values()))
        return int(first.weights.shape[0])

    @property
    def parameters(self) -> int:
        layers = (*self.hidden, *self.heads.values())
        return sum(layer.weights.size + layer.bias.size for layer in layers)

    def __call__(self, x: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Normalised features [w, F] to head name -> logits [w, outputs]."""
        for layer in self.hidden:
            x = np.maximum(layer(x), np.float32(0))
        return {name: head(x) for name, head in self.heads.items()}
