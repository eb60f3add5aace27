"""A document as TOML text: the standard library reads TOML but does not write it."""

from __future__ import annotations

from typing import Any

from aurora.errors import InputError


def toml_text(document: dict[str, Any]) -> str:
    """``document`` (text, numbers, booleans, lists, tables, lists of tables) as TOML; None is left out.

    ``tomllib.loads`` gives an equal document back. Raises InputError on any other type.
    """
    return "\n".join(_lines("", document)) + "\n"


def _lines(prefix: str, table: dict[str, Any]) -> list[str]:
    plain = {key: value for key, value in table.items() if value is not None and not _is_tables(value)}
    lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            lines += ["", f"[{name}]", *_lines(f"{name}.", value)]
        elif _is_tables(value):
            for item in value:
                lines += ["", f"[[{name}]]", *_lines(f"{name}.", item)]
    return lines


def _is_tables(value: Any) -> bool:
    is_list = (
        isinstance(value, list | tuple) and len(value) > 0 and all(isinstance(item, dict) for item in value)
    )
    return isinstance(value, dict) or is_list


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    raise InputError(f"{value!r} has no place in a model.toml")
