"""All C and linker input that a firmware build generates, for one board and one release.

``python -m aurora.build.generate --board B --release R --app DIR --out DIR`` is what our PlatformIO
platform runs before it compiles. The folder then holds program.c/h (the model's code), link_codec.c and
link_messages.h, board.h, firmware.ld (not for native), build_id.h, and generated.json with what later stages
ask for. Files are rewritten only when they change, and the model is compiled again only when one of its
inputs did.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from aurora.build.board_header import board_header
from aurora.build.build_id import SUMMARY, build_id, build_id_header
from aurora.build.linker_script import linker_script
from aurora.build.release_choice import choose_release
from aurora.build.toolchain import compiler_version
from aurora.errors import AuroraError, InputError
from aurora.files import write_atomic
from aurora.spec.board import Board, load_board
from aurora.spec.project import project_root

DIRECT, TFLM = "direct", "tflm"  # engines
GENERATORS = ("build", "compile", "compress", "spec")  # parts of this package that decide what is generated


def generate(
    board_id: str,
    release: str | Path | None,
    out_dir: Path,
    app: Path | None = None,
    engine: str = DIRECT,
) -> str:
    """Write everything into ``out_dir`` and return the build id (16 hexadecimal digits).

    ``engine`` is "direct", or "tflm" for a program that runs the flatbuffer by TFLite Micro.

    Raises UnknownBoard, InputError, ModelRefused, ToolchainMissing, BuildFailed or WriteFailed.
    """
    root, board = project_root(), load_board(board_id)
    folder = choose_release(root, release)
    key = _inputs_key(root, board, folder, engine)
    files = _unchanged(out_dir, key)
    if files is None:
        files = _model_files(board, folder, engine) | _link_files()
    files["board.h"] = board_header(board).encode()
    if not board.is_native:
        files["firmware.ld"] = linker_script(board).encode()
    identity = build_id(
        root, board, app or root / "firmware" / "app", _sources_only(files), compiler_version(board)
    )
    files["build_id.h"] = build_id_header(identity).encode()
    summary = json.loads(files["layout.json"]) | {
        "build_id": identity.hex(),
        "key": key,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }
    for name, data in files.items():
        _write_if_changed(out_dir / name, data)
    _write_if_changed(out_dir / SUMMARY, json.dumps(summary, indent=1, sort_keys=True).encode() + b"\n")
    return identity.hex()


def _model_files(board: Board, release: Path, engine: str) -> dict[str, bytes]:
    from aurora.compile import compile_model
    from aurora.compile.tflm_lane import compile_tflm
    from aurora.compress.release import load_release

    tflite = load_release(release).tflite
    more = {}
    if engine == TFLM:
        program, resolver = compile_tflm(tflite, board.core)
        more["tflm_resolver.h"] = resolver.encode()
    else:
        program = compile_model(tflite, board.core)
    layout = {"layout_id": program.layout_id.hex(), "arena_bytes": program.arena_bytes}
    return {
        "program.c": program.source.encode(),
        "program.h": program.header.encode(),
        "layout.json": json.dumps(layout, sort_keys=True).encode() + b"\n",
        **more,
    }


def _link_files() -> dict[str, bytes]:
    from aurora.build.link_codec import generate_link_codec

    with tempfile.TemporaryDirectory(prefix="aurora-link-") as name:
        generate_link_codec(Path(name))
        paths = sorted(path for path in Path(name).rglob("*") if path.is_file())
        return {path.relative_to(name).as_posix(): path.read_bytes() for path in paths}


def _sources_only(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if not name.endswith(".json")}


def _inputs_key(root: Path, board: Board, release: Path, engine: str) -> str:
    """A hash of all that decides the slow parts: the generators, the board, the model, the messages."""
    package = Path(__file__).resolve().parents[1]
    paths = [path for name in GENERATORS for path in sorted((package / name).rglob("*.py"))]
    paths += sorted((root / "firmware" / "lib").rglob("*.cddl")) + sorted(
        (root / "firmware" / "lib").rglob("*.def")
    )
    digest = hashlib.sha256(f"{sys.version} zcbor {version('zcbor')} {engine}".encode())
    for path in (*paths, board.path, release / "model.tflite", release / "release.json"):
        try:
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        except OSError as error:
            raise InputError(error.strerror or "cannot be read", where=path) from error
    return digest.hexdigest()


def _unchanged(out_dir: Path, key: str) -> dict[str, bytes] | None:
    """The slow files of the last run, if the same inputs made them and nobody touched them since."""
    try:
        summary = json.loads((out_dir / SUMMARY).read_bytes())
        if summary["key"] != key:
            return None
        files = {name: (out_dir / name).read_bytes() for name in summary["files"]}
        good = all(hashlib.sha256(data).hexdigest() == summary["files"][name] for name, data in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    files.pop("build_id.h", None)
    return files if good else None


def _write_if_changed(path: Path, data: bytes) -> None:
    if not path.is_file() or path.read_bytes() != data:
        write_atomic(path, data)


def main() -> int:
    """Command line of the PlatformIO builder: prints one line on failure and returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", required=True)
    parser.add_argument("--release")
    parser.add_argument("--app", type=Path)
    parser.add_argument("--engine", choices=(DIRECT, TFLM), default=DIRECT)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    try:
        identity = generate(options.board, options.release or None, options.out, options.app, options.engine)
    except (AuroraError, subprocess.SubprocessError) as error:
        print(f"aurora: {error} [{type(error).__name__}]", file=sys.stderr, flush=True)
        return getattr(error, "exit_code", 1)
    print(f"Firmware {identity} for {options.board}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
