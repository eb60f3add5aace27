"""What a release says of its own making, checked: data set, versions, split, seed, and a shrink's recipe."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any

from aurora import __version__
from aurora.compress.release import RELEASE_FILE, Release
from aurora.errors import InputError
from aurora.shrink.arms import SHIPPED
from aurora.shrink.recipe import Recipe
from aurora.shrink.ship import SHRINK_KEY
from aurora.spec.model import ModelSpec, load_model_toml
from aurora.train.split import Split

MOST_SEEDS, LARGEST_SEED = 100, 1 << 32  # each is a training; the generators take no more


@dataclass(frozen=True)
class Recorded:
    """``arm`` and what follows are of a shrink; None and empty for a release of `aurora train`. ``facts`` is
    the whole entry "shrink" of release.json."""

    spec: ModelSpec
    split: Split
    seed: int
    arm: str | None = None
    recipe: Recipe | None = None
    seeds: tuple[int, ...] = ()
    board: str = ""
    facts: Mapping[str, Any] | None = None


def recorded(release: Release) -> Recorded:
    """Raises InputError where ``release`` does not record how it was made."""
    document = release.document
    try:
        split = Split(**{side: _texts(document["split"][side]) for side in ("train", "validation", "test")})
        seed = _whole(document["seed"])
        if SHRINK_KEY not in document:
            return Recorded(asked_spec(release), split, seed)
        facts = document[SHRINK_KEY]
        scores = {str(arm): float(score) for arm, score in facts["validation_scores"].items()}
        return Recorded(
            spec=release.spec,
            split=split,
            seed=seed,
            arm=_arm(facts["arm"]),
            recipe=Recipe.from_dict(facts["recipe"]),
            seeds=_seeds(facts["seeds"]),
            board=str(facts["board"]),
            facts={**facts, "validation_scores": scores},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"does not record how it was made: {error}", where=release.path / RELEASE_FILE,
            hint="only what `aurora train` and `aurora shrink` wrote can be made again",
        ) from error  # fmt: skip


def asked_spec(release: Release) -> ModelSpec:
    """What `aurora train` was asked for: OUT/NAME/model.toml above OUT/NAME/releases/VERSION, if it is there.

    The release's own model.toml names the form that was chosen; where several were compared, asking for the
    chosen one alone would leave the comparison out of release.json.
    """
    above = release.path.resolve().parent.parent / "model.toml"
    if not above.is_file():
        return release.spec
    asked = replace(load_model_toml(above), version=release.version)
    return asked if asked.name == release.name else release.spec


def refuse_other_versions(release: Release) -> None:
    """InputError naming every version that is not the one that the release was made with."""
    versions = release.document.get("versions")
    if not isinstance(versions, Mapping):
        raise InputError("records no versions", where=release.path / RELEASE_FILE, hint="train again")
    here = {name: _version_here(str(name)) for name in versions}
    wrong = [f"{str(name)[:40]} {str(versions[name])[:40]} (here {here[name] or 'none'})"
             for name in versions if versions[name] != here[name]]  # fmt: skip
    if wrong:
        raise InputError(
            f"was made with {', '.join(wrong)}: other versions give other bytes", where=release.path,
            hint="install those versions",
        )  # fmt: skip


def _version_here(name: str) -> str | None:
    known = {"aurora": __version__, "python": platform.python_version()}
    try:
        return known.get(name) or metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        return None


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("a side of the split is no list of units")
    return tuple(values)


def _arm(name: Any) -> str:
    if name not in SHIPPED:
        raise ValueError(f"{name!r} is no arm that ships")
    return str(name)


def _seeds(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_SEEDS:
        raise ValueError(f"seeds is no list of 1 to {MOST_SEEDS}")
    return tuple(map(_whole, values))


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < LARGEST_SEED:
        raise ValueError("a seed is no whole number from 0 to 2^32")
    return value
