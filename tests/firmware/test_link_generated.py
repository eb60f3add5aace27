"""The generated codec: the same bytes every time, warnings as errors with both compilers, valid CDDL."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aurora.build import link_codec
from aurora.build.link_codec import generate_link_codec
from aurora.errors import BuildFailed
from link_table import LIB, WARNINGS

M4 = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codec")
    generate_link_codec(folder)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_equal_input_gives_equal_bytes(generated: Path, tmp_path: Path) -> None:
    generate_link_codec(tmp_path / "elsewhere" / "deep")
    assert files(tmp_path / "elsewhere" / "deep") == files(generated)
    assert [name for name in files(generated) if name.endswith(".c")] == ["link_codec.c"]


@pytest.mark.parametrize("compiler", [["gcc"], ["arm-none-eabi-gcc", *M4]], ids=["gcc", "arm-none-eabi-gcc"])
@pytest.mark.parametrize("level", ["-O2", "-Os"])
def test_the_codec_compiles_without_a_warning(
    compiler: list[str], level: str, generated: Path, tmp_path: Path
) -> None:
    for source in (generated / "link_codec.c", *sorted((LIB / "link").glob("*.c"))):
        command = [*compiler, *WARNINGS, level, f"-I{LIB}", f"-I{generated}", "-c", str(source), "-o"]
        subprocess.run([*command, str(tmp_path / f"{source.stem}.o")], check=True, timeout=60)


def test_aurora_cddl_is_what_zcbor_takes_as_it_stands(tmp_path: Path) -> None:
    """Ours is a subset of CDDL, not a language of its own."""
    shutil.copy(LIB / "link" / "aurora.cddl", tmp_path)
    command = [
        sys.executable, "-c", "from zcbor import main; main()", "code", "-d", "-c", "aurora.cddl", "-t",
        "request", "reply", "--default-max-qty", "16", "--oc", "a.c", "--oh", "a.h", "--oht", "a_types.h",
    ]  # fmt: skip
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert (tmp_path / "a.c").stat().st_size > 10_000


def test_a_failing_zcbor_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(link_codec, "_zcbor_cddl", lambda messages: "link_hello = {")
    with pytest.raises(BuildFailed, match="zcbor failed") as caught:
        generate_link_codec(tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
