"""The tables of firmware/lib/link/SPEC.md, made from aurora.cddl and the .def files.

``python -m aurora.build.link_spec FILE`` writes them anew between their marks; a test fails when they differ.
"""

from __future__ import annotations

import sys
from pathlib import Path

from aurora.errors import InputError
from aurora.files import write_atomic
from aurora.spec.link import Field, MessageType, codes, link_schema

BEGIN, END = "<!-- tables: made from aurora.cddl and *.def -->", "<!-- end of tables -->"
CODE_FILES = {
    "errors": "error_code", "acks": "status", "states": "state", "flags": "flags (bits)", "sources": "source",
    "vectors": "vector_kind", "resets": "reset_cause",
}  # fmt: skip


def with_tables(text: str) -> str:
    """The same document with its tables up to date; raises InputError where the marks are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"no {BEGIN!r} ... {END!r}", where="SPEC.md")
    return f"{before}{BEGIN}\n\n{link_tables()}\n{END}{after}"


def link_tables() -> str:
    """Every message and every list of codes, as Markdown."""
    messages = link_schema().messages.values()
    parts = [_message(message) for message in messages]
    parts += [_codes(name, field) for name, field in CODE_FILES.items()]
    return "\n".join(parts)


def _message(message: MessageType) -> str:
    ends = "host to board" if message.to_board else "board to host"
    lines = [f"### {message.name} ({message.number}, {ends})", "", message.words, ""]
    lines += ["| key | field | type | meaning |", "|---|---|---|---|", f"| 0 | | {message.number} | |"]
    lines += [f"| {key} | {f.name} | {_type(f)} | {f.words} |" for key, f in message.fields.items()]
    return "\n".join([*lines, ""])


def _type(field: Field) -> str:
    if field.kind == "uint":
        return f"uint, {field.high.bit_length()} bits"
    if field.kind == "int":
        return f"int, {field.low} to {field.high}"
    if field.kind in ("bytes", "text"):
        length = f"{field.low}" if field.low == field.high else f"{field.low} to {field.high}"
        return f"{field.kind}, {length} B"
    return field.kind


def _codes(name: str, field: str) -> str:
    known = codes(f"link/{name}.def")
    lines = [f"### Codes of {field} ({name}.def)", "", "| code | name | meaning |", "|---|---|---|"]
    for number, code in known.items():
        detail = f"; `detail`: {code.detail}" if code.detail else ""
        lines.append(f"| {number} | {code.name} | {code.words}{detail} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    path = Path(sys.argv[1])
    write_atomic(path, with_tables(path.read_text(encoding="utf-8")))
