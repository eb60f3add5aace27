"""PlatformIO without its registry: our platforms build, reproducibly, for any record, and say what is wrong.

A look-up in the registry takes 62 seconds to fail without a network: RUN_SECONDS would be over.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aurora.build import BuildResult, build_firmware
from aurora.build.board_header import board_header
from aurora.build.elf import read_elf
from aurora.build.firmware import failure as firmware_failure
from aurora.emulator import open_emulator
from aurora.errors import BuildFailed, InputError, OverBudget, ToolchainMissing, UnknownBoard
from aurora.spec.board import load_board
from probe import PROBE_APP, Probe, small_release

pytestmark = pytest.mark.emulated
ROOT = Path(__file__).resolve().parents[2]
RUN_SECONDS = 55


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_release(tmp_path_factory.mktemp("release"))


def pio(project: Path, release: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`pio run` as a user types it: no variable of ours but the release."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PLATFORMIO_", "AURORA_"))}
    return subprocess.run(
        [sys.executable, "-m", "platformio", "run", *arguments], cwd=project, stdin=subprocess.DEVNULL,
        env={**environment, "AURORA_RELEASE": str(release), **settings},
        capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone has, at another path, with the extension that the set-up builds."""
    folder = tmp_path_factory.mktemp("another place") / "clone"
    keep_out = shutil.ignore_patterns("__pycache__", ".pio", "build_backend")
    for name in ("firmware", "host"):
        shutil.copytree(ROOT / name, folder / name, ignore=keep_out, symlinks=True)
    shutil.copy(ROOT / "platformio.ini", folder)
    return folder


@pytest.fixture(scope="module")
def built(release: Path) -> BuildResult:
    """The default board, built by our own command."""
    return build_firmware("mps2_an386", release)


def test_two_paths_two_ways_the_same_bytes(clone: Path, release: Path, built: BuildResult) -> None:
    """`pio run` in a clone that never built anything, and `aurora build` here."""
    done = pio(clone, release, "-e", "mps2_an386")
    assert done.returncode == 0, done.stdout + done.stderr
    made = clone / ".pio" / "build" / "mps2_an386"
    for name in ("firmware.bin", "firmware.elf", "firmware.hex"):
        assert (made / name).read_bytes() == built.elf.with_name(name).read_bytes(), name
    assert str(clone).encode() not in (made / "firmware.elf").read_bytes()
    settings = json.loads((clone / ".pio" / "core" / "appstate.json").read_text())["settings"]
    assert settings == {"enable_telemetry": False, "check_platformio_interval": 36500}


def test_nothing_is_compiled_again_when_nothing_changed(clone: Path, release: Path) -> None:
    again = pio(clone, release, "-e", "mps2_an386")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Compiling" not in again.stdout and "Linking" not in again.stdout


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("int nonsense(void) { return undeclared; }", ("main.c:", "error:", "undeclared")),
        ("extern int nowhere(void);\nint call(void) { return nowhere(); }\n"
         "__attribute__((section(\".vectors\"), used)) static int (*const keep)(void) = call;",
         ("undefined reference", "nowhere")),
    ],
    ids=["compiler", "linker"],
)  # fmt: skip
def test_an_error_of_the_tools_is_named(
    code: str, words: tuple[str, ...], clone: Path, release: Path
) -> None:
    source = clone / "firmware" / "app" / "main.c"
    good = source.read_text()
    source.write_text(f"{good}\n{code}\n")
    done = pio(clone, release, "-e", "mps2_an386")
    source.write_text(good)
    assert done.returncode != 0
    told = firmware_failure(load_board("mps2_an386"), done.stdout + done.stderr)
    assert isinstance(told, BuildFailed) and all(word in str(told) for word in words), told


def test_the_result_says_what_was_built(built: BuildResult) -> None:
    board = built.board
    assert 0 < built.flash_bytes <= board.budget_flash_bytes and 0 < built.ram_bytes <= board.budget_ram_bytes
    assert bytes.fromhex(built.build_id) in built.elf.read_bytes()
    assert built.layout_id in built.elf.read_bytes()
    assert read_elf(built.elf).flash_bytes == built.flash_bytes, "what the map says is what is stored"
    assert built.map.is_file() and built.bin is not None and built.bin.is_file()


@pytest.mark.parametrize("board_id", ["disco_f407vg", "native"])
def test_the_other_boards_build_too(board_id: str, release: Path) -> None:
    build = build_firmware(board_id, release)
    assert bytes.fromhex(build.build_id) in build.elf.read_bytes()


@pytest.fixture(scope="module")
def boards_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of records outside the tree."""
    folder = tmp_path_factory.mktemp("boards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AURORA_BOARDS_DIR", str(folder))
        yield folder
    for record in folder.glob("*.json"):
        shutil.rmtree(ROOT / "build" / "firmware" / record.stem, ignore_errors=True)


def new_board(folder: Path, like: str, board_id: str) -> dict:
    """A record like another one, with a class of its own, less RAM and other places in flash."""
    record = json.loads((ROOT / "firmware" / "boards" / f"{like}.json").read_text())
    aurora = record["aurora"]
    aurora["class"] = {"name": board_id, "id": 77}
    aurora["ram"] |= {"bytes": 0x18000, "stack_bytes": 4096}
    aurora["budget"] = {"flash_bytes": 131072, "ram_bytes": 0x18000}
    if like == "mps2_an386":
        aurora["regions"] |= {
            "app": {"origin": "0x00040000", "erase": [[8192, 32]]},
            "slot_a": {"origin": "0x00100000", "erase": [[65536, 1]]},
            "slot_b": {"origin": "0x00110000", "erase": [[65536, 1]]},
        }
    (folder / f"{board_id}.json").write_text(json.dumps(record))
    return record


@pytest.mark.parametrize("like", ["mps2_an386", pytest.param("disco_f407vg", marks=pytest.mark.soak)])
def test_a_further_board_is_one_new_file(like: str, boards_dir: Path, release: Path, tmp_path: Path) -> None:
    board_id = f"zz_test_{like}"
    new_board(boards_dir, like, board_id)
    build = build_firmware(board_id, release, app=PROBE_APP)
    assert build.board.class_id == 77
    pack = tmp_path / "pack"
    pack.write_bytes(b"\x5a" * 64)
    with open_emulator(build, pack=pack, paused=True) as emulator, Probe(emulator.url) as line:
        emulator.resume()
        line.wait_ready()
        state = line.ask(b"s")
        assert state["slot"] == build.board.regions["slot_a"].bytes and state["slot0"] == 0x5A
        assert state["ram"] == 0x18000 - build.ram_bytes and state["stack"] < 4096


def test_a_firmware_over_its_budget_fails_with_a_table(boards_dir: Path, release: Path) -> None:
    record = new_board(boards_dir, "mps2_an386", "zz_test_mps2_an386")
    record["aurora"]["budget"]["flash_bytes"] = 2048
    path = boards_dir / "zz_test_mps2_an386.json"
    path.write_text(json.dumps(record))
    with pytest.raises(OverBudget, match=r"bytes over the flash budget of 2,048") as caught:
        build_firmware("zz_test_mps2_an386", release, app=PROBE_APP)
    assert "firmware_main  (main.o, .text)" in str(caught.value) and "stack" in str(caught.value)
    # and over the region itself, where the linker fails
    record["aurora"]["regions"]["app"]["erase"] = [[1024, 2]]
    record["aurora"]["regions"]["app"]["origin"] = "0x00040000"
    record["aurora"]["budget"]["flash_bytes"] = 34816
    path.write_text(json.dumps(record))
    with pytest.raises(OverBudget, match=r"bytes over the region app of 2,048") as caught:
        build_firmware("zz_test_mps2_an386", release, app=PROBE_APP)
    assert "firmware_main" in str(caught.value)


def test_a_missing_toolchain_is_one_line(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for board_id, program in (("mps2_an386", "arm-none-eabi-gcc"), ("native", "gcc")):
        with pytest.raises(ToolchainMissing, match=f"{program} is not on the PATH") as caught:
            build_firmware(board_id, release)
        assert "\n" not in str(caught.value) and "apt-get install" in str(caught.value)
    done = pio(ROOT, release, "-e", "mps2_an386", PATH=str(tmp_path))
    assert done.returncode != 0 and "arm-none-eabi-gcc is not on the PATH" in done.stderr


def test_wrong_names_end_at_once(release: Path) -> None:
    with pytest.raises(UnknownBoard, match="did you mean mps2_an386"):
        build_firmware("mps2_an386f", release)
    with pytest.raises(InputError, match=r"model\.tflite is missing"):
        build_firmware("mps2_an386", "/nowhere")
    done = pio(ROOT, Path("/nowhere"), "-e", "native")
    assert done.returncode != 0 and "no release here" in done.stdout + done.stderr
    assert load_board("native").is_native


def test_the_template_of_a_port_compiles(tmp_path: Path) -> None:
    """What one copies to begin with has no error but its FIXMEs."""
    (tmp_path / "board.h").write_text(board_header(load_board("mps2_an386")))
    firmware = ROOT / "firmware"
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-mcpu=cortex-m4", "-mthumb"]
    includes = [f"-I{path}" for path in (tmp_path, firmware / "lib", firmware / "ports")]
    source = firmware / "ports" / "template" / "port.c"
    command = ["arm-none-eabi-gcc", *flags, *includes, "-c", str(source), "-o", str(tmp_path / "port.o")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    assert "FIXME" in source.read_text()
