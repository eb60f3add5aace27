"""A unit as rows for training: its features from the C library, its labels, and what may be scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.features import calibrate, chain_info, extract_unit, has_no_signal, is_faulty, ready
from aurora.signals.dataset import DataSet, Unit, fails_within

#: called with the number of windows just done
Progress = Callable[[int], None]


@dataclass(frozen=True)
class UnitTable:
    """One unit's rows, w windows of F features.

    ``scored`` leaves out the windows that the board spends on self-calibration (it is not monitoring then)
    and those that the features library flags as no signal at all.
    """

    id: str
    features: NDArray[np.float32]  # [w, F] as extracted
    flags: NDArray[np.uint32]  # [w] FEATURES_FLAG_*
    calibration: NDArray[np.float32]  # [F] the unit's own mean, zeros where self-calibration is off
    fails: NDArray[np.float32]  # [w] 1 fails within the horizon, 0 does not, nan unlabelled
    ttf_horizons: NDArray[np.float32]  # [w] time to failure in horizons, inf does not fail, nan unlabelled
    fault: NDArray[np.int16]  # [w] index of the fault type, -1 unlabelled
    weight: NDArray[np.float32]  # [w] seconds that each window stands for
    scored: NDArray[np.bool_]  # [w]

    @property
    def calibrated(self) -> NDArray[np.float32]:
        """[w, F]: features minus the unit's own mean, in float32 as the board computes it."""
        return self.features - self.calibration


def unit_table(chain: bytes, dataset: DataSet, unit: Unit, progress: Progress | None = None) -> UnitTable:
    """Extract and label one unit with the chain bytes (normalised or not: the features are the same)."""
    extracted = extract_unit(unit, chain, dataset.rate_hz, progress)
    features, flags = extracted.features, extracted.flags
    sound, taken = int((~is_faulty(flags)).sum()), chain_info(chain).calibration_windows
    if sound < taken:
        raise InputError(
            f"{sound} of its {unit.windows} windows have a usable signal, self-calibration takes {taken}",
            where=f"{dataset.path}: unit {unit.id}",
            hint="see `aurora data check`, and scale_g; or leave the unit out",
        )
    unlabelled = np.full(unit.windows, np.nan, np.float32)
    return UnitTable(
        id=unit.id,
        features=features,
        flags=flags,
        calibration=calibrate(chain, features[~is_faulty(flags)]),
        fails=unlabelled if dataset.horizon_s is None else fails_within(unit, dataset.horizon_s),
        ttf_horizons=unlabelled if dataset.horizon_s is None else unit.ttf_s / np.float32(dataset.horizon_s),
        fault=unit.fault,
        weight=unit.stands_for_s.astype(np.float32),
        scored=ready(chain, flags) & ~has_no_signal(flags),
    )
