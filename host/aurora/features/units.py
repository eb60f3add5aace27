"""Features of a whole data set, unit by unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.features.device import chain_info, extract
from aurora.signals.dataset import DataSet, Unit

BATCH = 256  # windows per call: bounds the copy of a memory-mapped unit, and is a progress bar's step


@dataclass(frozen=True)
class UnitFeatures:
    """Features [w, F] and flags [w] (FEATURES_FLAG_*) of one unit's windows, in their order."""

    unit: Unit
    features: NDArray[np.float32]
    flags: NDArray[np.uint32]


def extract_dataset(
    dataset: DataSet, chain: bytes, progress: Callable[[int], None] | None = None
) -> Iterator[UnitFeatures]:
    """Yield each unit's features; ``progress`` is told the number of windows finished since its last call.

    Raises InputError if the chain is for another n or number of axes.
    """
    info = chain_info(chain)
    if (info.n, info.axes) != (dataset.n, len(dataset.axes)):
        raise InputError(
            f"the chain is for {info.axes} axes of {info.n} samples, the data set has {len(dataset.axes)} of "
            f"{dataset.n}",
            where=dataset.path,
            hint="derive the model from this data set",
        )
    for unit in dataset.units:
        yield extract_unit(unit, chain, dataset.rate_hz, progress)


def extract_unit(
    unit: Unit, chain: bytes, rate_hz: float, progress: Callable[[int], None] | None = None
) -> UnitFeatures:
    """One unit's features, computed in batches."""
    parts = []
    for start in range(0, unit.windows, BATCH):
        rows = slice(start, start + BATCH)
        parts.append(extract(chain, unit.samples[rows], unit.scale_g[rows], rate_hz, unit.rpm[rows]))
        if progress is not None:
            progress(len(parts[-1][1]))
    return UnitFeatures(
        unit=unit,
        features=np.concatenate([features for features, _ in parts]),
        flags=np.concatenate([flags for _, flags in parts]),
    )
