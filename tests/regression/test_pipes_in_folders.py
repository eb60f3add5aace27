"""A named pipe in a folder from elsewhere once made its reader wait for ever."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from aurora.compress.release import load_release
from aurora.errors import InputError
from aurora.signals.dataset import load_dataset
from signals_data import ROOT, write

RELEASE = ROOT / "models" / "turbine" / "releases" / "1.0.0"


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("name", ["release.json", "chain.bin", "model.tflite"])
def test_a_release_with_a_pipe_in_it_is_refused(tmp_path: Path, name: str) -> None:
    release = shutil.copytree(RELEASE, tmp_path / "release")
    to_pipe(release / name)
    with pytest.raises(InputError, match=f"{name}: is not a file"):
        load_release(release)


@pytest.mark.parametrize("name", ["manifest.json", "units/a/samples.npy", "units/a/windows.npz"])
def test_a_data_set_with_a_pipe_in_it_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path / "data")
    to_pipe(tmp_path / "data" / name)
    with pytest.raises(InputError, match=r"data.*: (is not a|no such)"):
        load_dataset(tmp_path / "data")
