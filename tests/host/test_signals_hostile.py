"""A data set folder that lies about itself: refused in one line, before it can do harm."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from aurora.errors import InputError
from aurora.signals.dataset import load_dataset
from signals_data import edit_manifest, unit, write


def test_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such data set"):
        load_dataset(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"no manifest\.json"):
        load_dataset(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "is not an aurora-dataset"),
        ({"version": 2}, "version 2"),
        ({"scale_unit": "m/s2"}, "in 'm/s2'"),
        ({"rate_hz": 0}, "rate_hz"),
        ({"rate_hz": "12800"}, "rate_hz"),
        ({"rate_hz": True}, "rate_hz"),
        ({"rate_hz": 2000}, "recorded at another rate"),
        ({"n": -1}, "n is not"),
        ({"n": 65}, "samples.npy"),
        ({"axes": ["x"]}, "samples.npy"),
        ({"axes": ["x", "x"]}, "axes"),
        ({"axes": []}, "axes"),
        ({"axes": ["x", "../y"]}, "axes"),
        ({"horizon_s": -1}, "horizon_s"),
        ({"fault_types": ["a"]}, "fault_types"),
        ({"fault_types": "ab"}, "fault_types"),
        ({"provenance": []}, "provenance"),
        ({"units": []}, "units"),
        ({"units": {}}, "units"),
        ({"units": ["a"]}, r"units\[0\]"),
        ({"name": 7}, "name"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_hostile_manifest(tmp_path: Path, change: dict[str, object], message: str) -> None:
    write(tmp_path / "d")
    edit_manifest(tmp_path / "d", **change)
    with pytest.raises(InputError, match=message):
        load_dataset(tmp_path / "d")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "../b"}, "plain name"),
        ({"id": "/etc"}, "plain name"),
        ({"id": ".."}, "plain name"),
        ({"id": ""}, "plain name"),
        ({"id": "b"}, "listed twice"),
        ({"id": "B"}, "listed twice"),
        ({"id": "c"}, "is missing"),
        ({"windows": 9}, "holds int16"),
        ({"windows": 0}, "windows"),
        ({"windows": 10**12}, "windows"),
        ({"healthy_start_windows": 9}, "healthy_start_windows"),
        ({"healthy_start_windows": -1}, "healthy_start_windows"),
        ({"samples_sha256": "ff"}, "sha256"),
    ],
    ids=str,
)
def test_hostile_unit_entry(tmp_path: Path, change: dict[str, object], message: str) -> None:
    write(tmp_path / "d")
    units = json.loads((tmp_path / "d" / "manifest.json").read_text())["units"]
    edit_manifest(tmp_path / "d", units=[units[0] | change, units[1]])
    with pytest.raises(InputError, match=message):
        load_dataset(tmp_path / "d")


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"format": NaN}', "\xff\xfe", "[" * 100_000], ids=lambda t: t[:8]
)
def test_manifest_that_is_no_json(tmp_path: Path, text: str) -> None:
    write(tmp_path / "d")
    (tmp_path / "d" / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"manifest\.json"):
        load_dataset(tmp_path / "d")


def test_a_manifest_of_unbelievable_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "d")
    monkeypatch.setattr("aurora.signals.manifest.MAX_MANIFEST_BYTES", 100)
    with pytest.raises(InputError, match="larger than any manifest"):
        load_dataset(tmp_path / "d")


@pytest.mark.parametrize("name", ["samples.npy", "windows.npz"])
def test_damaged_files_never_escape_as_anything_but_an_input_error(tmp_path: Path, name: str) -> None:
    write(tmp_path / "d", unit("a", windows=2), fault_types=("healthy", "outer_race"))
    path = tmp_path / "d" / "units" / "a" / name
    original = path.read_bytes()
    rng = np.random.default_rng(5)
    for size in (0, 5, 64, 127, len(original) - 1):
        path.write_bytes(original[:size])
        with pytest.raises(InputError):
            load_dataset(tmp_path / "d")
    for _ in range(300):
        damaged = bytearray(original)
        for position in rng.integers(0, min(len(original), 2000), 2):
            damaged[position] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            load_dataset(tmp_path / "d")
        except InputError as error:
            assert "\n" not in str(error)


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    write(tmp_path / "d")
    home = tmp_path / "d" / "units" / "a"
    columns = dict(np.load(home / "windows.npz"))
    columns["rpm"] = np.array([print] * 8, dtype=object)
    np.savez(home / "windows.npz", **columns)
    with pytest.raises(InputError, match="Python objects"):
        load_dataset(tmp_path / "d")
    np.save(home / "samples.npy", np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"samples\.npy"):
        load_dataset(tmp_path / "d")


COLUMN_CHANGES = [
    ({"rpm": None}, "key 'rpm' is missing"),
    ({"extra": np.zeros(8)}, "unknown key 'extra'"),
    ({"rpm": np.zeros(8)}, "key 'rpm' holds float64"),
    ({"rpm": np.zeros(9, np.float32)}, r"key 'rpm' holds float32 \(9,\)"),
    ({"scale_g": np.ones(8, np.float32)}, "key 'scale_g'"),
]


@pytest.mark.parametrize(("change", "message"), COLUMN_CHANGES, ids=[c[1][:24] for c in COLUMN_CHANGES])
def test_columns_of_another_kind(tmp_path: Path, change: dict[str, np.ndarray | None], message: str) -> None:
    write(tmp_path / "d")
    path = tmp_path / "d" / "units" / "a" / "windows.npz"
    columns = {**np.load(path), **change}
    np.savez(path, **{name: column for name, column in columns.items() if column is not None})
    with pytest.raises(InputError, match=message):
        load_dataset(tmp_path / "d")


def test_samples_with_bytes_too_many(tmp_path: Path) -> None:
    write(tmp_path / "d")
    with (tmp_path / "d" / "units" / "a" / "samples.npy").open("ab") as file:
        file.write(b"12")
    with pytest.raises(InputError, match="truncated or has bytes too many"):
        load_dataset(tmp_path / "d")


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "d")
    path = tmp_path / "d" / "units" / "a" / "windows.npz"
    monkeypatch.setattr("aurora.signals.storage.SUSPICIOUS_BYTES", 1 << 20)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.npy", bytes(4 << 20))
    with pytest.raises(InputError, match="zip bomb"):
        load_dataset(tmp_path / "d")


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "d")
    write(tmp_path / "other")
    shutil.rmtree(tmp_path / "d" / "units" / "a")
    (tmp_path / "d" / "units" / "a").symlink_to(tmp_path / "other" / "units" / "a")
    with pytest.raises(InputError, match="symbolic link"):
        load_dataset(tmp_path / "d")
