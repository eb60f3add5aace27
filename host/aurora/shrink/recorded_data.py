"""The data set that a release was made from: given, where it lay, or synthesised again; its hash decides."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aurora.compress.release import RELEASE_FILE, Release
from aurora.errors import InputError
from aurora.files import sha256_hex
from aurora.shrink.plain_data import read_plain
from aurora.shrink.ship import SHRINK_KEY
from aurora.signals.dataset import DataSet, load_dataset
from aurora.signals.manifest import MANIFEST_FILE
from aurora.signals.synth.fleet import Fleet, synthesise

#: a release file decides the size of its fleet: more than any of ours is not made unasked
MOST_SYNTHETIC_BYTES = 8 << 30


def data_of(release: Release, given: Path | None, folder: Path) -> DataSet:
    """``given``, else the folder that a shrink recorded, else the synthetic fleet, made again in ``folder``.

    Raises InputError where it is not the data set that ``release`` was made from, or there is none.
    """
    dataset = load_dataset(given) if given is not None else _found(release, folder)
    refuse_other_data(release, dataset)
    return dataset


def _found(release: Release, folder: Path) -> DataSet:
    document = release.document
    facts, told = document.get(SHRINK_KEY), document.get("data")
    place = facts.get("data") if isinstance(facts, dict) else None
    if isinstance(place, str) and place and Path(place).is_dir():
        return load_dataset(Path(place))
    provenance = told.get("provenance") if isinstance(told, dict) else None
    fleet = provenance.get("fleet") if isinstance(provenance, dict) else None
    if fleet is None:
        raise InputError(
            "was made from recordings that are not here", where=release.path,
            hint="aurora shrink DATA --reproduce RELEASE",
        )  # fmt: skip
    return synthesise(folder / "data", _fleet(release, fleet))


def _fleet(release: Release, values: Any) -> Fleet:
    fleet = read_plain(Fleet, values, f"{release.path / RELEASE_FILE}: data.provenance.fleet")
    assert isinstance(fleet, Fleet)
    fleet.check()
    windows = max(fleet.windows, fleet.healthy_windows)
    if 2 * fleet.units * windows * fleet.n * fleet.axes > MOST_SYNTHETIC_BYTES:
        raise InputError(
            "was made from a fleet too large to make again unasked", where=release.path,
            hint="make it with `aurora data synth`, then aurora shrink DATA --reproduce RELEASE",
        )  # fmt: skip
    return fleet


def refuse_other_data(release: Release, dataset: DataSet) -> None:
    """InputError unless ``release`` was made from ``dataset`` alone: the hash of its manifest, which holds
    those of all recordings, has to be the one recorded."""
    data, here = release.document.get("data"), sha256_hex(dataset.path / MANIFEST_FILE)
    told: Mapping[str, Any] = data if isinstance(data, dict) else {}
    if told.get("manifest_sha256") != here:
        was = f"{str(told.get('name'))[:60]}, manifest {str(told.get('manifest_sha256'))[:12]}"
        raise InputError(
            f"is not the data set of {release.path}: that was {was}, this one has {here[:12]}",
            where=dataset.path, hint="give the data set that the release was made from",
        )  # fmt: skip
    if "test_data" in release.document:
        raise InputError(
            "was judged on a second data set: its figures are not made from one", where=release.path,
            hint="train again with `aurora train DATA --test OTHER` and compare the hashes in release.json",
        )  # fmt: skip
