"""Files that are either whole or absent: atomic writes, hashes, and names that stay inside their folder."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aurora.errors import InputError, WriteFailed

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


def sha256_hex(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write ``path`` whole or leave what was there; raises WriteFailed."""
    payload = data.encode() if isinstance(data, str) else data
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise write_failed(path, error) from error


def check_writable(folder: Path) -> None:
    """Make ``folder`` and try to write into it, before the work whose result shall go there; WriteFailed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
    except OSError as error:
        raise write_failed(folder, error) from error


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A folder below TMPDIR that goes at the end; no room there is WriteFailed rather than an OSError."""
    hint = "free space there, or set TMPDIR"
    try:
        with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
            yield Path(name)
    except OSError as error:
        where = tempfile.tempdir  # None where there is none to write to
        if error.errno not in NO_ROOM and where is not None:
            raise
        raise WriteFailed(error.strerror or str(error), where=where or "TMPDIR", hint=hint) from error


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """A folder beside ``target`` for what becomes it; gone at the end of the block. Raises WriteFailed."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise write_failed(target, error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(made: Path, target: Path) -> None:
    """``made`` becomes ``target``, whole; what stood there goes. Raises WriteFailed."""
    old = target.with_name(f".{target.name}.old")
    try:
        made.chmod(0o755)
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        made.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise write_failed(target, error) from error


@contextmanager
def folder_atomic(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; it becomes ``path`` only if the block ends well.

    An existing ``path`` is refused (FileExistsError) unless ``replace``. Raises WriteFailed on OSError,
    a full disk included; nothing half-written stays either way.
    """
    if path.exists() and not replace:
        raise FileExistsError(path)
    with staging(path) as temporary:
        try:
            yield temporary
        except OSError as error:
            raise write_failed(path, error) from error
        publish(temporary, path)


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Make ``folder`` and keep a second process out of it for the length of the block, with InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("w")
    except OSError as error:
        raise write_failed(folder, error) from error
    with file:  # the lock goes with the process, whatever ends it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "wait for its end, or choose another folder"
            raise InputError("another process works in this folder", where=folder, hint=hint) from None
        yield


def write_failed(path: Path, error: OSError) -> WriteFailed:
    """The one line for an OSError met while writing ``path``."""
    return WriteFailed(error.strerror or str(error), where=path, hint="free space or choose another folder")


def is_plain_name(name: str) -> bool:
    """True for a name usable as one path component everywhere: letters, digits, '.', '_' and '-'."""
    return re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", name) is not None
