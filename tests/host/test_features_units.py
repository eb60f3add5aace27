"""Features of a data set folder, unit by unit and in batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from aurora.errors import InputError
from aurora.features import extract, extract_dataset, units
from aurora.signals.dataset import DataSet, Unit, write_dataset
from aurora.spec.chain import compile_chain, default_chain
from aurora.spec.signal import SignalSpec

SIGNAL = SignalSpec(256, ("x", "y"), 2000.0, "known")
CHAIN = compile_chain(default_chain(SIGNAL, 900.0), SIGNAL)


def make_unit(name: str, w: int) -> Unit:
    rng = np.random.default_rng(w)
    floats = np.full(w, np.nan, np.float32)
    return Unit(
        id=name,
        samples=rng.integers(-9000, 9000, (w, 2, 256)).astype(np.int16),
        scale_g=rng.uniform(1e-4, 1e-3, (w, 2)).astype(np.float32),
        rpm=rng.uniform(600, 1200, w).astype(np.float32),
        load=floats,
        time_s=np.arange(w, dtype=np.float64),
        stands_for_s=np.ones(w, np.float32),
        fault=np.full(w, -1, np.int16),
        ttf_s=floats,
        healthy_start_windows=0,
    )


@pytest.fixture
def dataset(tmp_path: Path) -> DataSet:
    parts = [make_unit("a", 7), make_unit("b", 12)]
    return write_dataset(tmp_path / "set", parts, name="set", rate_hz=2000.0, n=256, axes=("x", "y"))


def test_batches_give_what_one_call_gives(dataset: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "BATCH", 5)
    steps: list[int] = []
    found = list(extract_dataset(dataset, CHAIN, steps.append))
    assert [result.unit.id for result in found] == ["a", "b"]
    assert steps == [5, 2, 5, 5, 2]
    for result in found:
        unit = result.unit
        features, flags = extract(CHAIN, unit.samples, unit.scale_g, 2000.0, unit.rpm)
        assert (result.features == features).all()
        assert (result.flags == flags).all()


def test_a_chain_for_other_windows_is_refused(dataset: DataSet) -> None:
    other = SignalSpec(512, ("x", "y"), 2000.0, "known")
    chain = compile_chain(default_chain(other, 900.0), other)
    with pytest.raises(InputError, match="2 axes of 512 samples, the data set has 2 of 256"):
        next(extract_dataset(dataset, chain))
