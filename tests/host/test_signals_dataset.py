"""The data set folder: what is written comes back, and nothing that lies about itself is loaded."""

import errno
import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from aurora.errors import InputError, NotFiniteError, WriteFailed
from aurora.signals import dataset as dataset_module
from aurora.signals.dataset import apply_gain, fails_within, is_healthy, load_dataset
from signals_data import RATE_HZ, N, leftovers, unit, write


def test_round_trip(tmp_path: Path) -> None:
    written = unit("bearing-1.2_x")
    loaded = write(tmp_path / "d", written, unit("b"))
    again = load_dataset(tmp_path / "d")
    for field in fields(written):
        for dataset in (loaded, again):
            assert np.array_equal(getattr(dataset.units[0], field.name), getattr(written, field.name))
    assert (again.rate_hz, again.n, again.axes, again.horizon_s) == (RATE_HZ, N, ("x", "y"), 0.2)
    assert (again.fault_types, again.nominal_rpm) == (("healthy", "outer_race"), 1500.0)
    assert again.provenance == {"source": "test"}
    assert again.windows == 16
    assert again.units[0].samples.dtype == np.int16


def test_equal_units_give_equal_bytes(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two")
    for name in ("manifest.json", "units/a/samples.npy", "units/a/windows.npz"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_unknown_values_survive(tmp_path: Path) -> None:
    nan = np.full(8, np.nan, np.float32)
    unlabelled = unit(
        "a", rpm=nan, load=nan, ttf_s=nan, fault=np.full(8, -1, np.int16), healthy_start_windows=0
    )
    loaded = write(tmp_path / "d", unlabelled, horizon_s=None, fault_types=(), nominal_rpm=None)
    assert np.isnan(loaded.units[0].rpm).all()
    assert np.isnan(fails_within(loaded.units[0], 1.0)).all()
    assert loaded.horizon_s is None


def test_fails_within() -> None:
    ttf = np.array([np.inf, 5.0, 2.0, 1.9, 0.0, np.nan], np.float32)
    label = fails_within(unit("a", windows=6, ttf_s=ttf), 2.0)
    assert np.array_equal(label, [0, 0, 1, 1, 1, np.nan], equal_nan=True)


def test_healthy_windows(tmp_path: Path) -> None:
    inf, nan = np.full(8, np.inf, np.float32), np.full(8, np.nan, np.float32)
    none = np.full(8, -1, np.int16)
    sound = unit("sound", ttf_s=inf, fault=none)
    start = unit("start", ttf_s=nan, fault=none, healthy_start_windows=3)
    data = write(tmp_path / "d", unit("labelled"), sound, start)
    assert [int(is_healthy(data, u).sum()) for u in data.units] == [4, 8, 3]


def test_gain_is_applied_in_g() -> None:
    before = unit("a")
    after = apply_gain(before, 1.2)
    assert after.samples is before.samples
    assert np.allclose(after.scale_g, before.scale_g * 1.2)


@pytest.mark.parametrize(
    ("column", "value", "error"),
    [
        ("scale_g", np.nan, NotFiniteError),
        ("scale_g", np.inf, NotFiniteError),
        ("scale_g", 0.0, InputError),
        ("rpm", np.inf, NotFiniteError),
        ("rpm", -1.0, InputError),
        ("load", -np.inf, NotFiniteError),
        ("time_s", np.nan, NotFiniteError),
        ("stands_for_s", 0.0, InputError),
        ("stands_for_s", np.nan, NotFiniteError),
        ("fault", 2, InputError),
        ("fault", -2, InputError),
        ("ttf_s", -1.0, InputError),
    ],
)
def test_impossible_values_are_neither_written_nor_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str, value: float, error: type[InputError]
) -> None:
    good = unit("a")
    values = getattr(good, column).copy()
    values[3] = value
    bad = replace(good, **{column: values})
    with pytest.raises(error, match="window 3") as caught:
        write(tmp_path / "d", bad)
    assert type(caught.value) is error
    assert leftovers(tmp_path) == []
    with monkeypatch.context() as patch:
        patch.setattr(dataset_module, "_refuse_impossible", lambda *_: None)
        write(tmp_path / "d", bad)
    with pytest.raises(error, match=f"{column}: window 3"):
        load_dataset(tmp_path / "d")


def test_overwriting(tmp_path: Path) -> None:
    write(tmp_path / "d")
    with pytest.raises(InputError, match="already exists"):
        write(tmp_path / "d")
    write(tmp_path / "d", unit("c"), overwrite=True)
    assert [u.id for u in load_dataset(tmp_path / "d").units] == ["c"]
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.tex").write_text("years")
    with pytest.raises(InputError, match="not a data set"):
        write(tmp_path / "precious", overwrite=True)
    assert (tmp_path / "precious" / "thesis.tex").read_text() == "years"


@pytest.mark.parametrize("unit_id", ["../../x", "", "a/b", "x" * 200])
def test_a_units_id_cannot_leave_the_folder(tmp_path: Path, unit_id: str) -> None:
    with pytest.raises(InputError, match="plain name"):
        write(tmp_path / "in" / "d", unit("a"), replace(unit("b"), id=unit_id))
    assert leftovers(tmp_path / "in") == []


def test_units_of_another_shape_are_refused(tmp_path: Path) -> None:
    bad = unit("a")
    with pytest.raises(InputError, match="samples are"):
        write(tmp_path / "d", replace(bad, samples=bad.samples[:, :1]))
    with pytest.raises(InputError, match="rpm has shape"):
        write(tmp_path / "d", replace(bad, rpm=bad.rpm[:3]))
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("failing_call", [1, 2])
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing_call: int
) -> None:
    from aurora.signals import storage

    calls = 0
    real = storage.write_npy

    def full_disk(path: Path, array: np.ndarray) -> str:
        nonlocal calls
        calls += 1
        if calls == failing_call:
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, array)

    monkeypatch.setattr(storage, "write_npy", full_disk)
    with pytest.raises(WriteFailed, match="No space left on device"):
        write(tmp_path / "d")
    assert leftovers(tmp_path) == []
    monkeypatch.undo()
    write(tmp_path / "d")
    before = (tmp_path / "d" / "manifest.json").read_bytes()
    calls = 0
    monkeypatch.setattr(storage, "write_npy", full_disk)
    with pytest.raises(WriteFailed):
        write(tmp_path / "d", overwrite=True)
    assert leftovers(tmp_path) == ["d"]
    assert (tmp_path / "d" / "manifest.json").read_bytes() == before


def test_a_refused_write_of_the_kernel_leaves_nothing(tmp_path: Path) -> None:
    """The kernel itself refuses the bytes (a limit on file size stands in for a full disk)."""
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000));"
        "sys.argv = ['aurora', 'data', 'synth', 'd', '--units', '2', '--healthy', '1', '--windows', '40',"
        " '--n', '256']; from aurora.cli import main; main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == WriteFailed.exit_code, run.stderr
    assert run.stderr.count("\n") == 1
    assert leftovers(tmp_path) == []
