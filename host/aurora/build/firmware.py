"""Building a board's firmware for a release, by PlatformIO's one generic environment."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.build.build_id import SUMMARY
from aurora.build.guarded import run_guarded
from aurora.build.map_file import parse_map
from aurora.build.release_choice import choose_release
from aurora.build.toolchain import compiler
from aurora.errors import (
    AuroraError,
    BuildFailed,
    InputError,
    ModelRefused,
    OverBudget,
    ToolchainMissing,
    WriteFailed,
)
from aurora.files import folder_atomic, write_failed
from aurora.spec.board import Board, load_board
from aurora.spec.project import project_root

BUILD_SECONDS = 600
LOCK_SECONDS = 900
KEPT_BUILDS = 16  # of one board; older ones go
KINDS = (ToolchainMissing, InputError, ModelRefused, OverBudget, BuildFailed, WriteFailed)


@dataclass(frozen=True)
class BuildResult:
    """A built firmware. The files stay as they are: another build of the board writes elsewhere.

    ``bin`` is None for native. ``flash_bytes`` and ``ram_bytes`` (with the stack's reserve) are 0 for native.
    """

    board: Board
    release: Path
    elf: Path
    map: Path
    bin: Path | None
    build_id: str
    layout_id: bytes
    flash_bytes: int
    ram_bytes: int
    seconds: float


def build_firmware(
    board_id: str, release: str | Path | None = None, *, project: Path | None = None, app: Path | None = None
) -> BuildResult:
    """Build ``board_id`` for a release (None: the reference release); the result stays below build/firmware.

    ``project`` is the checkout (default: this one), ``app`` a folder to build instead of firmware/app. Raises
    UnknownBoard, InputError, ToolchainMissing, ModelRefused, OverBudget, BuildFailed or WriteFailed.
    """
    root = (project or project_root()).resolve()
    board = load_board(board_id)
    folder = choose_release(root, release)
    compiler(board)
    work = root / "build" / "firmware" / board.id
    start = time.monotonic()
    with _lock(work / ".lock"):
        made = _run_platformio(root, board, folder, work / _objects_folder(app), app)
        return _keep(board, folder, work, made, start)


def _objects_folder(app: Path | None) -> str:
    """PlatformIO empties a build folder whose sources lie elsewhere than last time: one for each app."""
    if app is None:
        return "pio"
    return f"pio-{hashlib.sha256(str(app.resolve()).encode()).hexdigest()[:8]}"


def _environment(root: Path, board: Board, release: Path, work: Path, app: Path | None) -> dict[str, str]:
    """Everything that PlatformIO writes stays in the checkout; it asks nobody and calls nowhere."""
    settings = {
        "AURORA_BOARD": board.id,
        "AURORA_RELEASE": str(release),
        "AURORA_ROOT": str(root),
        "PLATFORMIO_BOARDS_DIR": str(board.path.parent),
        "PLATFORMIO_BUILD_DIR": str(work),
        "PLATFORMIO_CORE_DIR": str(root / ".pio" / "core"),
        "PLATFORMIO_NO_ANSI": "1",
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "No",
        "PLATFORMIO_SETTING_CHECK_PLATFORMIO_INTERVAL": "36500",
    }
    if app is not None:
        settings["PLATFORMIO_SRC_DIR"] = str(app.resolve())
    if board.path.parent != root / "firmware" / "boards":
        settings["AURORA_BOARDS_DIR"] = str(board.path.parent)
    return {**os.environ, **settings}


def _run_platformio(root: Path, board: Board, release: Path, work: Path, app: Path | None) -> Path:
    """Build, and return the folder that holds the result."""
    environment = "generic_native" if board.is_native else "generic"
    jobs = str(os.cpu_count() or 1)
    command = [sys.executable, "-m", "platformio", "run", "-d", str(root), "-e", environment, "-j", jobs]
    try:
        done = run_guarded(
            command, env=_environment(root, board, release, work, app), timeout_s=BUILD_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise BuildFailed(
            f"PlatformIO took longer than {BUILD_SECONDS} s", where=f"board {board.id}"
        ) from error
    if done.returncode != 0:
        raise failure(board, done.stdout + done.stderr)
    return work / environment


def failure(board: Board, output: str) -> AuroraError:
    """The error behind a failed run: our own steps say theirs after "aurora: ", compilers after "error:"."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    ours = [line.split("aurora: ", 1)[1] for line in lines if "aurora: " in line]
    if ours:
        kind = next((kind for kind in KINDS if f"[{kind.__name__}]" in ours[0]), BuildFailed)
        table = [line for line in output.splitlines() if line.startswith(("flash: ", "RAM: ", "   "))]
        text = ours[0].replace(f" [{kind.__name__}]", "")
        return kind("\n".join([text, *table]) if kind is OverBudget else text)
    errors = [line for line in lines if "error:" in line.lower()] or lines[-1:] or ["no output"]
    return BuildFailed(
        errors[0][:300], where=f"board {board.id}", hint=f"pio run -v -e {board.id} shows all of it"
    )


def _keep(board: Board, release: Path, work: Path, made: Path, start: float) -> BuildResult:
    summary: dict[str, Any] = json.loads((made / "gen" / SUMMARY).read_bytes())
    kept = work / summary["build_id"]
    names = ["firmware.elf", "firmware.map"] + ([] if board.is_native else ["firmware.bin", "firmware.hex"])
    if not all((kept / name).is_file() for name in names):
        with folder_atomic(kept, replace=True) as folder:
            for name in names:
                shutil.copy2(made / name, folder / name)
    os.utime(kept)
    _forget_old_builds(work)
    usage = parse_map((kept / "firmware.map").read_text(encoding="utf-8", errors="replace"))
    return BuildResult(
        board=board,
        release=release,
        elf=kept / "firmware.elf",
        map=kept / "firmware.map",
        bin=None if board.is_native else kept / "firmware.bin",
        build_id=summary["build_id"],
        layout_id=bytes.fromhex(summary["layout_id"]),
        flash_bytes=0 if board.is_native else usage.flash_bytes,
        ram_bytes=0 if board.is_native else usage.ram_bytes,
        seconds=time.monotonic() - start,
    )


def _forget_old_builds(work: Path) -> None:
    builds = [path for path in work.iterdir() if path.is_dir() and not path.name.startswith(("pio", "."))]
    for path in sorted(builds, key=lambda path: path.stat().st_mtime)[:-KEPT_BUILDS]:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One build of a board at a time; others wait, at most LOCK_SECONDS."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise write_failed(path, error) from error
    with file:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise BuildFailed("another build of this board does not end", where=path) from None
                time.sleep(0.1)
        yield
