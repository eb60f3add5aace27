"""PEP 517 backend: setuptools, plus the compiled extension ``aurora._device``.

The extension's declarations are taken from the firmware's public headers, between the marks
``/* aurora:cdef */`` and ``/* aurora:end */``: host and board cannot disagree about a struct. A wheel also
carries the firmware's message definitions and code lists, which the host reads at run time.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import setuptools
from setuptools import Extension, build_meta

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "firmware" / "lib"
HEADERS = (
    "core/crc32.h", "core/sha256.h", "core/fmath.h", "features/features.h", "drift/drift.h",
    "nn/decision.h", "pack/pack.h", "link/frame.h", "link/guard.h",
)  # fmt: skip
SOURCES = (
    "core/*.c", "features/*.c", "drift/*.c", "nn/decision.c", "pack/*.c", "link/frame.c", "link/guard.c",
)  # fmt: skip
# -ffp-contract=off and no vectoriser: the same roundings, in the same order, as the Cortex-M build
FLAGS = ["-std=c11", "-O2", "-ffp-contract=off", "-fno-tree-vectorize", "-Wall", "-Wextra"]
TEXTS = ("link/*.cddl", "link/*.def", "pack/errors.def")  # what aurora.spec.firmware_files looks for
TEXTS_COPY = ROOT / "host" / "aurora" / "_firmware"
MARKED = re.compile(r"/\* aurora:cdef \*/(.*?)/\* aurora:end \*/", re.DOTALL)


def _declarations(headers: list[str]) -> str:
    texts = [text for name in headers for text in MARKED.findall((LIB / name).read_text(encoding="utf-8"))]
    return "\n".join(texts)


def _sources_text() -> str:
    """A C string literal: what the extension was made from, {path: SHA-256} as JSON."""
    files = sorted({*LIB.rglob("*.[ch]"), *LIB.rglob("*.def")})
    hashes = {str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return json.dumps(json.dumps(hashes))


def _extension() -> Extension:
    import cffi

    headers = [name for name in HEADERS if (LIB / name).exists()]
    ffi = cffi.FFI()
    ffi.cdef(_declarations(headers) + "\nconst char *device_sources(void);")
    includes = "\n".join(f'#include "{name}"' for name in headers)
    told = f"static const char *device_sources(void)\n{{\n    return {_sources_text()};\n}}"
    ffi.set_source("aurora._device", f"{includes}\n{told}")
    generated = ROOT / "build" / "extension" / "_device.c"
    generated.parent.mkdir(parents=True, exist_ok=True)
    ffi.emit_c_code(str(generated))
    sources = sorted(path for pattern in SOURCES for path in LIB.glob(pattern))
    return Extension(
        "aurora._device",
        sources=[str(path.relative_to(ROOT)) for path in (generated, *sources)],
        include_dirs=[str(LIB.relative_to(ROOT))],
        extra_compile_args=FLAGS,
        depends=[str(path) for path in LIB.rglob("*.h")],
    )


class _Backend(build_meta._BuildMetaBackend):
    """setuptools' backend, with the one extension that pyproject.toml cannot describe."""

    def run_setup(self, setup_script: str = "") -> None:
        setuptools.setup(ext_modules=[_extension()])


def build_wheel(*args: object, **kwargs: object) -> str:
    """PEP 517's hook, with TEXTS copied into the package for its duration."""
    try:
        for path in (path for pattern in TEXTS for path in LIB.glob(pattern)):
            copy = TEXTS_COPY / path.relative_to(LIB)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        return _backend.build_wheel(*args, **kwargs)
    finally:
        shutil.rmtree(TEXTS_COPY, ignore_errors=True)


_backend = _Backend()
get_requires_for_build_sdist = _backend.get_requires_for_build_sdist
get_requires_for_build_wheel = build_meta.get_requires_for_build_wheel
get_requires_for_build_editable = build_meta.get_requires_for_build_editable
build_sdist = _backend.build_sdist
build_editable = _backend.build_editable
