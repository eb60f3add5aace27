"""The files of a release: altered, missing, forged, too large, and written whole or not at all."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from aurora.compress.release import EXPORTS, FILES, RELEASE_FILE, Release, load_release, write_release
from aurora.errors import InputError, WriteFailed
from aurora.signals.storage import npz_bytes


@pytest.fixture
def copied(release: Release, tmp_path: Path) -> Path:
    shutil.copytree(release.path, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize("name", [*FILES, *EXPORTS])
def test_an_altered_file_is_named(copied: Path, name: str) -> None:
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    with pytest.raises(InputError, match=f"{name}: was altered"):
        load_release(copied)


@pytest.mark.parametrize("name", [*FILES, RELEASE_FILE])
def test_a_missing_file_is_named(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(InputError, match=f"{name}: no release here"):
        load_release(copied)


def test_exports_may_be_absent(copied: Path, release: Release) -> None:
    for name in EXPORTS:
        (copied / name).unlink()
    assert load_release(copied).id == release.id


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "aurora-release", "version": 1}', "[" * 9999])
def test_a_wrong_release_json_is_refused(copied: Path, text: str) -> None:
    (copied / RELEASE_FILE).write_text(text)
    with pytest.raises(InputError, match=r"release\.json"):
        load_release(copied)


def forge(folder: Path, name: str, data: bytes) -> None:
    """Alter a file and its hash."""
    (folder / name).write_bytes(data)
    document = json.loads((folder / RELEASE_FILE).read_text())
    document["files"][name] = hashlib.sha256(data).hexdigest()
    (folder / RELEASE_FILE).write_text(json.dumps(document))


@pytest.mark.parametrize("name", ["chain.bin", "decision.json", "baseline.npz", "golden.npz", "model.toml"])
@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 64, b"{}", b"PK\x03\x04rubbish"], ids=["empty", "zeros", "{}", "zip"]
)
def test_a_forged_file_is_refused_whatever_its_hash(copied: Path, name: str, data: bytes) -> None:
    forge(copied, name, data)
    with pytest.raises(InputError) as caught:
        load_release(copied)
    assert "\n" not in str(caught.value)


def repacked(folder: Path, name: str, **changes: np.ndarray) -> None:
    """Forge an archive in which some arrays are others."""
    with np.load(folder / name) as archive:
        arrays = {key: archive[key] for key in archive.files}
    forge(folder, name, npz_bytes(arrays | changes))


@pytest.mark.parametrize(
    ("name", "changes", "named"),
    [
        ("golden.npz", {"inputs": np.zeros((3, 4), np.int16)}, "int8 inputs and outputs"),
        ("baseline.npz", {"bins": np.zeros((5, 2), np.int8)}, "do not fit each other"),
        ("baseline.npz", {"edges": np.zeros((1, 31), np.float32)}, "drift baseline"),
        ("baseline.npz", {"features": np.array([9999])}, "drift baseline"),
    ],
    ids=["golden", "bins", "edges", "features"],
)
def test_arrays_that_do_not_fit_are_refused(
    copied: Path, name: str, changes: dict[str, np.ndarray], named: str
) -> None:
    repacked(copied, name, **changes)
    with pytest.raises(InputError, match=named):
        load_release(copied)


def test_a_file_beyond_any_size_is_not_read(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aurora.compress.release.MAX_FILE_BYTES", 3000)
    with pytest.raises(InputError, match="larger than any"):
        load_release(copied)


def contents(release: Release) -> tuple[dict[str, bytes], dict[str, object]]:
    """Files and document as they were given to write_release."""
    document = {k: v for k, v in release.document.items() if k not in ("format", "version", "files")}
    return {name: (release.path / name).read_bytes() for name in (*FILES, *EXPORTS)}, document


def test_full_disk_leaves_nothing(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = os.fsync

    def fill_up(handle: int) -> None:
        if list(tmp_path.rglob("*golden.npz*")):
            raise OSError(errno.ENOSPC, "No space left on device")
        synced(handle)

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(WriteFailed, match="No space left"):
        write_release(tmp_path / "models" / "1.0.0", *contents(release))
    assert list((tmp_path / "models").iterdir()) == []


def test_an_existing_release_is_overwritten_only_on_request(copied: Path, release: Release) -> None:
    files, document = contents(release)
    with pytest.raises(InputError, match="already exists"):
        write_release(copied, files, document)
    assert write_release(copied, files, document, replace=True).id == release.id


def test_a_folder_that_is_no_release_is_never_replaced(tmp_path: Path, release: Release) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("do not delete")
    with pytest.raises(InputError, match="already exists"):
        write_release(tmp_path / "precious", *contents(release), replace=True)
    assert (tmp_path / "precious" / "thesis.txt").exists()


def test_what_a_reader_would_refuse_is_never_published(release: Release, tmp_path: Path) -> None:
    files, document = contents(release)
    with pytest.raises(InputError):
        write_release(tmp_path / "1.0.0", {**files, "chain.bin": b"rubbish"}, document)
    assert list(tmp_path.iterdir()) == []


USE = """
#include "model_data.h"
#include <stdint.h>
#include <stdio.h>

int main(void)
{
    printf("%u %u %s %d %u", (unsigned)((uintptr_t)aurora_model_data % 16), aurora_model_data_length,
           aurora_model_labels[1], AURORA_MODEL_ALARM_THRESHOLD_ON, aurora_model_features_id[0]);
    return aurora_model_data[4] == 'T' && aurora_model_data[7] == '3' ? 0 : 1;
}
"""


@pytest.mark.parametrize("compiler", ["gcc -std=c11", "g++ -std=c++11 -x c++"], ids=["C", "C++"])
def test_c_array_compiles_and_holds_the_model(release: Release, compiler: str, tmp_path: Path) -> None:
    (tmp_path / "use.c").write_text(USE)
    flags = ["-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror", f"-I{release.path}", "-o"]
    sources = [str(tmp_path / "use.c"), str(release.path / "model_data.c")]
    subprocess.run([*compiler.split(), *flags, str(tmp_path / "use"), *sources], check=True, timeout=60)
    printed = subprocess.run(
        [tmp_path / "use"], capture_output=True, text=True, check=True, timeout=10
    ).stdout
    threshold = release.decision.fails_within.threshold_on
    expected = f"0 {len(release.tflite)} {release.labels[1]} {threshold} {release.features_id[0]}"
    assert printed == expected
    text = (release.path / "model_data.c").read_text()
    assert "alignas(16) const unsigned char aurora_model_data[]" in text
