"""Which importer reads a file, and the import itself: source file in, data set folder out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from aurora.errors import InputError
from aurora.files import sha256_hex
from aurora.signals.dataset import DataSet, Unit, write_dataset
from aurora.signals.importers import csv_table, cwru, femto, npz_table
from aurora.signals.importers.mapping import load_map
from aurora.signals.importers.recording import Recording
from aurora.signals.storage import NpzReader

KNOWN_NPZ: tuple[tuple[Callable[[NpzReader], bool], Callable[[NpzReader], Recording]], ...] = (
    (femto.recognises, femto.read),
    (cwru.recognises, cwru.read),
)


def open_recording(
    source: Path, map_path: Path | None, progress: Callable[[int, int], None] | None = None
) -> Recording:
    """Read ``source`` by its own format, or by the mapping file; InputError says what is missing."""
    if not source.is_file():
        what = "is a folder, not a recording" if source.is_dir() else "no such file"
        raise InputError(what, where=source, hint="give one CSV or NPZ file")
    if source.stat().st_size == 0:
        raise InputError("is empty", where=source, hint="export the recording again")
    with source.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    if not is_zip and source.suffix.lower() == ".npz":
        raise InputError(
            "is not an NPZ file or is truncated", where=source, hint="export the recording again"
        )
    if not is_zip:
        if map_path is None:
            raise InputError("a CSV needs a mapping file", where=source, hint="give --map FILE; see --help")
        return csv_table.read(source, load_map(map_path, "columns"), progress)
    archive = NpzReader(source)
    if map_path is not None:
        return npz_table.read(archive, load_map(map_path, "keys"))
    for recognises, read in KNOWN_NPZ:
        if recognises(archive):
            return read(archive)
    raise InputError(
        f"is an NPZ of no known layout (keys {', '.join(archive.names[:6])}, ...)",
        where=source,
        hint="give --map FILE; see --help",
    )


def import_recording(
    source: Path | str,
    folder: Path | str,
    *,
    map_path: Path | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> DataSet:
    """Import ``source`` into the data set ``folder``; ``progress`` gets (done, of how many).

    Raises InputError or NotFiniteError naming the place; nothing of the folder stays on any error.
    """
    source = Path(source)
    recording = open_recording(source, map_path, progress)
    origin = {"source": source.name, "sha256": sha256_hex(source), **recording.provenance}
    if map_path is not None:
        origin["map_sha256"] = sha256_hex(map_path)
    return write_dataset(
        folder,
        _reporting(recording, None if recording.read_before else progress),
        name=recording.name,
        rate_hz=recording.rate_hz,
        n=recording.n,
        axes=recording.axes,
        horizon_s=recording.horizon_s,
        fault_types=recording.fault_types,
        nominal_rpm=recording.nominal_rpm,
        provenance=origin,
        overwrite=overwrite,
    )


def _reporting(recording: Recording, progress: Callable[[int, int], None] | None) -> Iterator[Unit]:
    for done, unit in enumerate(recording.units, 1):
        yield unit
        if progress:
            progress(done, recording.unit_count)
