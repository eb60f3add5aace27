"""NumPy files as hostile input, and written so that a full disk is an OSError with its reason.

numpy.load believes a header's shape and a zip entry's size; here both are compared with the bytes that
are there before anything is allocated, and nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from aurora.errors import InputError

MAX_ARRAY_BYTES = 8 << 30
MAX_ENTRIES = 200_000
# Deflate reaches 1032:1. Constant columns legitimately come near it, so the ratio counts for large ones only.
SUSPICIOUS_RATIO, SUSPICIOUS_BYTES = 200, 256 << 20
MAX_HEADER_BYTES = 1 << 16
HEADER = re.compile(
    r"\{'descr': '(?P<dtype>[<>|=][a-zA-Z]\d{0,9})', 'fortran_order': (?P<fortran>True|False), "
    r"'shape': \((?P<shape>(?:\d{1,15}(?:, ?)?){0,8})\),? ?\}\s*"
)
DAMAGED = (ValueError, OSError, EOFError, KeyError, TypeError, OverflowError, MemoryError, zlib.error)
DAMAGED_ZIP = (*DAMAGED, zipfile.BadZipFile, NotImplementedError, RuntimeError)


def write_npy(path: Path, array: NDArray[Any]) -> str:
    """Write ``array`` as a .npy file; returns its SHA-256. OSError when the disk is full.

    Not numpy.save: on a full disk that reports counts of items in place of the system's reason.
    """
    header = io.BytesIO()
    array = np.ascontiguousarray(array)
    npy_format.write_array_header_1_0(header, npy_format.header_data_from_array_1_0(array))
    digest = hashlib.sha256(header.getvalue())
    with path.open("wb") as file:
        file.write(header.getvalue())
        payload = array.reshape(-1).view(np.uint8).data
        digest.update(payload)
        file.write(payload)
    return digest.hexdigest()


def npz_bytes(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Small arrays as a compressed .npz with fixed time stamps (equal arrays, equal bytes)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = io.BytesIO()
            npy_format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), entry.getvalue(), zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


def map_npy(path: Path, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Memory-map a .npy file that has exactly this type and shape; InputError otherwise."""
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for its writer
            raise ValueError("not a regular file")
        with path.open("rb") as file:
            found_shape, found_dtype, fortran = _read_header(file)
            offset = file.tell()
            size = path.stat().st_size - offset
    except FileNotFoundError as error:
        raise InputError("is missing", where=path, hint="import the data again") from error
    except DAMAGED as error:
        raise InputError("is not a NumPy array file", where=path, hint="import the data again") from error
    if found_dtype != np.dtype(dtype) or found_shape != shape or fortran:
        raise InputError(
            f"holds {found_dtype} {found_shape}, the manifest says {np.dtype(dtype)} {shape}", where=path
        )
    if size != math.prod(shape) * np.dtype(dtype).itemsize:
        raise InputError("is truncated or has bytes too many", where=path, hint="import the data again")
    return np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape)


def read_npz_columns(path: Path, expected: dict[str, tuple[str, tuple[int, ...]]]) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz that has exactly these names, types and shapes; InputError naming the key."""
    archive = NpzReader(path)
    if set(archive.names) != set(expected):
        missing = sorted(set(expected) - set(archive.names))
        extra = sorted(set(archive.names) - set(expected))
        detail = f"key {missing[0]!r} is missing" if missing else f"unknown key {extra[0]!r}"
        raise InputError(detail, where=path, hint="import the data again")
    columns = {}
    for name, (dtype, shape) in expected.items():
        found_dtype, found_shape = archive.describe(name)
        if found_dtype != np.dtype(dtype) or found_shape != shape:
            raise InputError(
                f"key {name!r} holds {found_dtype} {found_shape}, not {np.dtype(dtype)} {shape}", where=path
            )
        columns[name] = archive.read(name)
    return columns


class NpzReader:
    """Bounded, pickle-free reading of one .npz; every failure is an InputError naming file and key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise InputError("no such file", where=path)
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
        except DAMAGED_ZIP as error:
            raise InputError("is not an NPZ file or is truncated", where=path) from error
        if not entries or len(entries) > MAX_ENTRIES:
            raise InputError(f"holds {len(entries)} arrays", where=path)
        self._entries = {entry.filename.removesuffix(".npy"): entry for entry in entries}
        if len(self._entries) != len(entries):
            raise InputError("holds two arrays of one name", where=path)
        for name, entry in self._entries.items():
            ratio = entry.file_size / max(entry.compress_size, 1)
            bomb = entry.file_size > SUSPICIOUS_BYTES and ratio > SUSPICIOUS_RATIO
            if bomb or entry.file_size > MAX_ARRAY_BYTES:
                raise InputError(
                    f"key {name[:60]!r} would unpack {entry.compress_size:,} bytes to {entry.file_size:,}",
                    where=path,
                    hint="this looks like a zip bomb; split the recording if it is real",
                )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def describe(self, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
        """Type and shape of one array, read from its header only."""
        array_or_header = self._open(name, header_only=True)
        assert isinstance(array_or_header, tuple)
        return array_or_header

    def read(self, name: str) -> NDArray[Any]:
        """One array; its header must agree with the entry's size before memory is taken."""
        array = self._open(name, header_only=False)
        assert isinstance(array, np.ndarray)
        return array

    def scalar(self, name: str) -> float:
        """The one number stored under ``name``; InputError if it is anything else."""
        value = self.read(name)
        if value.size != 1 or value.dtype.kind not in "iuf" or not math.isfinite(float(value.reshape(()))):
            raise InputError(f"key {name[:60]!r} is not one finite number", where=self.path)
        return float(value.reshape(()))

    def _open(self, name: str, *, header_only: bool) -> NDArray[Any] | tuple[np.dtype[Any], tuple[int, ...]]:
        if name not in self._entries:
            known = ", ".join(list(self._entries)[:12])
            raise InputError(f"has no key {name[:60]!r}", where=self.path, hint=f"it holds: {known[:200]}")
        entry = self._entries[name]
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(entry) as file:
                shape, dtype, fortran = _read_header(file)
                if dtype.hasobject:
                    what = f"key {name[:60]!r} holds Python objects"
                    raise InputError(what, where=self.path, hint="save plain number arrays")
                if header_only:
                    return dtype, shape
                size = math.prod(shape) * dtype.itemsize
                if size > entry.file_size:
                    raise ValueError("header claims more than there is")
                payload = file.read(size)
        except DAMAGED_ZIP as error:
            raise InputError(f"key {name[:60]!r} is damaged or no array", where=self.path) from error
        if len(payload) != size:
            raise InputError(f"key {name[:60]!r} is truncated", where=self.path)
        array = np.frombuffer(payload, dtype=dtype)
        return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    """(shape, dtype, fortran order) of the .npy stream; ValueError when it is none.

    Not numpy's own reader: that evaluates the header as Python and raises what a tokenizer raises.
    """
    preamble = file.read(8)
    if preamble[:6] != b"\x93NUMPY" or preamble[6:8] not in (b"\x01\x00", b"\x02\x00"):
        raise ValueError("no .npy stream of version 1 or 2")
    length = int.from_bytes(file.read(2 if preamble[6] == 1 else 4), "little")
    if length > MAX_HEADER_BYTES:
        raise ValueError("header too long")
    match = HEADER.fullmatch(file.read(length).decode("latin-1"))
    if match is None:
        raise ValueError("header is not that of a plain array")
    shape = tuple(int(size) for size in re.findall(r"\d+", match["shape"]))
    return shape, np.dtype(match["dtype"]), match["fortran"] == "True"
