"""Board records: what the shipped ones say, and that a wrong one is refused by file and key."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aurora.build.board_header import board_header
from aurora.build.linker_script import linker_script
from aurora.errors import InputError, NotACheckout, UnknownBoard
from aurora.spec.board import list_boards, load_board, read_board
from aurora.spec.project import project_root

RECORDS = Path(__file__).resolve().parents[2] / "firmware" / "boards"
SHIPPED = (
    "disco_f407vg", "mps2_an385", "mps2_an386", "mps2_an500", "mps2_an505", "mps3_an547", "native",
)  # fmt: skip


@pytest.mark.parametrize("board_id", SHIPPED)
def test_shipped_records_are_good(board_id: str) -> None:
    board = load_board(board_id)
    assert board.id == board_id and board_id in list_boards()
    assert {"boot", "app", "slot_a", "slot_b", "store"} == set(board.regions)
    for region in board.regions.values():
        assert sum(region.erase_bytes) == region.bytes
    assert board.regions["slot_a"].bytes == board.regions["slot_b"].bytes
    ids = {load_board(name).class_id for name in SHIPPED}
    assert len(ids) == len(SHIPPED), "a pack for one class does not run on another"


def test_the_f407_uses_the_sectors_of_its_reference_manual() -> None:
    """RM0090 table 5: 4 sectors of 16 kB, one of 64 kB, seven of 128 kB, from 0x08000000."""
    sectors, address = {}, 0x08000000
    for number, size in enumerate([16384] * 4 + [65536] + [131072] * 7):
        sectors[number] = (address, size)
        address += size
    wanted = {"boot": [0], "store": [2, 3], "app": [4, 5, 6, 7, 8, 9], "slot_a": [10], "slot_b": [11]}
    board = load_board("disco_f407vg")
    for name, numbers in wanted.items():
        region = board.regions[name]
        assert region.origin == sectors[numbers[0]][0]
        assert list(region.erase_bytes) == [sectors[number][1] for number in numbers]
    assert (board.ram.origin, board.ram.bytes) == (0x20000000, 128 * 1024)
    assert board.uart is not None and (board.uart.base, board.uart.irq) == (0x40004400, 38)


def test_an_unknown_board_gets_the_nearest_names() -> None:
    with pytest.raises(UnknownBoard, match="did you mean disco_f407vg"):
        load_board("disco_f407")
    with pytest.raises(UnknownBoard, match=r"known boards: disco_f407vg, mps2_an.*native"):
        load_board("zzz")
    for hostile in ("../boards/native", "", "a/b", "native.json", "\0"):
        with pytest.raises(UnknownBoard):
            load_board(hostile)


def test_a_folder_of_ones_own_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = json.loads((RECORDS / "mps2_an386.json").read_text())
    record["name"] = "mine"
    (tmp_path / "my_board.json").write_text(json.dumps(record))
    (tmp_path / "native.json").write_text(json.dumps(record))
    monkeypatch.setenv("AURORA_BOARDS_DIR", str(tmp_path))
    assert load_board("my_board").name == load_board("native").name == "mine"
    assert set(list_boards()) == {*SHIPPED, "my_board"}
    monkeypatch.setenv("AURORA_BOARDS_DIR", str(tmp_path / "missing"))
    with pytest.raises(InputError, match="AURORA_BOARDS_DIR is not a folder"):
        load_board("native")


def test_outside_a_checkout_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURORA_ROOT", str(tmp_path))
    with pytest.raises(NotACheckout, match="AURORA_ROOT is no checkout"):
        project_root()
    monkeypatch.delenv("AURORA_ROOT")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("aurora.spec.project.__file__", str(tmp_path / "a" / "b" / "c" / "d.py"))
    with pytest.raises(NotACheckout, match="needs a checkout"):
        project_root()


def region(record: dict[str, Any], name: str) -> Any:
    return record["aurora"]["regions"][name]


HOSTILE: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no aurora key": (lambda r: r.pop("aurora"), "aurora: must be an object"),
    "another version": (lambda r: r["aurora"].update(record=2), "aurora.record"),
    "unknown core": (lambda r: r["build"].update(cpu="z80"), "build.cpu"),
    "clock without L": (lambda r: r["build"].update(f_cpu="25000000"), "build.f_cpu"),
    "family with a path": (lambda r: r["aurora"].update(family="../x"), "aurora.family"),
    "native family, other cpu": (lambda r: r["aurora"].update(family="native"), "belong together"),
    "missing slot": (lambda r: r["aurora"]["regions"].pop("slot_b"), "regions: must be exactly"),
    "further region": (lambda r: r["aurora"]["regions"].update(x={}), "regions: must be exactly"),
    "address as number": (lambda r: region(r, "app").update(origin=65536), "app.origin"),
    "address of 33 bits": (lambda r: region(r, "app").update(origin="0x100000000"), "app.origin"),
    "overlap": (lambda r: region(r, "app").update(origin="0x0000F000"), "store and app overlap"),
    "overlap with RAM": (lambda r: r["aurora"]["ram"].update(origin="0x00000000"), "overlap"),
    "unaligned erase unit": (lambda r: region(r, "slot_a").update(origin="0x000C0800"), "not aligned"),
    "erase unit of 24 bytes": (lambda r: region(r, "slot_a").update(erase=[[24, 4]]), "slot_a.erase"),
    "no erase units": (lambda r: region(r, "slot_a").update(erase=[]), "slot_a.erase"),
    "erase runs to nowhere": (lambda r: region(r, "slot_a").update(erase=[[4096, 10**9]]), "slot_a.erase"),
    "beyond 32 bits": (
        lambda r: region(r, "slot_b").update(origin="0xFFFFF000", erase=[[4096, 2]]), "beyond the 32-bit"
    ),
    "stack larger than RAM": (lambda r: r["aurora"]["ram"].update(stack_bytes=10**6), "ram.stack_bytes"),
    "budget larger than flash": (lambda r: r["aurora"]["budget"].update(flash_bytes=10**9), "flash_bytes"),
    "budget larger than RAM": (lambda r: r["aurora"]["budget"].update(ram_bytes=10**9), "ram_bytes"),
    "budget true": (lambda r: r["aurora"]["budget"].update(ram_bytes=True), "ram_bytes"),
    "class 0": (lambda r: r["aurora"]["class"].update(id=0), "class.id"),
    "IRQ 1000": (lambda r: r["aurora"]["uart"].update(irq=1000), "uart.irq"),
    "unknown emulator": (lambda r: r["aurora"]["emulators"].update(bochs={}), "bochs"),
    "machine with options": (
        lambda r: r["aurora"]["emulators"]["qemu"].update(machine="x,y=z"), "qemu.machine"
    ),
    "windows end before first": (
        lambda r: r["aurora"]["emulators"]["qemu"]["windows"].update(end="0x21000000"), "windows"
    ),
    "windows not aligned": (
        lambda r: r["aurora"]["emulators"]["qemu"]["windows"].update(first="0x21000021"), "windows.first"
    ),
    "name with a newline": (lambda r: r.update(name="a\nb"), "name"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE, ids=str)
def test_a_wrong_record_is_refused_by_file_and_key(case: str, tmp_path: Path) -> None:
    change, complaint = HOSTILE[case]
    record = json.loads((RECORDS / "mps2_an386.json").read_text())
    change(record)
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(record))
    with pytest.raises(InputError) as caught:
        read_board(path)
    assert complaint in str(caught.value) and str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"a":' + b" " * 70_000 + b"1}", b"null"],
    ids=["empty", "cut", "a list", "not UTF-8", "deeply nested", "too long", "null"],
)  # fmt: skip
def test_a_file_that_is_no_record_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"wrong\.json"):
        read_board(path)


def test_generated_files_hold_the_records_facts() -> None:
    board = load_board("disco_f407vg")
    header, script = board_header(board), linker_script(board)
    for line in (
        '#define BOARD_ID "disco_f407vg"', "#define BOARD_CLOCK_HZ 168000000u",
        "#define BOARD_SLOT_A_ORIGIN 0x080C0000u", "#define BOARD_SLOT_A_BYTES 131072u",
        "#define BOARD_UART_IRQ 38u", "#define BOARD_WINDOWS_FIRST linker_image_end",
        "#define BOARD_WINDOWS_END 0x080BFFE0u",
    ):  # fmt: skip
        assert line + "\n" in header
    assert "BOOT (rx) : ORIGIN = 0x08000000, LENGTH = 16384" in script
    assert "APP (rx) : ORIGIN = 0x08010000, LENGTH = 720896" in script
    assert "RAM (rw) : ORIGIN = 0x20000000, LENGTH = 131072" in script
    assert "BOARD_UART" not in board_header(load_board("native"))
