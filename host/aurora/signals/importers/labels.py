"""Labels as text or numbers, as sources write them, to the columns of a data set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.files import is_plain_name

UNLABELLED = ("", "nan", "none", "unknown")


def fault_names(found: Iterable[str], declared: tuple[str, ...] | None, where: object) -> tuple[str, ...]:
    """The data set's fault types: those declared, or all that were found, sorted. InputError for others."""
    names = sorted({name for name in found if name.lower() not in UNLABELLED})
    if declared is None:
        for name in names:
            if not is_plain_name(name):
                raise InputError(
                    f"fault {name[:60]!r} is not a plain name", where=where, hint="rename the label"
                )
        return tuple(names)
    for name in names:
        if name not in declared:
            raise InputError(
                f"fault {name[:60]!r} is not among fault_types",
                where=where,
                hint="add it to the mapping file",
            )
    return declared


def fault_index(labels: Sequence[str], names: tuple[str, ...]) -> NDArray[np.int16]:
    """[w] index into ``names``; -1 for an empty or unknown label."""
    index = {name: i for i, name in enumerate(names)}
    return np.array([index.get(label, -1) for label in labels], np.int16)


def unit_name(text: str, where: object) -> str:
    """A unit's id from a cell: blanks and '@' become '-'. InputError when it is no plain name even so."""
    name = text.strip().replace(" ", "-").replace("@", "-").replace("/", "-")
    if not is_plain_name(name):
        raise InputError(f"unit {text[:60]!r} is not a plain name", where=where, hint="rename the unit")
    return name
