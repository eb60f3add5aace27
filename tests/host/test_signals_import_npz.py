"""NPZ files: through a mapping file, and the two archives that need none."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aurora.errors import InputError, NotFiniteError
from aurora.signals.checks import check_dataset
from aurora.signals.dataset import DataSet
from aurora.signals.importers.registry import import_recording
from signals_data import leftovers

MAP = """
rate_hz = "fs"
n = 100
axes = ["x", "y"]
scale_g = "scale"
fault_types = ["healthy", "ball"]
horizon_s = 1
[keys]
samples = "data"
unit = "machine"
rpm = "rpm"
fault = "state"
ttf = "rul"
"""


def arrays(**changes: Any) -> dict[str, Any]:
    """Four records of two machines, 250 samples each: two windows of 100 fit."""
    rng = np.random.default_rng(3)
    plain = {
        "data": rng.integers(-99, 99, (4, 2, 250), dtype=np.int16),
        "scale": np.full((4, 2), 0.001, np.float32),
        "machine": np.array(["A", "B", "A", "B"]),
        "rpm": np.array([1500, 1500, 1400, 1400]),
        "state": np.array([0, 0, 1, -1]),
        "rul": np.array([9.0, np.inf, 4.0, np.inf]),
        "fs": np.array(1000),
    }
    return plain | changes


def load(tmp_path: Path, content: dict[str, Any] | None = None, mapping: str | None = MAP) -> DataSet:
    source, map_path = tmp_path / "in.npz", tmp_path / "map.toml"
    if content is not None:
        np.savez_compressed(source, **content)
    map_path.write_text(mapping or "")
    try:
        return import_recording(source, tmp_path / "out", map_path=map_path if mapping else None)
    finally:
        if not (tmp_path / "out" / "manifest.json").exists():
            assert leftovers(tmp_path) == ["in.npz", "map.toml"], "something half-imported stays"


def test_records_are_cut_into_windows(tmp_path: Path) -> None:
    content = arrays()
    data = load(tmp_path, content)
    a, b = data.units
    assert (a.id, b.id, a.windows, data.rate_hz) == ("A", "B", 4, 1000.0)
    assert np.array_equal(a.samples[0], content["data"][0, :, :100])
    assert np.array_equal(a.samples[3], content["data"][2, :, 100:200])
    assert a.rpm.tolist() == [1500, 1500, 1400, 1400]
    assert a.fault.tolist() == [0, 0, 1, 1]
    assert b.fault.tolist() == [0, 0, -1, -1]
    assert np.allclose(a.ttf_s, [9.0, 8.9, 4.0, 3.9])
    assert np.isinf(b.ttf_s).all()


def test_floating_point_samples(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(4, 2, 250))
    data = load(tmp_path, arrays(data=values))
    a = data.units[0]
    measured = a.samples * a.scale_g[..., None].astype(np.float64)
    assert np.abs(measured[0] - values[0, :, :100] * 0.001).max() < 0.001 * 5 / 32767


def test_one_long_record(tmp_path: Path) -> None:
    mapping = 'rate_hz = 10\nn = 50\naxes = ["x"]\nunit = "P1"\n[keys]\nsamples = "data"\n'
    data = load(tmp_path, {"data": np.arange(120.0)}, mapping)
    assert [(u.id, u.windows) for u in data.units] == [("P1", 2)]
    assert data.units[0].time_s.tolist() == [0.0, 5.0]


def test_snapshots_stand_for_the_time_between_them(tmp_path: Path) -> None:
    mapping = MAP.replace("n = 100", "n = 250") + 'time = "at"\n'
    content = arrays(at=np.array([0.0, 5.0, 60.0, 65.0]), rul=np.full(4, np.inf))
    data = load(tmp_path, content, mapping)
    assert data.units[0].time_s.tolist() == [0, 60]
    assert data.units[0].stands_for_s.tolist() == [60, 60]
    assert not [f for f in check_dataset(data.path).findings if f.code in ("wrong_rate", "time_gap")]


BAD = [
    ({"data": np.full((4, 2, 250), np.nan)}, NotFiniteError, "record 0 holds NaN"),
    ({"data": np.zeros((4, 3, 250))}, InputError, "key 'data' has shape"),
    ({"data": np.zeros((4, 2, 90))}, InputError, "key 'data' has shape"),
    ({"data": np.zeros((0, 2, 250))}, InputError, "key 'data' has shape"),
    ({"data": np.array(["a"])}, InputError, "not numbers"),
    ({"data": np.zeros((4, 2, 250), complex)}, InputError, "not numbers"),
    ({"data": np.array([None, 1], dtype=object)}, InputError, "Python objects"),
    ({"scale": np.ones(3)}, InputError, "key 'scale' has shape"),
    ({"scale": np.array([["a"]])}, InputError, "not numbers"),
    ({"scale": np.full((4, 2), np.nan)}, NotFiniteError, "scale"),
    ({"scale": np.zeros((4, 2))}, InputError, "scale is not above 0"),
    ({"fs": np.array(-1)}, InputError, "holds no rate above 0"),
    ({"fs": np.array([1000, 1000, 2000, 1000])}, InputError, "record 2 was recorded at 2000 Hz"),
    ({"fs": np.array(np.nan)}, InputError, "holds no rate"),
    ({"fs": np.array("x")}, InputError, "holds no rate"),
    ({"machine": np.array(["A", "B", "../C", "../../D"])}, InputError, "not a plain name"),
    ({"machine": np.array(["A", "B", "A", ""])}, InputError, "not a plain name"),
    ({"machine": np.zeros(3, int)}, InputError, "key 'machine'"),
    ({"rpm": np.array([1.0, 2.0])}, InputError, "key 'rpm'"),
    ({"rpm": np.full(4, np.inf)}, NotFiniteError, "rpm is infinite"),
    ({"state": np.array([0, 0, 1, 7])}, InputError, "7 is no index"),
    ({"state": np.array(["healthy", "ball", "gear", "ball"])}, InputError, "'gear' is not among"),
]


@pytest.mark.parametrize(
    ("change", "error", "message"), BAD, ids=[f"{next(iter(b[0]))}-{b[2][:24]}" for b in BAD]
)
def test_a_bad_array_is_named(
    tmp_path: Path, change: dict[str, Any], error: type[InputError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        load(tmp_path, arrays(**change))
    assert "\n" not in str(caught.value)


def test_missing_keys_name_those_there_are(tmp_path: Path) -> None:
    content = arrays()
    del content["rpm"]
    with pytest.raises(InputError, match=r"has no key 'rpm'.*it holds: data"):
        load(tmp_path, content)


@pytest.mark.parametrize("samples", ["7", '""', '["data"]'])
def test_a_map_without_the_samples_key(tmp_path: Path, samples: str) -> None:
    with pytest.raises(InputError, match=r"\[keys\] samples is not the name of a key"):
        load(tmp_path, arrays(), MAP.replace('samples = "data"', f"samples = {samples}"))


def test_an_empty_archive(tmp_path: Path) -> None:
    (tmp_path / "in.npz").touch()
    with pytest.raises(InputError, match="is empty"):
        load(tmp_path)


def test_an_unknown_layout_asks_for_a_map(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no known layout.*--map"):
        load(tmp_path, arrays(), mapping=None)


@pytest.mark.parametrize("cut", [0, 1, 3, 30, 400, -30])
def test_truncated_archives(tmp_path: Path, cut: int) -> None:
    np.savez_compressed(tmp_path / "whole.npz", **arrays())
    (tmp_path / "in.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:cut])
    (tmp_path / "whole.npz").unlink()
    with pytest.raises(InputError):
        load(tmp_path)


def test_damaged_archives_never_escape_as_anything_but_an_input_error(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "in.npz", **arrays())
    original = (tmp_path / "in.npz").read_bytes()
    rng = np.random.default_rng(2)
    for _ in range(150):
        damaged = bytearray(original)
        for position in rng.integers(0, len(original), 3):
            damaged[position] ^= int(rng.integers(1, 256))
        (tmp_path / "in.npz").write_bytes(damaged)
        try:
            import_recording(
                tmp_path / "in.npz", tmp_path / "out", map_path=tmp_path / "map.toml", overwrite=True
            )
        except InputError as error:
            assert "\n" not in str(error)


def test_a_header_that_claims_more_than_there_is(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (4, 2, 999999999999), }"
    header += b" " * (117 - len(header)) + b"\n"
    with zipfile.ZipFile(tmp_path / "in.npz", "w") as archive:
        archive.writestr("data.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(InputError, match="key 'data' is damaged"):
        load(tmp_path, mapping='rate_hz = 10\nn = 50\naxes = ["x", "y"]\n[keys]\nsamples = "data"\n')


def test_an_array_that_ends_early(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros((1, 2, 50)))
    with zipfile.ZipFile(tmp_path / "in.npz", "w") as archive:
        archive.writestr("data.npy", stream.getvalue()[:-8])
    with pytest.raises(InputError, match="key 'data' is truncated"):
        load(tmp_path, mapping='rate_hz = 10\nn = 50\naxes = ["x", "y"]\n[keys]\nsamples = "data"\n')


def test_an_archive_with_two_arrays_of_one_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", **arrays())
    with zipfile.ZipFile(tmp_path / "in.npz", "a") as archive:
        archive.writestr("rpm", b"")
    with pytest.raises(InputError, match="two arrays of one name"):
        load(tmp_path)
