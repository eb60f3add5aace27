"""Ranges for quantisation: how much of an activation's or a weight's reach its grid covers.

minmax: all of it, as TFLite's converter takes it. percentile: all but PERCENTILE of the values at each end.
mse: the share of the reach whose rounding and clipping errors together have the least mean square.

The heads' logits are never clipped: their ends are where the alarm's ranking lives. Weights know no
percentile: a row has too few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.compress.quantised_net import grid_of, most_steps
from aurora.train.network import Network

PERCENTILE = 0.1  # percent
TRIED_SHARES = np.linspace(1.0, 0.2, 81, dtype=np.float32)


@dataclass(frozen=True)
class Ranges:
    """``activations``: layer name -> (low, high) after its ReLU; ``reach``: layer name -> [outputs], the
    largest weight that is kept. Layers are named hidden_0, hidden_1, ... and as the heads."""

    activations: Mapping[str, tuple[float, float]]
    reach: Mapping[str, NDArray[np.float32]]


def find_ranges(network: Network, rows: NDArray[np.float32], clipping: str, weight_bits: int = 8) -> Ranges:
    """From the representative ``rows`` [r, F], normalised."""
    activations: dict[str, tuple[float, float]] = {}
    x = rows
    for place, layer in enumerate(network.hidden):
        x = np.maximum(layer(x), np.float32(0))
        activations[f"hidden_{place}"] = (0.0, _top(x, clipping))
    for name, head in network.heads.items():
        logits = head(x)
        activations[name] = (float(logits.min()), float(logits.max()))
    layers = {f"hidden_{place}": layer for place, layer in enumerate(network.hidden)} | network.heads
    reach = {name: _reach(layer.weights, clipping, weight_bits) for name, layer in layers.items()}
    return Ranges(activations, reach)


def _top(values: NDArray[np.float32], clipping: str) -> float:
    """The upper end for values that are 0 or more."""
    top = float(values.max())
    if clipping == "percentile":
        return float(np.percentile(values, 100.0 - PERCENTILE)) or top
    if clipping == "mse" and top > 0:
        errors = [_square_error(values, share * top) for share in TRIED_SHARES]
        return float(TRIED_SHARES[int(np.argmin(errors))]) * top
    return top


def _square_error(values: NDArray[np.float32], high: float) -> float:
    grid = grid_of(0.0, high)
    return float(np.mean((grid.real(grid.steps(values)) - values) ** 2))


def _reach(weights: NDArray[np.float32], clipping: str, weight_bits: int) -> NDArray[np.float32]:
    """[outputs] of weights [inputs, outputs]."""
    whole: NDArray[np.float32] = np.abs(weights).max(axis=0)
    if clipping != "mse":
        return whole
    most = most_steps(weight_bits)
    errors = []
    for share in TRIED_SHARES:
        scales = np.maximum(whole * share / most, np.float32(1e-12))
        rounded = np.clip(np.round(weights / scales), -most, most) * scales
        errors.append(((rounded - weights) ** 2).sum(axis=0))
    return np.asarray(whole * TRIED_SHARES[np.argmin(errors, axis=0)], np.float32)
