"""Paths, files and disks that compile, verify and bench once hung or broke over with a traceback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from aurora.compile.model_file import read_model_file
from aurora.errors import InputError, WriteFailed
from aurora.files import check_writable, scratch_folder
from aurora.spec.board import load_board
from aurora.verify import bench, machine
from click.testing import CliRunner
from tflite_networks import two_heads

BOARD = "mps2_an386"


def command(*words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "aurora", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", ["compile", "verify", "bench"])
def test_a_pipe_is_no_model(name: str, tmp_path: Path) -> None:
    """Its reader waited for ever."""
    pipe = tmp_path / "model.tflite"
    os.mkfifo(pipe)
    out = [] if name == "verify" else ["--out", tmp_path / "out"]
    done = command(name, pipe, "--board", BOARD, *out)
    assert (done.returncode, done.stdout) == (InputError.exit_code, "")
    assert done.stderr == f"aurora: {pipe}: is not a file (give an int8 .tflite)\n"
    assert [path.name for path in tmp_path.iterdir() if path != pipe] in ([], ["out"])


def test_a_pipe_is_no_layout(tmp_path: Path) -> None:
    pipe, model = tmp_path / "layout.json", tmp_path / "model.tflite"
    os.mkfifo(pipe)
    model.write_bytes(two_heads())
    done = command("compile", model, "--board", BOARD, "--out", tmp_path / "out", "--for-layout", pipe)
    assert done.returncode == InputError.exit_code
    assert f"{pipe}: is not a file" in done.stderr


@pytest.mark.parametrize("kind", ["missing", "folder", "loop", "empty"])
def test_what_is_no_model_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    {"missing": lambda: None, "folder": path.mkdir, "loop": lambda: path.symlink_to(path),
     "empty": path.touch}[kind]()  # fmt: skip
    with pytest.raises(InputError, match=f"^{path}: "):
        read_model_file(path)


def test_bench_names_the_damaged_file(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(two_heads()[:700])
    with pytest.raises(InputError, match=f"^{model}: damaged"):
        bench.run_bench([model], [BOARD], inputs=1, peers=None)


@pytest.mark.parametrize(
    "models",
    [{"net": 3}, {"net": {"m4": 3}}, {"net": {"m4": {"tflm_cmsisnn": 5}}}, [],
     {"net": {"m4": {"tflm_cmsisnn": {"exact": "20/20"}}}},
     {"net": {"m4": {"tflm_cmsisnn": {"exact": "20/20", "instructions": "x", "code_bytes": 1,
                                      "ram_bytes": 1}}}}],
    ids=range(6),
)  # fmt: skip
def test_figures_of_no_peer(models: object, tmp_path: Path) -> None:
    (tmp_path / "peers.json").write_text(json.dumps({"models": models}))
    with pytest.raises(InputError, match=r"peers\.json: holds no peers' figures"):
        bench.read_peers(tmp_path / "peers.json")


def test_bench_looks_at_its_folder_before_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of figures went when the folder turned out to be a file."""
    from aurora.commands.bench import command as bench_command

    def measured(*_: object, **__: object) -> None:
        raise AssertionError("measured before the folder was known to take anything")

    monkeypatch.setattr(bench, "run_bench", measured)
    (tmp_path / "file").touch()
    (tmp_path / "model.tflite").write_bytes(two_heads())
    words = [str(tmp_path / "model.tflite"), "--out", str(tmp_path / "file" / "out")]
    with pytest.raises(WriteFailed):
        CliRunner().invoke(bench_command, words, catch_exceptions=False, standalone_mode=False)
    check_writable(tmp_path / "new" / "folder")
    assert not list((tmp_path / "new" / "folder").iterdir())


def test_peers_that_are_named_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(two_heads())
    done = command(
        "bench", tmp_path / "model.tflite", "--peers", tmp_path / "none.json", "--out", tmp_path / "o"
    )
    assert done.returncode == InputError.exit_code
    assert done.stderr == f"aurora: {tmp_path / 'none.json'}: no such file (leave --peers out)\n"


def test_a_full_temporary_folder_is_one_line() -> None:
    with pytest.raises(WriteFailed, match=r"No space left.*set TMPDIR"), scratch_folder("aurora-test-"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(PermissionError), scratch_folder("aurora-test-") as folder:
        raise PermissionError(errno.EPERM, "something else")
    assert not folder.exists()


@pytest.mark.parametrize("cut", ["out.bin", "counts.bin"])
def test_results_cut_short_by_a_full_disk(cut: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """QEMU does not say that its disk is full."""
    fake = tmp_path / "qemu-system-arm"
    fake.write_text("#!/bin/sh\n: > out.bin\n: > counts.bin\n" + f"printf 12345 > {cut}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(machine, "_plugin", lambda *_: [])
    program = SimpleNamespace(outputs=[SimpleNamespace(bytes=4)])
    image = SimpleNamespace(folder=tmp_path, elf=tmp_path / "x.elf", board=load_board(BOARD), program=program)
    with pytest.raises(WriteFailed, match="cut short"):
        machine.run_image(image, np.zeros((1, 4), np.uint8), count=machine.INFERENCE)
