"""Numbers that are no float, and signals wider than the board's drift: found by hand, once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from aurora._device import lib
from aurora.errors import InputError
from aurora.signals.checks import check_dataset
from aurora.signals.importers.mapping import load_map
from aurora.signals.manifest import read_manifest
from aurora.spec.chain import default_chain, feature_names
from aurora.spec.model import dump_model_toml, load_model_toml
from aurora.train.derive import derive_spec, refuse_mismatch
from aurora.train.fit import train_model
from aurora.train.split import split_units
from signals_data import N, edit_manifest, unit, write

NO_FLOAT = 10**400  # JSON and TOML read it as a whole number; float() raises OverflowError


@pytest.mark.parametrize("value", [NO_FLOAT, 1e300])
@pytest.mark.parametrize("key", ["rate_hz", "horizon_s", "nominal_rpm"])
def test_manifest_numbers_beyond_any_machine_are_refused(tmp_path: Path, key: str, value: float) -> None:
    write(tmp_path / "data")
    edit_manifest(tmp_path / "data", **{key: value})
    with pytest.raises(InputError, match=rf"manifest\.json: {key} is not a number above 0 and at most 1e"):
        read_manifest(tmp_path / "data")


@pytest.mark.parametrize("key", ["rate_hz", "scale_g", "horizon_s", "stands_for_s"])
def test_mapping_numbers_beyond_any_machine_are_refused(tmp_path: Path, key: str) -> None:
    numbers = {"rate_hz": 1000, "scale_g": 1, key: NO_FLOAT}
    path = tmp_path / "map.toml"
    lines = [f"{name} = {number}" for name, number in numbers.items()]
    path.write_text("\n".join([*lines, 'n = 64\naxes = ["x"]', '[columns]\nsamples = ["x"]']))
    with pytest.raises(InputError, match=f"{key} is not a number above 0"):
        load_map(path, "columns")


@pytest.mark.parametrize("key", ["rate_hz", "horizon_s", "hysteresis_logit", "l2", "nominal_rpm"])
def test_model_numbers_that_are_no_float_are_refused(tmp_path: Path, key: str) -> None:
    path = tmp_path / "model.toml"
    dataset = write(tmp_path / "data", *(unit(name, windows=8, samples=wide(8)) for name in "abc"), n=1024)
    dump_model_toml(derive_spec(dataset, "m"), path)
    lines = [f"{key} = 1{'0' * 400}" if line.startswith(f"{key} =") else line
             for line in path.read_text().splitlines()]  # fmt: skip
    assert "0" * 400 in "\n".join(lines)
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=f"{key} is 10000"):
        load_model_toml(path)


def wide(windows: int, axes: int = 2, n: int = 1024) -> np.ndarray:
    return np.random.default_rng(1).integers(-9000, 9000, (windows, axes, n), dtype=np.int16)


@pytest.mark.parametrize("axes", [5, 6, 8])
@pytest.mark.parametrize("fault_types", [2, 32])
def test_a_derived_model_leaves_the_drift_room_for_its_outputs(
    tmp_path: Path, axes: int, fault_types: int
) -> None:
    names = tuple(f"a{i}" for i in range(axes))
    units = [
        unit(name, windows=8, samples=wide(8, axes), scale_g=np.full((8, axes), 1e-4, np.float32))
        for name in "abc"
    ]
    types = ("healthy", *(f"fault{i}" for i in range(1, fault_types)))
    spec = derive_spec(write(tmp_path / "data", *units, n=1024, axes=names, fault_types=types), "m")
    assert len(feature_names(spec.chain, names)) + fault_types + 1 <= lib.DRIFT_MAX_CHANNELS


def test_a_model_too_wide_for_the_drift_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    names = tuple(f"a{i}" for i in range(8))
    units = [
        unit(name, windows=8, samples=wide(8, 8), scale_g=np.full((8, 8), 1e-4, np.float32)) for name in "abc"
    ]
    dataset = write(tmp_path / "data", *units, n=1024, axes=names)
    spec = derive_spec(dataset, "m")
    refuse_mismatch(dataset, spec)
    chain = default_chain(spec.signal, dataset.nominal_rpm, calibration_windows=2)
    spec = dataclasses.replace(spec, chain=chain)
    with pytest.raises(
        InputError, match="has 128 features and 3 outputs, the board watches the drift of 128"
    ):
        train_model(dataset, spec, split_units(dataset, 1), 1)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_windows_of_very_few_samples_are_checked_without_a_warning(tmp_path: Path, n: int) -> None:
    units = [unit(name, samples=wide(8, 2, N)[:, :, :n]) for name in "ab"]
    write(tmp_path / "data", *units, n=n)
    assert check_dataset(tmp_path / "data").findings is not None


@pytest.mark.parametrize(("n", "axes", "said"), [(15, 2, "15 samples"), (4097, 2, "4097 samples"),
                                                 (64, 9, "9 axes")])  # fmt: skip
def test_a_signal_that_no_board_takes_is_refused_with_the_way_out(
    tmp_path: Path, n: int, axes: int, said: str
) -> None:
    units = [
        unit(name, samples=wide(8, axes, n), scale_g=np.full((8, axes), 1e-4, np.float32)) for name in "abc"
    ]
    dataset = write(tmp_path / "data", *units, n=n, axes=tuple(f"a{i}" for i in range(axes)))
    with pytest.raises(
        InputError, match=rf"data: it.* {said}, the board takes .*\(import the recording again"
    ):
        derive_spec(dataset, "m")


@pytest.mark.parametrize("scale_g", [1e-40, 3e38])
def test_a_unit_without_a_usable_signal_is_named(tmp_path: Path, scale_g: float) -> None:
    still = unit("b", samples=wide(8), scale_g=np.full((8, 2), scale_g, np.float32))
    dataset = write(tmp_path / "data", *(unit(name, samples=wide(8)) for name in "acd"), still, n=1024)
    with pytest.raises(InputError, match=r"unit b: 0 of its 8 windows have a usable signal.* takes 2"):
        train_model(dataset, derive_spec(dataset, "m"), split_units(dataset, 1), 1)


@pytest.mark.parametrize("column", ["stands_for_s", "time_s"])
def test_finite_times_whose_sums_are_not_are_refused(tmp_path: Path, column: str) -> None:
    huge = {"stands_for_s": np.full(8, 3e38, np.float32), "time_s": np.linspace(0, 1e300, 8)}
    with pytest.raises(InputError, match=f"{column}: window [01]: .*1e"):
        write(tmp_path / "data", unit("a"), unit("b", **{column: huge[column]}))
    assert not (tmp_path / "data").exists()
