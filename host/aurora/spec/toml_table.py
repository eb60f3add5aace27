"""A TOML table as a frozen dataclass: every key known, every value of its field's type, or one clear line."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from aurora.errors import InputError

FLOAT32_MAX = 3.4e38  # what the board can hold; a whole number of 400 digits is no float at all


def from_table(kind: type[Any], where: str, table: Any) -> Any:
    """A ``kind`` with the values of ``table``; InputError names an unknown, missing or ill-typed key.

    Fields are bool, int, float, str (or None as default) and tuples of them; TOML's integers serve as
    floats, its lists as tuples. A value that is a dataclass already stays what it is.
    """
    if not isinstance(table, Mapping):
        raise InputError(f"{where} is not a table")
    fields = {item.name: item for item in dataclasses.fields(kind)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in fields:
            raise InputError(f"{where} has an unknown key {key!r}", hint=f"known: {', '.join(fields)}")
        known = dataclasses.is_dataclass(value)
        values[key] = value if known else typed(f"{where}.{key}", str(fields[key].type), value)
    for name, item in fields.items():
        required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise InputError(f"{where}.{name} is missing")
    return kind(**values)


def typed(where: str, annotation: str, value: Any) -> Any:
    """``value`` as what ``annotation`` (the text of a field's type) says, or InputError."""
    if annotation.startswith("tuple[") and isinstance(value, list | tuple):
        item = annotation.removeprefix("tuple[").split(",")[0]
        return tuple(typed(where, item, part) for part in value)
    if annotation == "bool" and isinstance(value, bool):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if annotation == "int" and number and isinstance(value, int):
        return value
    if annotation.startswith("float") and number and abs(value) <= FLOAT32_MAX:
        return float(value)
    if annotation == "str" and isinstance(value, str):
        return value
    raise InputError(f"{where} is {value!r}, expected {annotation}")
