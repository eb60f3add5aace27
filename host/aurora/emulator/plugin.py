"""QEMU plugins of simulator/qemu, compiled where they are needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from aurora.errors import BuildFailed, ToolchainMissing
from aurora.spec.project import project_root

SOURCES = Path("simulator") / "qemu"
COMPILE_SECONDS = 60


def compile_plugin(name: str, folder: Path) -> Path:
    """The shared library of ``name``.c in ``folder``, made there once.

    Raises ToolchainMissing without gcc, BuildFailed where it fails.
    """
    library = folder / f"{name}.so"
    if library.exists():
        return library
    compiler = shutil.which("gcc")
    if compiler is None:
        raise ToolchainMissing(
            "gcc is not on the PATH", where="instruction counter", hint="apt-get install gcc"
        )
    source = project_root() / SOURCES / f"{name}.c"
    command = [compiler, "-std=c11", "-O2", "-shared", "-fPIC", str(source), "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False)
    if done.returncode != 0:
        raise BuildFailed((done.stderr.splitlines() or ["gcc failed"])[0], where=source)
    return library
