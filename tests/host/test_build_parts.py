"""The parts of a firmware build that need no compiler: build id, map, sizes, ELF, choice of the release."""

import random
import shutil
from pathlib import Path

import pytest
from aurora.build.build_id import build_id, build_id_header
from aurora.build.elf import read_elf
from aurora.build.firmware import failure
from aurora.build.link_step import check_sizes, size_table
from aurora.build.map_file import LinkMap, parse_map
from aurora.build.release_choice import choose_release
from aurora.errors import BuildFailed, InputError, ModelRefused, OverBudget
from aurora.spec.board import load_board

ROOT = Path(__file__).resolve().parents[2]
MAP = """\
Discarded input sections
 .text.unused   0x00000000       0x40 /tmp/a.o

Linker script and memory map

LOAD .pio/build/x/src/main.o

.vectors        0x00000000       0x44
 .vectors       0x00000000       0x44 /b/startup.o

.text           0x00010000      0x320
 *(.text .text.*)
 .text.main     0x00010000      0x100 /b/main.o
                0x00010000                main
 .text.a_name_that_is_long
                0x00010100      0x200 /b/kernels.o
                0x00010100                a_name_that_is_long
 *fill*         0x00010300       0x10
 .text          0x00010310       0x10 /usr/lib/libc_nano.a(libc_a-memcpy.o)

.stack          0x20000000     0x2000
                0x20000000                        linker_stack_bottom = .

.data           0x20002000        0x8 load address 0x00010320
 .data.table    0x20002000        0x8 /b/main.o

.bss            0x20002008     0x1000 load address 0x00010328
 .bss.device    0x20002008      0xf00 /b/main.o
 COMMON         0x20002f08      0x100 /b/other.o
"""


def test_the_map_gives_sizes_by_section_symbol_and_object() -> None:
    usage = parse_map(MAP)
    assert usage.flash_bytes == 0x44 + 0x320 + 8
    assert usage.ram_bytes == 0x2000 + 8 + 0x1000
    flash = usage.biggest((".text", ".data"), 3)
    assert [(piece.symbol, piece.object, piece.bytes) for piece in flash] == [
        ("a_name_that_is_long", "kernels.o", 0x200),
        ("main", "main.o", 0x100),
        ("(libc_nano.a(libc_a-memcpy.o))", "libc_nano.a(libc_a-memcpy.o)", 0x10),
    ]
    assert "unused" not in size_table(usage)
    assert "3,840  device  (main.o, .bss)" in size_table(usage)


@pytest.mark.parametrize(
    ("sections", "complaint"),
    [
        ({".vectors": 40_000}, "over the region boot of 32,768"),
        ({".text": 730_000}, "over the region app of 720,896"),
        ({".text": 262_145}, "1 bytes over the flash budget of 262,144"),
        ({".bss": 262_145}, "1 bytes over the RAM of 262,144"),
        ({".bss": 190_000, ".stack": 8192}, "over the RAM budget of 196,608"),
    ],
)
def test_each_limit_of_the_record_is_held(sections: dict[str, int], complaint: str) -> None:
    board = load_board("mps2_an386")
    check_sizes(board, LinkMap({".text": 262_144, ".bss": 190_000}, ()))
    with pytest.raises(OverBudget, match=complaint):
        check_sizes(board, LinkMap(sections, ()))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources that a build id covers, elsewhere."""
    for name in ("lib", "app", "ports", "platform"):
        shutil.copytree(ROOT / "firmware" / name, tmp_path / "firmware" / name)
    return tmp_path


def identity(root: Path, compiler: str = "gcc 12", text: bytes = b"int x;") -> str:
    board = load_board("mps2_an386")
    return build_id(root, board, root / "firmware" / "app", {"program.c": text}, compiler).hex()


def test_the_build_id_depends_on_content_not_on_the_place(copy: Path) -> None:
    before = identity(copy)
    assert before == identity(ROOT)
    (copy / "firmware" / "lib" / "core" / "notes.txt").write_text("not a source")
    cache = copy / "firmware" / "platform" / "shared" / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "x.py").write_text("not a source either")
    assert identity(copy) == before
    assert identity(copy, compiler="gcc 13") != before
    assert identity(copy, text=b"int y;") != before


@pytest.mark.parametrize(
    "name", ["lib/core/crc32.c", "app/main.c", "ports/cortex_m/startup.c", "ports/mps2/mps2.c",
             "lib/link/aurora.cddl", "platform/shared/firmware_build.py"],
)  # fmt: skip
def test_every_source_changes_the_build_id(name: str, copy: Path) -> None:
    before = identity(copy)
    path = copy / "firmware" / name
    path.write_bytes(path.read_bytes() + b"\n")
    assert identity(copy) != before


def test_another_boards_port_does_not_change_the_build_id(copy: Path) -> None:
    before = identity(copy)
    (copy / "firmware" / "ports" / "stm32f4" / "stm32f4.c").write_text("")
    assert identity(copy) == before


def test_the_build_id_header_is_plain_c() -> None:
    text = build_id_header(bytes(range(8)))
    assert '#define BUILD_ID "0001020304050607"' in text
    assert "#define BUILD_ID_BYTES {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07}" in text


def test_a_damaged_elf_file_is_refused(tmp_path: Path) -> None:
    """Any bytes with the right start: an answer or InputError, nothing else."""
    rng = random.Random(1)
    path = tmp_path / "damaged.elf"
    header = bytearray(52)
    header[:7] = b"\x7fELF\x01\x01\x01"
    header[18] = 40
    for _ in range(300):
        data = bytes(header) + rng.randbytes(400)
        changed = bytearray(data)
        for _ in range(rng.randrange(12)):
            changed[rng.randrange(24, 60)] = rng.choice((0, 1, 40, 52, 255))
        path.write_bytes(bytes(changed[: rng.randrange(8, len(changed))]))
        try:
            read_elf(path)
        except InputError as error:
            assert "damaged.elf" in str(error)
    for content in (b"", b"MZ", b"\x7fELF\x02\x01\x01" + bytes(60)):
        path.write_bytes(content)
        with pytest.raises(InputError, match="not a 32-bit"):
            read_elf(path)
    with pytest.raises(InputError, match="No such file"):
        read_elf(tmp_path / "none")


def test_the_release_is_the_named_one_or_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AURORA_RELEASE", raising=False)
    one, two = (tmp_path / "models" / "turbine" / "releases" / version for version in ("1.0.0", "1.1.0"))
    for folder in (one, two):
        folder.mkdir(parents=True)
        (folder / "model.tflite").touch()
    with pytest.raises(InputError, match="does not name the reference release"):
        choose_release(tmp_path, None)
    (tmp_path / "models" / "reference").write_text("turbine/1.0.0\n")
    assert choose_release(tmp_path, None) == one
    monkeypatch.setenv("AURORA_RELEASE", "turbine/1.1.0")
    assert choose_release(tmp_path, None) == two
    assert choose_release(tmp_path, "turbine/1.0.0") == choose_release(tmp_path, one) == one
    for wrong in ("turbine/9.9.9", "../turbine/1.0.0", "turbine", "", tmp_path):
        with pytest.raises(InputError, match=r"model\.tflite is missing"):
            choose_release(tmp_path, wrong)


def test_a_failed_build_is_told_by_the_line_that_matters() -> None:
    board = load_board("mps2_an386")
    refused = failure(
        board, "Processing\naurora: m.tflite: float weights (use int8) [ModelRefused]\n*** [x] Error 20\n"
    )
    assert isinstance(refused, ModelRefused) and str(refused) == "m.tflite: float weights (use int8)"
    over = failure(
        board, "flash: 9 bytes\n          9  main  (main.o, .text)\naurora: it is over [OverBudget]\n"
    )
    assert isinstance(over, OverBudget) and "main.o" in str(over) and str(over).startswith("it is over")
    compiler = failure(board, "Compiling x\nfirmware/app/main.c:3:1: error: no such thing\nfailed\n")
    assert isinstance(compiler, BuildFailed) and "main.c:3:1: error: no such thing" in str(compiler)
    assert "no output" in str(failure(board, ""))
