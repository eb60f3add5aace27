"""The two archives that need no mapping file: their layout in small, and the recordings if at hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aurora.errors import InputError
from aurora.signals.dataset import DataSet, fails_within
from aurora.signals.importers import femto
from aurora.signals.importers.registry import import_recording
from signals_data import leftovers, shared


def load(tmp_path: Path, content: dict[str, Any]) -> DataSet:
    """Import an archive of these arrays; nothing half-imported may stay."""
    np.savez_compressed(tmp_path / "in.npz", **content)
    try:
        return import_recording(tmp_path / "in.npz", tmp_path / "out")
    finally:
        if not (tmp_path / "out" / "manifest.json").exists():
            assert leftovers(tmp_path) == ["in.npz"]


def small_femto(**changes: Any) -> dict[str, Any]:
    """The layout of the FEMTO archive with two short bearings."""
    rng = np.random.default_rng(4)
    content: dict[str, Any] = {
        "fs": np.array(25600), "period_s": np.array(10), "channels": np.array(["horizontal", "vertical"]),
        "info": np.array(json.dumps({"Bearing1_1": {"last_idx": 90}, "Bearing3_2": {"last_idx": 5}})),
    }  # fmt: skip
    for name, idx in (("Bearing1_1", [1, 2, 4, 60, 90]), ("Bearing3_2", [1, 2, 3, 4, 5])):
        content[f"{name}_x"] = rng.integers(-99, 99, (5, 2, 2560), dtype=np.int16)
        content[f"{name}_scale"] = np.full((5, 2), 0.001, np.float32)
        content[f"{name}_idx"] = np.array(idx)
    return content | changes


def test_femto_layout(tmp_path: Path) -> None:
    data = load(tmp_path, small_femto())
    first, third = data.units
    assert (data.rate_hz, data.n, data.axes, data.horizon_s) == (
        25600.0,
        2560,
        ("horizontal", "vertical"),
        600.0,
    )
    assert first.ttf_s.tolist() == [890, 880, 860, 300, 0]
    assert first.time_s.tolist() == [0, 10, 30, 590, 890]
    assert np.array_equal(first.stands_for_s, np.gradient([1, 2, 4, 60, 90]).astype(np.float32) * 10)
    assert (first.rpm[0], first.load[0], third.rpm[0], third.load[0]) == (1800, 4000, 1500, 5000)
    assert first.fault.tolist() == [-1] * 5
    assert first.healthy_start_windows == 5
    assert data.fault_types == ()


FEMTO_BAD = [
    ({"Bearing1_1_idx": np.array([1, 2, 2, 3, 4])}, "rising"),
    ({"Bearing1_1_idx": np.array([1.0, 2, 3, 4, 5])}, "rising"),
    ({"Bearing1_1_idx": np.array([1, 2, 3, 4, 91])}, "beyond last_idx"),
    ({"Bearing1_1_scale": np.ones((4, 2), np.float32)}, "do not fit together"),
    ({"Bearing1_1_x": np.zeros((5, 2, 2560))}, "do not fit together"),
    ({"info": np.array("{}")}, "no last_idx"),
    ({"info": np.array("{")}, "no last_idx"),
]


def test_femto_of_an_unknown_condition(tmp_path: Path) -> None:
    content = {key.replace("Bearing1_1", "Bearing9_1"): value for key, value in small_femto().items()}
    content["info"] = np.array(str(content["info"]).replace("Bearing1_1", "Bearing9_1"))
    with pytest.raises(InputError, match="operating condition of 'Bearing9_1' is unknown"):
        load(tmp_path, content)


@pytest.mark.parametrize(("change", "message"), FEMTO_BAD, ids=[b[1] + next(iter(b[0])) for b in FEMTO_BAD])
def test_femto_that_does_not_fit(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(tmp_path, small_femto(**change))


def small_cwru(**changes: Any) -> dict[str, Any]:
    """The layout of the CWRU archive: one bearing at two loads, in the wrong order, and the Normal one."""
    rng = np.random.default_rng(6)
    content: dict[str, Any] = {
        "x": rng.integers(-99, 99, (3, 2, 9000), dtype=np.int16), "scale": np.full((3, 2), 0.001, np.float32),
        "cls": np.array(["OR", "OR", "N"]), "bearing": np.array(["DE_OR@6_7", "DE_OR@6_7", "normal"]),
        "load": np.array([3, 0, 0]), "rpm": np.array([1730, 1797, 1797]),
        "valid": np.array([9000, 9000, 5000]), "fs": np.array(12000), "channels": np.array(["DE", "FE"]),
    }  # fmt: skip
    return content | changes


def test_cwru_layout(tmp_path: Path) -> None:
    content = small_cwru()
    data = load(tmp_path, content)
    outer, normal = data.units
    assert (outer.id, outer.windows, normal.windows) == ("DE_OR-6_7", 4, 1)
    assert outer.load.tolist() == [0, 0, 3, 3]
    assert outer.rpm.tolist() == [1797, 1797, 1730, 1730]
    assert np.array_equal(outer.samples[1], content["x"][1, :, 4096:8192])
    assert [data.fault_types[u.fault[0]] for u in data.units] == ["outer_race", "normal"]


CWRU_BAD = [
    ({"x": np.zeros((3, 2, 9000))}, "key 'x' is float64"),
    ({"x": np.zeros((3, 2, 900), np.int16)}, "key 'x' is int16"),
    ({"cls": np.array(["OR", "XX", "N"])}, "unknown class 'XX'"),
    ({"rpm": np.array([1, 2])}, "key 'rpm' has shape"),
    ({"scale": np.ones(3)}, "key 'scale' has shape"),
    ({"fs": np.array([1, 2])}, "not one finite number"),
    ({"valid": np.array([9000, 9000, 12])}, "has no window"),
]


@pytest.mark.parametrize(("change", "message"), CWRU_BAD, ids=[b[1] for b in CWRU_BAD])
def test_cwru_that_does_not_fit(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(tmp_path, small_cwru(**change))


def test_femto_recording(tmp_path: Path) -> None:
    data = import_recording(shared("femto_raw_full.npz"), tmp_path / "out")
    assert [u.windows for u in data.units] == [2803, 871, 911, 797, 515, 1637]
    assert all(u.healthy_start_windows == femto.HEALTHY_START_WINDOWS for u in data.units)
    for bearing in data.units:
        assert bearing.ttf_s[-1] == 0
        assert fails_within(bearing, 600).sum() == 61  # the last snapshot and the 60 before it
    assert len({u.scale_g[i, 0] for u in data.units for i in range(50)}) > 50, "the scale varies"


def test_cwru_recording(tmp_path: Path) -> None:
    data = import_recording(shared("cwru12k.npz"), tmp_path / "out")
    assert (data.rate_hz, data.n, data.axes) == (12000.0, 4096, ("DE", "FE"))
    assert data.fault_types == ("normal", "inner_race", "outer_race", "ball")
    faults = {u.id: data.fault_types[u.fault[0]] for u in data.units}
    assert faults == {
        "DE_B_14": "ball", "DE_B_7": "ball", "DE_IR_14": "inner_race", "DE_IR_7": "inner_race",
        "DE_OR-12_7": "outer_race", "DE_OR-3_7": "outer_race", "DE_OR-6_14": "outer_race",
        "DE_OR-6_7": "outer_race", "normal": "normal",
    }  # fmt: skip
    assert data.unit("normal").windows == 30442 // 4096, "nothing beyond the valid samples"
    assert data.unit("DE_IR_7").windows == 4 * 11
    assert sorted(set(data.unit("DE_IR_7").load.tolist())) == [0, 1, 2, 3]
    assert all(np.isnan(u.ttf_s).all() and u.healthy_start_windows == 0 for u in data.units)
