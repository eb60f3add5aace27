"""What a demo finds out before its minutes of work: tools that are missing, a folder that is in use."""

from __future__ import annotations

from pathlib import Path

import pytest
from aurora.demo.pipeline import Options, run_demo
from aurora.errors import EmulatorMissing, InputError, ToolchainMissing, WriteFailed
from aurora.files import sole_writer


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(*_: object) -> None:
        raise AssertionError("the demo began its work")

    monkeypatch.setattr("aurora.demo.pipeline._run", work)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("tools", ["", "arm-none-eabi-gcc"])
def test_missing_tools_are_said_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tools: str
) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for tool in tools.split():
        (bin_folder / tool).write_text("#!/bin/sh\n")
        (bin_folder / tool).chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_folder))
    with pytest.raises(EmulatorMissing if tools else ToolchainMissing, match="not on the PATH"):
        run_demo(Options("mps2_an386", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_work")
def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    """They once took each other's release and pack."""
    out = tmp_path / "out"
    with sole_writer(out), pytest.raises(InputError, match="out: another process works in this folder"):
        run_demo(Options("native", out))
    with pytest.raises(AssertionError, match="began its work"):
        run_demo(Options("native", out))


@pytest.mark.usefixtures("no_work")
def test_an_out_that_is_a_file_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(WriteFailed, match="out: "):
        run_demo(Options("native", tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "mine"
