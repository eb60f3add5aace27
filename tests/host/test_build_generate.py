"""Generated sources: complete, equal for equal input, made again only when an input or a file changed."""

import json
from pathlib import Path

import pytest
from aurora.build import generate as module
from aurora.build.generate import generate
from aurora.errors import InputError, ToolchainMissing
from small_model import small_model


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model().release(tmp_path_factory.mktemp("release") / "small").path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_equal_input_gives_equal_files_anywhere(release: Path, tmp_path: Path) -> None:
    ids = {generate("native", release, tmp_path / name) for name in ("one", "two")}
    assert len(ids) == 1
    one = contents(tmp_path / "one")
    assert one == contents(tmp_path / "two")
    assert {"program.c", "program.h", "link_codec.c", "board.h", "build_id.h", "generated.json"} <= set(one)
    assert not any(str(tmp_path).encode() in data for data in one.values())
    summary = json.loads(one["generated.json"])
    assert summary["build_id"] == ids.pop()
    assert summary["layout_id"] == small_model().program("host").layout_id.hex()


def test_the_model_is_compiled_once_and_again_when_a_file_was_touched(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate("native", release, tmp_path)
    first = contents(tmp_path)
    calls = []
    compile_again = module._model_files
    monkeypatch.setattr(module, "_model_files", lambda *a: calls.append(a) or compile_again(*a))
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    generate("native", release, tmp_path)
    assert not calls and times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    for change in ("program.c", "generated.json"):
        (tmp_path / change).write_text("{}")
        generate("native", release, tmp_path)
        assert contents(tmp_path) == first, f"{change} was repaired"
    assert len(calls) == 2
    (tmp_path / "zcbor" / "zcbor_common.h").unlink()
    generate("native", release, tmp_path)
    assert contents(tmp_path) == first and len(calls) == 3


def test_another_model_of_the_same_architecture_gives_the_same_firmware(
    release: Path, tmp_path: Path
) -> None:
    """Retraining makes a new pack, not a new firmware."""
    other = small_model(seed=2).release(tmp_path / "other").path
    assert generate("native", release, tmp_path / "a") == generate("native", other, tmp_path / "b")
    wider = small_model(hidden=24).release(tmp_path / "wider").path
    assert generate("native", wider, tmp_path / "c") != generate("native", release, tmp_path / "a")


def test_an_altered_release_and_a_missing_compiler_are_refused(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered = small_model().release(tmp_path / "altered").path
    data = bytearray((altered / "model.tflite").read_bytes())
    data[-1] ^= 1
    (altered / "model.tflite").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"model\.tflite"):
        generate("native", altered, tmp_path / "out")
    assert not (tmp_path / "out").exists(), "nothing half-written stays"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainMissing, match="gcc is not on the PATH"):
        generate("native", release, tmp_path / "out")
