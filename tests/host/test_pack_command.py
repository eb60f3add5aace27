"""`aurora pack show` and `build`, and the pack of a release."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aurora.build.generate import TFLM, generate
from aurora.compile import compile_model
from aurora.compress.release import Release, load_release
from aurora.errors import InputError, PackDamaged, PackIncompatible, UnknownBoard
from aurora.pack import check_compatible, pack_release, parse_pack
from aurora.pack.check import FirmwareInfo
from aurora.spec.board import load_board
from click.testing import CliRunner
from pack_samples import changed, sample
from small_model import small_model

BOARD = "mps2_an386"


def run(*words: object) -> str:
    from aurora.commands.pack import command

    result = CliRunner().invoke(command, list(map(str, words)), catch_exceptions=False, standalone_mode=False)
    return result.output


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return small_model().release(tmp_path_factory.mktemp("release") / "1.0.0")


def test_show_prints_what_a_pack_holds(tmp_path: Path) -> None:
    (tmp_path / "a.pack").write_bytes(sample())
    text = run("show", tmp_path / "a.pack")
    pack = parse_pack(sample())
    for expected in (
        pack.pack_id.hex(),
        "sample 1.0.0",
        "board class 7",
        "inner_race, überlast",
        "2 vectors",
    ):
        assert expected in text
    record = json.loads(run("show", tmp_path / "a.pack", "--json"))
    assert record["pack_id"] == pack.pack_id.hex()
    assert record["parts"] == {name: len(part) for name, part in pack.parts.items()}
    assert (record["sequence"], record["security_version"], record["golden_vectors"]) == (5, 3, 2)


def test_show_prints_no_character_that_steers_a_terminal(tmp_path: Path) -> None:
    hostile = {
        "model": "\x1b]0;owned\x07\x1b[2J",
        "version": "1\r\nok",
        "bytes": b"\x00",
        "list": [None, 1.5, True],
    }
    (tmp_path / "a.pack").write_bytes(changed(manifest=hostile))
    text = run("show", tmp_path / "a.pack")
    assert all(character.isprintable() or character == "\n" for character in text)
    assert len(text.splitlines()) == 8
    manifest = json.loads(run("show", tmp_path / "a.pack", "--json"))["manifest"]
    assert (manifest["bytes"], manifest["list"]) == ("00", [None, 1.5, True])


@pytest.mark.parametrize(
    "content", [b"", b"text\n", sample()[:-1], sample()[:200], b"\xff" * 10_000], ids=range(5)
)
def test_show_refuses_what_is_no_whole_pack(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pack"
    path.write_bytes(content)
    with pytest.raises(PackDamaged, match=f"^{path}: "):
        run("show", path)


def test_show_refuses_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(InputError, match=f"^{path}: "):
            run("show", path)
    with (tmp_path / "endless").open("wb") as file:
        file.truncate(2**34)  # sparse: must not be read into memory
    with pytest.raises(PackDamaged, match="no pack"):
        run("show", tmp_path / "endless")


def test_a_truncated_pack_is_one_line_and_exit_code_53(tmp_path: Path) -> None:
    (tmp_path / "a.pack").write_bytes(sample()[:500])
    command = [sys.executable, "-m", "aurora", "pack", "show", str(tmp_path / "a.pack")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (53, "")
    assert done.stderr.startswith("aurora: ") and len(done.stderr.splitlines()) == 1


def test_the_pack_of_a_release_runs_on_its_board(release: Release) -> None:
    board = load_board(BOARD)
    program = compile_model(release.tflite, board.core)
    data = pack_release(release, board, program, sequence=9)
    assert data == pack_release(load_release(release.path), board, program, sequence=9)
    pack = parse_pack(data)
    assert (pack.sequence, pack.board_class, pack.labels) == (9, board.class_id, release.labels)
    assert pack.manifest["release"].hex() == release.id
    assert tuple(pack.manifest["channels"]) == release.drift.baseline.names
    known = FirmwareInfo(
        board.class_id, program.layout_id, constants_bytes=len(program.constants),
        constants_alignment=program.constants_alignment, input_bytes=program.inputs[0].bytes,
        output_bytes=sum(output.bytes for output in program.outputs),
    )  # fmt: skip
    check_compatible(pack, known)


def test_a_retrained_model_gives_a_new_pack_for_the_same_firmware(tmp_path: Path, release: Release) -> None:
    board = load_board(BOARD)
    program = compile_model(release.tflite, board.core)
    other = small_model(seed=2).release(tmp_path / "2")
    again = parse_pack(pack_release(other, board, compile_model(other.tflite, board.core)))
    assert again.layout_id == program.layout_id
    assert again.parts["constants"] != program.constants
    check_compatible(again, FirmwareInfo(board.class_id, program.layout_id))


def test_the_pack_for_tflite_micro_is_for_the_firmware_of_that_lane(tmp_path: Path, release: Release) -> None:
    """What `pio run -e mps2_an386_tflm` generates for this release takes it, the default one not."""
    generate(BOARD, release.path, tmp_path / "gen", engine=TFLM)
    layout = bytes.fromhex(json.loads((tmp_path / "gen" / "layout.json").read_text())["layout_id"])
    run("build", release.path, "--board", BOARD, "--tflm", "--out", tmp_path / "a.pack")
    pack = parse_pack((tmp_path / "a.pack").read_bytes())
    assert pack.parts["constants"].startswith(release.tflite)
    check_compatible(pack, FirmwareInfo(load_board(BOARD).class_id, layout))
    with pytest.raises(PackIncompatible, match="made for another program"):
        direct = compile_model(release.tflite, load_board(BOARD).core)
        check_compatible(pack, FirmwareInfo(load_board(BOARD).class_id, direct.layout_id))


def test_a_release_that_contradicts_its_model_is_refused(release: Release) -> None:
    board = load_board(BOARD)
    wrong = replace(release, decision=replace(release.decision, output_bytes=77))
    with pytest.raises(InputError, match="77 output bytes"):
        pack_release(wrong, board, compile_model(release.tflite, board.core))


def test_build_writes_the_pack_whole_or_not_at_all(tmp_path: Path, release: Release) -> None:
    out = tmp_path / "a.pack"
    assert "bytes" in run("build", release.path, "--board", BOARD, "--out", out)
    record = json.loads(run("build", release.path, "--board", BOARD, "--out", out, "--sequence", 3, "--json"))
    assert parse_pack(out.read_bytes()).pack_id.hex() == record["pack_id"]
    assert record["sequence"] == 3
    with pytest.raises(UnknownBoard):
        run("build", release.path, "--board", "mps2_an386f", "--out", tmp_path / "b.pack")
    with pytest.raises(InputError):
        run("build", tmp_path, "--board", BOARD, "--out", tmp_path / "b.pack")
    assert [path.name for path in tmp_path.iterdir()] == ["a.pack"]
