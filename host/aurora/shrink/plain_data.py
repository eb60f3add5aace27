"""Frozen dataclasses to and from JSON's types: what a report's or a release's file holds is checked as read.

Types known: bool, int, float, str, such a dataclass, X | None, tuple[X, ...], and dict[str, X] or
dict[int, X] (JSON has text keys only). A missing key takes the field's default, an unknown one is refused.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any

from aurora.errors import InputError

MOST_ITEMS = 1_000_000
LARGEST = 1e300
_AGAIN = "make it again with `aurora shrink`"


def write_plain(value: Any) -> Any:
    """``value`` in JSON's own types; a dataclass becomes an object in the order of its fields."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: write_plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): write_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [write_plain(item) for item in value]
    return value


def read_plain(kind: Any, value: Any, where: str) -> Any:
    """The dataclass ``kind`` from what ``write_plain`` gave; InputError names the key that is wrong."""
    if not isinstance(value, dict):
        raise InputError(f"{where} is not an object", hint=_AGAIN)
    hints = typing.get_type_hints(kind)
    known = {item.name: item for item in dataclasses.fields(kind)}
    unknown = sorted(str(key) for key in value if key not in known)
    if unknown:
        raise InputError(f"{where} has an unknown key {unknown[0][:60]!r}", hint=_AGAIN)
    found = {name: _read(hints[name], value[name], f"{where}.{name}") for name in known if name in value}
    for name, item in known.items():
        if name not in found and item.default is item.default_factory is dataclasses.MISSING:
            raise InputError(f"{where}.{name} is missing", hint=_AGAIN)
    return kind(**found)


def _read(kind: Any, value: Any, where: str) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in inner:
            return None
        (only,) = (option for option in inner if option is not type(None))
        return _read(only, value, where)
    if dataclasses.is_dataclass(kind):
        return read_plain(kind, value, where)
    if origin is tuple and isinstance(value, list | tuple) and len(value) <= MOST_ITEMS:
        return tuple(_read(inner[0], item, f"{where}[{place}]") for place, item in enumerate(value))
    if origin is dict and isinstance(value, dict) and len(value) <= MOST_ITEMS:
        return {
            _key(inner[0], key, where): _read(inner[1], item, f"{where}.{str(key)[:60]}")
            for key, item in value.items()
        }
    if kind in (bool, str) and type(value) is kind:
        return value
    if kind is int and type(value) is int:
        return value
    if kind is float and type(value) in (int, float) and abs(value) <= LARGEST:  # nan is not
        return float(value)
    raise InputError(f"{where} is {str(value)[:60]!r}, expected {_name(kind)}", hint=_AGAIN)


def _key(kind: Any, key: Any, where: str) -> Any:
    if kind is str:
        return str(key)
    try:
        return int(key)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where} has a key that is no number: {str(key)[:60]!r}", hint=_AGAIN) from error


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)
