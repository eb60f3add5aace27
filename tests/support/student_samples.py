"""Hand-made tables that a student can learn from in a second, with a chain of as many features."""

from __future__ import annotations

import numpy as np
from aurora.compress.distill import TeacherSignal
from aurora.features import chain_info
from aurora.spec.chain import ChainSpec, compile_chain
from aurora.spec.signal import SignalSpec
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD
from aurora.train.table import UnitTable
from train_samples import table

SIGNAL = SignalSpec(n=256, axes=("x", "y", "z"), rate_hz=1000.0, rpm="unknown")
CHAIN = compile_chain(ChainSpec(calibration_windows=0), SIGNAL)
FEATURES = chain_info(CHAIN).feature_count
HEADS = {FAILS_HEAD: 1, FAULT_HEAD: 3}
HINT = 4


def unit(number: int, windows: int = 96, *, labelled: bool = True) -> UnitTable:
    """Fault type and failure follow from the features by a bent rule, the same for every unit."""
    rng = np.random.default_rng(number)
    x = rng.normal(0, 1, (windows, FEATURES))
    fault = np.digitize(x[:, 0] + x[:, 1] ** 2, [0.0, 1.5])
    fails = (x[:, 2] * x[:, 3] + 0.5 * x[:, 4] > 0.2).astype(float)
    if not labelled:
        return table(f"u{number}", x)
    return table(f"u{number}", x, fails, fault)


def units(count: int = 4) -> list[UnitTable]:
    return [unit(number) for number in range(count)]


def teacher_of(tables: list[UnitTable]) -> TeacherSignal:
    """A teacher that knows the rule without its noise."""
    soft, hint = {}, {}
    for each in tables:
        x = each.features
        score = (x[:, 0] + x[:, 1] ** 2)[:, None]
        soft[each.id] = {
            FAILS_HEAD: 4 * (x[:, 2:3] * x[:, 3:4] + 0.5 * x[:, 4:5] - 0.2),
            FAULT_HEAD: np.concatenate([-score, 1 - np.abs(score - 0.75), score - 1.5], axis=1) * 3,
        }
        hint[each.id] = np.stack([x[:, 2] * x[:, 3], x[:, 1] ** 2, x[:, 0], x[:, 4]], axis=1)
    return TeacherSignal(soft, hint)
