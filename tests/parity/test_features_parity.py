"""The features' bits do not depend on compiler, optimisation, instruction set or floating-point mode.

The reference is the installed extension (x86, -O2). Compared are other x86 builds and those of five Cortex-M
in QEMU, which run with flush-to-zero set where they have a float unit, on every kind of window.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cffi
import features_board
import numpy as np
import pytest
from aurora._device import ffi as installed_ffi
from aurora._device import lib as installed
from features_cases import Case, cases

BUILDS = {
    "O0": ["-O0"],
    "O3": ["-O3"],
    "Os": ["-Os"],
    "native": ["-O2", "-march=native"],
}
BOARDS = ("mps2_an386", "mps2_an385", "mps2_an500", "mps2_an505", "mps3_an547")  # M4F, M3, M7, M33, M55
# FTZ, DAZ and rounding towards zero: what a thread of another library may have left in MXCSR
HOSTILE_MXCSR = 0x1F80 | 1 << 15 | 1 << 6 | 3 << 13
SET_MXCSR = """
#include <xmmintrin.h>
void test_set_mxcsr(unsigned v) { _mm_setcsr(v); }
unsigned test_get_mxcsr(void) { return _mm_getcsr(); }
"""
x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="compares x86 builds")


def compute(library: Any, ffi: Any, case: Case) -> list[np.ndarray]:
    """Error codes, flags, features, calibrated and inputs of a case, as bits."""
    chain = ffi.from_buffer("uint8_t[]", case.chain)
    info = ffi.new("chain_info *")
    assert library.chain_check(chain, len(case.chain), info) == 0
    windows, count = len(case.samples), case.features
    work = np.zeros(info.workspace_bytes // 8 + 1)
    features, calibrated = np.zeros((windows, count), np.float32), np.zeros((windows, count), np.float32)
    errors, flags = np.zeros(windows, np.int32), np.zeros(windows, np.uint32)
    inputs = np.zeros((windows, count), np.int8)
    state = ffi.new("features_calibration *")
    library.features_calibration_init(state, info.calibration_windows)
    for w in range(windows):
        scale = np.ascontiguousarray(case.scale_g[w])
        window = ffi.new("features_window *", {
            "samples": ffi.from_buffer("int16_t[]", case.samples[w]),
            "scale_g": ffi.from_buffer("float[]", scale), "rate_hz": case.rate_hz[w], "rpm": case.rpm[w],
        })  # fmt: skip
        row = ffi.from_buffer("float[]", features[w])
        errors[w] = library.features_extract(
            chain, len(case.chain), window, row, ffi.from_buffer("uint32_t[]", flags[w : w + 1]),
            ffi.from_buffer("char[]", work), work.nbytes,
        )  # fmt: skip
        library.features_calibrate(state, row, count)
        library.features_normalise(
            chain, len(case.chain), row, state.mean, ffi.from_buffer("float[]", calibrated[w]),
            ffi.from_buffer("int8_t[]", inputs[w]),
        )  # fmt: skip
    return [errors, flags, features.view(np.uint32), calibrated.view(np.uint32), inputs]


def differing(a: list[np.ndarray], b: list[np.ndarray]) -> dict[str, int]:
    names = ("errors", "flags", "features", "calibrated", "inputs")
    return {name: int((x != y).sum()) for name, x, y in zip(names, a, b, strict=True) if (x != y).any()}


@pytest.fixture(scope="module")
def few() -> list[tuple[Case, list[np.ndarray]]]:
    """Cases with what the installed extension computes for them."""
    return [(case, compute(installed, installed_ffi, case)) for case in cases(windows=12)]


def built(folder: Path, name: str, flags: list[str]) -> tuple[Any, Any]:
    """The library as another shared object; its declarations come from the same headers."""
    from aurora_backend import MARKED

    headers = ("core/crc32.h", "core/sha256.h", "core/fmath.h", "features/features.h")
    root = features_board.ROOT / "firmware" / "lib"
    ffi = cffi.FFI()
    ffi.cdef("\n".join(text for header in headers for text in MARKED.findall((root / header).read_text())))
    ffi.cdef("void test_set_mxcsr(unsigned v); unsigned test_get_mxcsr(void);")
    (folder / "mxcsr.c").write_text(SET_MXCSR)
    out = folder / f"{name}.so"
    command = ["gcc", "-std=c11", "-ffp-contract=off", *flags, f"-I{root}", "-shared", "-fPIC",
               *map(str, features_board.LIBRARY), str(folder / "mxcsr.c"), "-o", str(out), "-lm"]  # fmt: skip
    subprocess.run(command, check=True, timeout=120)
    return ffi.dlopen(str(out)), ffi


@pytest.fixture(scope="module")
def backend_path() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(features_board.ROOT / "host" / "build_backend")
        yield


@x86
@pytest.mark.parametrize("name", BUILDS)
def test_x86_builds_agree(name: str, few: Any, tmp_path: Path, backend_path: None) -> None:
    library, ffi = built(tmp_path, name, BUILDS[name])
    for case, expected in few:
        assert not differing(compute(library, ffi, case), expected), case.name


@x86
def test_the_callers_floating_point_mode_changes_nothing_and_is_given_back(
    few: Any, tmp_path: Path, backend_path: None
) -> None:
    library, ffi = built(tmp_path, "mode", ["-O2"])
    kept = library.test_get_mxcsr()
    for case, expected in few:
        library.test_set_mxcsr(HOSTILE_MXCSR)
        got = compute(library, ffi, case)
        mode = library.test_get_mxcsr()
        library.test_set_mxcsr(kept)
        assert mode & ~0x3F == HOSTILE_MXCSR
        assert not differing(got, expected), case.name


def test_every_value_is_finite_and_no_denormal(few: Any) -> None:
    for case, (_, _, features, calibrated, _) in few:
        for bits in (features, calibrated):
            exponent = bits >> 23 & 0xFF
            assert (exponent != 0xFF).all(), case.name
            assert ((exponent != 0) | (bits & 0x7FFFFFFF == 0)).all(), case.name


@pytest.mark.emulated
@pytest.mark.skipif(not shutil.which("qemu-system-arm"), reason="qemu-system-arm is not installed")
@pytest.mark.parametrize("name", BOARDS)
def test_every_core_agrees(name: str, few: Any, tmp_path: Path) -> None:
    board(tmp_path, few, name)


@pytest.mark.soak
@pytest.mark.emulated
@pytest.mark.parametrize("seed", range(100, 110))
def test_cortex_m4f_agrees_on_many_windows(seed: int, tmp_path: Path) -> None:
    board(tmp_path, [(case, compute(installed, installed_ffi, case)) for case in cases(90, seed)])


def board(folder: Path, pairs: list[tuple[Case, list[np.ndarray]]], name: str = BOARDS[0]) -> None:
    jobs = [features_board.Job(c.chain, c.samples, c.scale_g, c.rate_hz, c.rpm) for c, _ in pairs]
    results = features_board.run(folder, jobs, [case.features for case, _ in pairs], board_id=name)
    for (case, expected), r in zip(pairs, results, strict=True):
        got = [r.errors, r.flags, r.features, r.calibrated, r.inputs]
        assert not differing(got, expected), case.name
