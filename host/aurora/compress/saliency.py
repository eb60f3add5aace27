"""How much a channel matters: what the loss, or the network's own scale, says about its removal."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from aurora.compress.prune_groups import Space, spaces
from aurora.errors import InputError
from aurora.train.graph import Graph, Weights

#: space -> float64 [channels]
Saliency = dict[str, NDArray[np.float64]]


def taylor(graph: Graph, gradients: Iterable[Weights]) -> Saliency:
    """Mean over batches of (dL/dg)^2, where g = 1 multiplies a channel wherever it is read.

    The first-order Taylor expansion of the loss at the channel's removal (Molchanov et al., Importance
    Estimation for Neural Network Pruning, 2019). A reader computes g x W, so dL/dg is the sum of W dL/dW over
    the channel's columns in all its readers: ``gradients`` gives dL/dW by node, one for each batch.
    """
    known = spaces(graph)
    total: Saliency = {name: np.zeros(space.channels) for name, space in known.items()}
    count = 0
    for slopes in gradients:
        count += 1
        for name, space in known.items():
            total[name] += _gate_slope(graph, slopes, space) ** 2
    if not count:
        raise InputError("no batch to judge channels by")
    return {name: values / count for name, values in total.items()}


def batch_norm(graph: Graph) -> Saliency:
    """Mean of |scale| over the batch normalisations of a channel (Liu et al., Network Slimming, 2017).

    Raises InputError where a space has no batch normalisation.
    """
    found: Saliency = {}
    for name, space in spaces(graph).items():
        scales = [graph.weights[node][0] for node in space.carriers if len(graph.weights[node]) == 4]
        if not scales:
            raise InputError(f"the channels of {name} have no batch normalisation", hint="use taylor")
        found[name] = np.abs(np.stack(scales)).mean(axis=0).astype(np.float64)
    return found


def _gate_slope(graph: Graph, slopes: Weights, space: Space) -> NDArray[np.float64]:
    """[channels]: dL/dg."""
    total = np.zeros(space.channels)
    for reader in space.readers:
        product = graph.weights[reader][0].astype(np.float64) * slopes[reader][0]
        by_column = product.sum(axis=tuple(axis for axis in range(product.ndim) if axis != product.ndim - 2))
        total += by_column.reshape(-1, space.channels).sum(axis=0)
    return total
