"""Preloaded windows: a descriptor with a good CRC may still lie; the board believes what its memory holds."""

import ctypes
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIRST, BYTES = 0x1000, 4096
N, AXES, COUNT, STRIDE = 100, 2, 3, 480  # 48 + 2 * 2 * 100 = 448, and a cell more
GOOD = {
    "magic": 0x4E495741, "version": 1, "axes": AXES, "n": N, "count": COUNT, "base": FIRST, "stride": STRIDE,
    "reserved": 0,
}  # fmt: skip


class Area(ctypes.Structure):
    _fields_ = (("memory", ctypes.c_void_p), ("first", ctypes.c_uint32), ("end", ctypes.c_uint32))


class Windows(ctypes.Structure):
    _fields_ = (("records", ctypes.c_void_p), *((name, ctypes.c_uint32) for name in "abcde"))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    out = tmp_path_factory.mktemp("preloaded") / "preloaded.so"
    lib = ROOT / "firmware" / "lib"
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC", f"-I{lib}"]
    sources = [str(lib / "port" / "preloaded.c"), str(lib / "core" / "crc32.c")]
    subprocess.run(["gcc", *flags, *sources, "-o", str(out)], check=True, timeout=60)
    return ctypes.CDLL(str(out))


def results(library: ctypes.CDLL, fields: dict[str, int], calls: int = COUNT + 1) -> list[int]:
    """What the first calls of preloaded_next() return for this descriptor and three good records."""
    memory = (ctypes.c_uint8 * BYTES)()
    for i in range(COUNT):
        samples = bytes([i + 1]) * (2 * N * AXES)
        head = struct.pack("<10f2I", 1000.0, 0.0, *[0.1] * 8, i, zlib.crc32(samples))
        ctypes.memmove(ctypes.addressof(memory) + i * STRIDE, head + samples, len(head + samples))
    raw = struct.pack("<IHHIIIII", *fields.values())
    descriptor = raw + struct.pack("<I", zlib.crc32(raw))
    windows = Windows()
    area = Area(ctypes.addressof(memory), FIRST, FIRST + BYTES)
    library.preloaded_open(ctypes.byref(windows), descriptor, ctypes.byref(area))
    window = (ctypes.c_uint8 * 256)()
    return [library.preloaded_next(ctypes.byref(windows), window) for _ in range(calls)]


def test_good_records_come_once_each(library: ctypes.CDLL) -> None:
    assert results(library, GOOD) == [1, 1, 1, 0]
    assert results(library, {**GOOD, "count": 0}) == [0] * 4
    assert results(library, {**GOOD, "base": FIRST + 2 * STRIDE, "count": 1})[:2] == [1, 0]


@pytest.mark.parametrize(
    "lie",
    [
        {"magic": 0x4E495742}, {"version": 2}, {"axes": 0}, {"axes": 9}, {"n": 0}, {"n": 4097},
        {"n": 0x80000001}, {"stride": 447}, {"stride": 416}, {"stride": 0}, {"stride": 0xFFFFFFE0},
        {"count": 9}, {"count": 0xFFFFFFFF}, {"base": FIRST - 32}, {"base": FIRST + 1},
        {"base": FIRST + BYTES}, {"base": FIRST + BYTES + 32}, {"base": 0}, {"base": 0xFFFFFFE0},
    ],
    ids=str,
)  # fmt: skip
def test_a_lying_descriptor_is_no_sensor(library: ctypes.CDLL, lie: dict[str, int]) -> None:
    assert results(library, {**GOOD, **lie}) == [-1] * 4
