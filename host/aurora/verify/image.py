"""A bare image of one program for a board: start-up, linker script and kernels are the firmware's own.

Objects of the kernels are kept below build/verify, named by the hash of everything that goes into them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import runpy
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aurora.build.board_header import board_header
from aurora.build.linker_script import linker_script
from aurora.build.map_file import LinkMap, parse_map
from aurora.build.toolchain import compiler, machine_flags
from aurora.compile import Program
from aurora.errors import BuildFailed, EmulatorMissing, ModelRefused
from aurora.spec.board import Board, Region
from aurora.spec.project import project_root

CODE_FLAGS = Path("firmware") / "platform" / "shared" / "code_flags.py"
COMPILE_SECONDS = 300
OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")
CONSTANTS = """\
    .section .rodata.bench_constants, "a"
    .balign {alignment}
    .global bench_constants
bench_constants:
    .incbin "constants.bin"
    .byte 0
"""


@dataclass(frozen=True)
class Image:
    """A linked image. ``sizes`` says what each part of it takes; ``trace`` that it writes its tensors."""

    board: Board
    program: Program
    folder: Path
    elf: Path
    sizes: LinkMap
    trace: bool


def flash_region(board: Board) -> Region:
    """``app`` with all regions that lie right behind it: what code and constants of one model may take."""
    app = board.regions["app"]
    end = app.end
    for region in sorted(board.regions.values(), key=lambda region: region.origin):
        if region.origin == end:
            end = region.end
    return Region("app", app.origin, end - app.origin, app.erase_bytes)


def build_image(program: Program, board: Board, folder: Path, *, trace: bool = False) -> Image:
    """Compile and link into ``folder``. Raises ModelRefused without operation and tensor where the program
    does not fit the board, EmulatorMissing where no emulator counts, ToolchainMissing or BuildFailed."""
    if board.is_native or "qemu" not in board.emulators:
        raise EmulatorMissing("its record names no QEMU machine", where=f"board {board.id}")
    refuse_too_big(program, board)
    wide = dataclasses.replace(board, regions={**board.regions, "app": flash_region(board)})
    texts = {"program.c": program.source, "program.h": program.header, "board.h": board_header(board),
             "firmware.ld": linker_script(wide),
             "constants.S": CONSTANTS.format(alignment=program.constants_alignment)}  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "constants.bin").write_bytes(program.constants)
    firmware = project_root() / "firmware"
    own = [folder / "program.c", folder / "constants.S", firmware / "bench" / "main.c",
           firmware / "ports" / "cortex_m" / "startup.c"]  # fmt: skip
    flags = [*_flags(board), f"-I{folder}", *(["-DNN_TRACE"] if trace else [])]
    objects = [folder / f"{source.stem}.o" for source in own]
    jobs = [[*flags, "-c", str(source), "-o", str(made)] for source, made in zip(own, objects, strict=True)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for future in [pool.submit(_compile, board, job, folder) for job in jobs]:
            future.result()
        kernels = list(
            pool.map(lambda source: _kernel_object(board, source), _kernel_sources(program.variant))
        )
    _link(board, [*objects, *kernels], folder)
    sizes = parse_map((folder / "image.map").read_text(encoding="utf-8", errors="replace"))
    return Image(board, program, folder, folder / "image.elf", sizes, trace)


def refuse_too_big(program: Program, board: Board) -> None:
    """Raise ModelRefused where constants or buffers alone exceed the board, before anything is compiled."""
    flash = flash_region(board).bytes
    if len(program.constants) > flash:
        raise _too_big(board, "flash", len(program.constants), flash, "constants")
    blocks = sum(port.bytes for port in (*program.inputs, *program.outputs))
    if program.arena_bytes + blocks + board.stack_bytes > board.ram.bytes:
        need = program.arena_bytes + blocks + board.stack_bytes
        raise _too_big(board, "RAM", need, board.ram.bytes, "arena, input, output and stack")


def _too_big(board: Board, what: str, need: int, have: int, of: str) -> ModelRefused:
    return ModelRefused(
        f"too big for {board.id}: {need:,} bytes of {what} needed ({of}), {have:,} there",
        hint="shrink the model or choose a larger board",
    )


@cache
def _shared_flags() -> tuple[str, ...]:
    flags = runpy.run_path(str(project_root() / CODE_FLAGS))
    return (*flags["CODE_FLAGS"], *flags["WARNINGS"])


def _flags(board: Board) -> list[str]:
    firmware = project_root() / "firmware"
    return [*machine_flags(board), *_shared_flags(), f"-I{firmware / 'lib'}", f"-I{firmware / 'ports'}"]


def _kernel_sources(variant: str) -> list[Path]:
    """The portable kernels and those of the core's variant, which lie in the folder of its name."""
    folder = project_root() / "firmware" / "lib" / "nn" / "kernels"
    return sorted([*folder.glob("*.c"), *(folder / variant).glob("*.c")])


def _headers_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted((project_root() / "firmware" / "lib" / "nn").rglob("*.h")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _kernel_object(board: Board, source: Path) -> Path:
    """The object of one kernel, compiled once for each content and set of flags."""
    flags = _flags(board)
    key = hashlib.sha256("\0".join([*flags, _headers_hash()]).encode() + source.read_bytes()).hexdigest()
    made = project_root() / "build" / "verify" / "objects" / f"{source.stem}-{key[:16]}.o"
    if not made.is_file():
        made.parent.mkdir(parents=True, exist_ok=True)
        temporary = made.with_name(f".{made.name}.{os.getpid()}")
        _compile(board, [*flags, "-c", str(source), "-o", str(temporary)], made.parent)
        temporary.replace(made)
    return made


def _compile(board: Board, arguments: Sequence[str], folder: Path) -> None:
    done = _run([compiler(board), *arguments], folder)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "error" in line.lower()] or ["gcc failed"]
        raise BuildFailed(errors[0][:300], where=f"board {board.id}")


def _link(board: Board, objects: Sequence[Path], folder: Path) -> None:
    command = [compiler(board), *machine_flags(board), "-O2", "--specs=nano.specs", "-nostartfiles",
               "-T", str(folder / "firmware.ld"), "-Wl,--gc-sections,--no-warn-rwx-segments,--build-id=none",
               f"-Wl,-Map,{folder / 'image.map'}", *map(str, objects), "-lm", "-o",
               str(folder / "image.elf")]  # fmt: skip
    done = _run(command, folder)
    if done.returncode == 0:
        return
    over = OVERFLOW.search(done.stderr)
    if over:
        what, have = ("RAM", board.ram.bytes) if over[1] == "RAM" else ("flash", flash_region(board).bytes)
        raise _too_big(board, what, have + int(over[2]), have, "with code")
    raise BuildFailed((done.stderr.splitlines() or ["ld failed"])[-1][:300], where=f"board {board.id}")


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BuildFailed(f"the compiler took longer than {COMPILE_SECONDS} s", where=folder) from error
