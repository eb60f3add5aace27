"""A dense network in TFLite's own arithmetic: int8 or int4 weights, int32 biases, and every scale.

real = (int8 - zero_point) * scale. Weights are symmetric with one scale per output, activations have any zero
point, biases have the scale input * weight (Jacob et al. 2018; TFLite's 8-bit quantisation specification).
Rounding is to the nearest integer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.train.network import Layer

STEPS = 255  # between the ends of an int8 activation's range
BIAS_MOST = 1 << 29  # a bias beyond it would leave no room for the sum in 32 bits
SMALLEST_SCALE = 1e-8


@dataclass(frozen=True)
class Grid:
    """What an activation's int8 values mean."""

    scale: np.float32
    zero_point: int

    def real(self, steps: NDArray[np.int8]) -> NDArray[np.float32]:
        """int8 to float32."""
        return (steps.astype(np.float32) - np.float32(self.zero_point)) * self.scale

    def steps(self, real: NDArray[np.float32]) -> NDArray[np.int8]:
        """float32 to the nearest int8."""
        return np.asarray(np.clip(np.round(real / self.scale) + self.zero_point, -128, 127), np.int8)


def grid_of(low: float, high: float) -> Grid:
    """The grid that covers ``low``..``high``; 0 always lies on it and in it."""
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    scale = np.float32(max((high - low) / STEPS, SMALLEST_SCALE))
    return Grid(scale, int(np.clip(np.round(-128 - low / scale), -128, 127)))


@dataclass(frozen=True)
class QuantisedLayer:
    """``weights`` int8 [outputs, inputs] within +-127 (int4: +-7), ``scales`` float32 [outputs], ``bias``
    int32 [outputs]."""

    weights: NDArray[np.int8]
    scales: NDArray[np.float32]
    bias: NDArray[np.int32]
    relu: bool
    output: Grid


@dataclass(frozen=True)
class QuantisedNetwork:
    """Hidden layers, then heads by name, as in ``train.network.Network``; ``input`` is the features' grid."""

    input: Grid
    hidden: tuple[QuantisedLayer, ...]
    heads: dict[str, QuantisedLayer]
    weight_bits: int


def most_steps(weight_bits: int) -> int:
    """The largest weight, in steps: the grid is symmetric, so the lowest value is not used."""
    return int((1 << (weight_bits - 1)) - 1)


def quantise_layer(
    layer: Layer, reach: NDArray[np.float32], entering: Grid, output: Grid, *, relu: bool, weight_bits: int
) -> QuantisedLayer:
    """``reach`` [outputs]: the largest weight that each output's grid holds; larger ones are clipped."""
    most = most_steps(weight_bits)
    scales = weight_scales(reach, layer.bias, entering.scale, most)
    weights = np.clip(np.round(layer.weights.T / scales[:, None]), -most, most).astype(np.int8)
    bias = np.round(layer.bias / (entering.scale * scales)).astype(np.int32)
    return QuantisedLayer(weights, scales, bias, relu, output)


def weight_scales(
    reach: NDArray[np.float32], bias: NDArray[np.float32], input_scale: np.float32, most: int
) -> NDArray[np.float32]:
    """[outputs]: large enough that the bias fits into 32 bits beside the products."""
    for_bias = np.abs(bias) / (input_scale * np.float32(BIAS_MOST))
    scales = np.maximum(reach / np.float32(most), np.maximum(for_bias, np.float32(SMALLEST_SCALE)))
    return np.asarray(scales, np.float32)
