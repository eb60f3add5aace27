"""Checks of a board record: a record is input like any other, and a wrong one would flash over something."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from aurora.errors import InputError
from aurora.files import is_plain_name
from aurora.spec.board_types import Board, Emulator, Region, Uart, WindowsMemory

RECORD_VERSION = 1
REGION_NAMES = ("boot", "store", "app", "slot_a", "slot_b")
SLOT_ALIGNMENT = 32  # the flash cell of design.md section 6
MAX_ERASE_UNITS = 65536
DESCRIPTOR_BYTES = 32
EMULATOR_KINDS = ("qemu", "native")
CPU = re.compile(r"(cortex-m(0|0plus|3|4|7|33|55)|host)")


class _Reader:
    """A JSON object with the path to it, so that each complaint names file and key."""

    def __init__(self, value: Any, path: Path, key: str) -> None:
        self.path, self.key = path, key
        if not isinstance(value, dict):
            raise self.wrong("must be an object")
        self.value: dict[str, Any] = value

    def wrong(self, what: str, name: str = "") -> InputError:
        where = ".".join(part for part in (self.key, name) if part)
        return InputError(f"board record, {where or 'top level'}: {what}", where=self.path)

    def object(self, name: str) -> _Reader:
        return _Reader(self.value.get(name), self.path, ".".join(part for part in (self.key, name) if part))

    def text(self, name: str, default: str | None = None) -> str:
        value = self.value.get(name, default)
        if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
            raise self.wrong("must be a printable string of 1 to 200 characters", name)
        return value

    def word(self, name: str) -> str:
        value = self.text(name)
        if not is_plain_name(value):
            raise self.wrong("may hold only letters, digits, '.', '_' and '-'", name)
        return value

    def number(self, name: str, low: int, high: int) -> int:
        value = self.value.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(f"must be a whole number from {low} to {high}", name)
        return value

    def address(self, name: str) -> int:
        value = self.value.get(name)
        if not isinstance(value, str) or not re.fullmatch(r"0x[0-9A-Fa-f]{1,8}", value):
            raise self.wrong('must be an address like "0x08010000"', name)
        return int(value, 16)


def parse_record(record: Any, path: Path) -> Board:
    """Turn a decoded record into a Board; raises InputError naming file and key."""
    top = _Reader(record, path, "")
    build, aurora = top.object("build"), top.object("aurora")
    if aurora.value.get("record") != RECORD_VERSION:
        raise aurora.wrong(f"must be {RECORD_VERSION}, the version that this Aurora reads", "record")
    cpu = build.text("cpu")
    if not CPU.fullmatch(cpu):
        raise build.wrong("is no processor this build knows", "cpu")
    family, native = aurora.word("family"), cpu == "host"
    if native != (family == "native"):
        raise aurora.wrong("the family native and build.cpu host belong together", "family")
    regions = _regions(aurora.object("regions"))
    memory = aurora.object("ram")
    ram = Region("ram", memory.address("origin"), memory.number("bytes", 4096, 1 << 30))
    stack_bytes = memory.number("stack_bytes", 1024, ram.bytes // 2)
    if ram.origin % 8 or stack_bytes % 8:
        raise memory.wrong("origin and stack_bytes must be multiples of 8")
    _refuse_overlaps(aurora, [*regions.values(), ram])
    budget, board_class = aurora.object("budget"), aurora.object("class")
    return Board(
        id=path.stem,
        name=top.text("name"),
        family=family,
        core=cpu + ("f" if build.value.get("fpu") else ""),
        class_name=board_class.word("name"),
        class_id=board_class.number("id", 1, 0xFFFFFFFF),
        clock_hz=_clock(build),
        ram=ram,
        stack_bytes=stack_bytes,
        regions=regions,
        uart=None if native else _uart(aurora.object("uart")),
        emulators=_emulators(aurora.object("emulators")),
        budget_flash_bytes=budget.number("flash_bytes", 1024, regions["boot"].bytes + regions["app"].bytes),
        budget_ram_bytes=budget.number("ram_bytes", 1024, ram.bytes),
        build={name: build.text(name) for name in ("cpu", "fpu", "float_abi", "mcu") if name in build.value},
        path=path,
    )


def _clock(build: _Reader) -> int:
    match = re.fullmatch(r"([1-9][0-9]{4,9})L", build.text("f_cpu"))
    if not match:
        raise build.wrong('must be the clock in Hz with an L, like "25000000L"', "f_cpu")
    return int(match[1])


def _regions(regions: _Reader) -> dict[str, Region]:
    if set(regions.value) != set(REGION_NAMES):
        raise regions.wrong(f"must be exactly {', '.join(REGION_NAMES)}")
    return {name: _region(regions.object(name), name) for name in REGION_NAMES}


def _region(reader: _Reader, name: str) -> Region:
    origin, runs = reader.address("origin"), reader.value.get("erase")
    units: list[int] = []
    if not isinstance(runs, list) or not runs:
        raise reader.wrong("must list [bytes of an erase unit, how many]", "erase")
    for run in runs:
        if not _is_erase_run(run) or len(units) + run[1] > MAX_ERASE_UNITS:
            raise reader.wrong(f"{run!r} is no pair [bytes, count], bytes a multiple of 32", "erase")
        units += [run[0]] * run[1]
    address = origin
    for unit in units:  # an erase unit of a power of two starts at a multiple of its size on every part
        if address % (unit & -unit):
            raise reader.wrong(f"the erase unit of {unit} bytes at 0x{address:08X} is not aligned", "erase")
        address += unit
    if address > 1 << 32:
        raise reader.wrong("reaches beyond the 32-bit address space")
    return Region(name, origin, sum(units), tuple(units))


def _is_erase_run(run: Any) -> bool:
    if not isinstance(run, list) or len(run) != 2 or not all(type(part) is int and part > 0 for part in run):
        return False
    return bool(run[0] % SLOT_ALIGNMENT == 0 and run[0] <= 1 << 28)


def _refuse_overlaps(aurora: _Reader, regions: list[Region]) -> None:
    ordered = sorted(regions, key=lambda region: region.origin)
    for lower, upper in itertools.pairwise(ordered):
        if lower.end > upper.origin:
            raise aurora.wrong(f"{lower.name} and {upper.name} overlap at 0x{upper.origin:08X}", "regions")


def _uart(reader: _Reader) -> Uart:
    return Uart(
        type=reader.word("type"),
        base=reader.address("base"),
        irq=reader.number("irq", 0, 239),
        baud=reader.number("baud", 300, 10_000_000),
    )


def _emulators(emulators: _Reader) -> dict[str, Emulator]:
    unknown = set(emulators.value) - set(EMULATOR_KINDS)
    if unknown:
        raise emulators.wrong(f"knows only {', '.join(EMULATOR_KINDS)}, not {sorted(unknown)[0]!r}")
    return {kind: _emulator(emulators.object(kind), kind) for kind in sorted(emulators.value)}


def _emulator(reader: _Reader, kind: str) -> Emulator:
    windows = _windows(reader.object("windows")) if "windows" in reader.value else None
    if kind == "native":
        return Emulator(kind, "", 0, (), windows)
    arguments = reader.value.get("arguments", [])
    if not isinstance(arguments, list) or not all(isinstance(a, str) and a.isprintable() for a in arguments):
        raise reader.wrong("must be a list of strings", "arguments")
    return Emulator(
        kind, reader.word("machine"), reader.number("serial_index", 0, 7), tuple(arguments), windows
    )


def _windows(reader: _Reader) -> WindowsMemory:
    descriptor, end = reader.address("descriptor"), reader.address("end")
    first = None if reader.value.get("first") == "image_end" else reader.address("first")
    for name, value in (("descriptor", descriptor), ("first", first or 0), ("end", end)):
        if value % SLOT_ALIGNMENT:
            raise reader.wrong("must be a multiple of 32", name)
    if first is not None and (first >= end or (first < descriptor + DESCRIPTOR_BYTES and descriptor < end)):
        raise reader.wrong("the windows must end behind their first byte and leave the descriptor alone")
    return WindowsMemory(descriptor, first, end)
