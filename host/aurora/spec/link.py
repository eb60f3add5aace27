"""The link's messages and codes, read from firmware/lib/link: aurora.cddl and the .def files beside it.

Only the subset that the top of aurora.cddl promises is understood; anything else is refused with its line,
so that the file can never mean one thing to zcbor and another to the host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from aurora.errors import InputError
from aurora.spec.firmware_files import firmware_text

CDDL = "link/aurora.cddl"
LINK_MAJOR, LINK_MINOR = 1, 0  # the version that this host speaks; a test compares them with link.h

_RULE = re.compile(r"([a-z][a-z0-9_]*) = (?:\{([^{}]*)\}|([^{}=]+?))\s*(?=\n[a-z][a-z0-9_]* =|\Z)")
_ENTRY = re.compile(r"(\d+) => ([a-z0-9_]+)")
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")
_STRING = re.compile(r"(bstr|tstr) \.size (?:(\d+)|\((\d+)\.\.(\d+)\))")
_CODE = re.compile(r'^[A-Z]+_[A-Z]+\((\w+), (-?\d+), "([^"]*)"(?:, "([^"]*)")?\)$', re.MULTILINE)
_UINT = re.compile(r"uint \.size ([1248])")


@dataclass(frozen=True)
class Field:
    """One named value. ``kind``: uint, int, bool, float32, float64, bytes or text.

    ``low`` and ``high`` bound the value of uint and int, the length in bytes of bytes and text.
    """

    name: str
    kind: str
    low: int
    high: int
    words: str


@dataclass(frozen=True)
class MessageType:
    """One message: its number (key 0), and its fields by key."""

    name: str
    number: int
    fields: dict[int, Field]
    words: str
    to_board: bool

    @property
    def last_key(self) -> int:
        """The highest key this version knows; higher ones belong to later versions."""
        return max(self.fields)


@dataclass(frozen=True)
class Schema:
    """All messages, by name, in the order of the file."""

    messages: dict[str, MessageType]

    def towards(self, *, board: bool) -> dict[int, MessageType]:
        """The messages that the board (or else the host) receives, by number."""
        return {m.number: m for m in self.messages.values() if m.to_board == board}


@dataclass(frozen=True)
class Code:
    """One line of a .def file; ``detail`` says what an error's number means."""

    name: str
    code: int
    words: str
    detail: str = ""


@cache
def link_schema() -> Schema:
    """The messages of firmware/lib/link/aurora.cddl."""
    return parse_cddl(firmware_text(CDDL))


@cache
def codes(file: str) -> dict[int, Code]:
    """The codes of a .def file of firmware/lib by number, such as "link/errors.def" or "pack/errors.def"."""
    found = _CODE.findall(firmware_text(file))
    return {int(code): Code(name, int(code), words, detail) for name, code, words, detail in found}


def code_number(file: str, name: str) -> int:
    """The number of one code; KeyError where the file does not have it."""
    return {code.name: code.code for code in codes(file).values()}[name]


def field_of(message: str, field: str) -> Field:
    """One field of a message; KeyError where it has none of that name."""
    return {f.name: f for f in link_schema().messages[message].fields.values()}[field]


def parse_cddl(text: str) -> Schema:
    """Parse our subset of CDDL; raises InputError naming the rule that leaves it."""
    bare = "\n".join(line.partition(";")[0].rstrip() for line in text.splitlines()).strip()
    rules: dict[str, tuple[str, str]] = {}
    position = 0
    while position < len(bare):
        match = _RULE.match(bare, position)
        if match is None:
            raise _wrong(bare[position:].partition("\n")[0])
        if match[1] in rules:
            raise _wrong(f"{match[1]} is defined twice")
        rules[match[1]] = (match[2] or "", match[3] or "")
        position = match.end() + len(bare[match.end() :]) - len(bare[match.end() :].lstrip())
    directions = {name: _names(rules.pop(name, ("", ""))[1]) for name in ("request", "reply")}
    fields = {n: _field(n, rhs, _trailing_words(text, n)) for n, (body, rhs) in rules.items() if not body}
    bodies = {name: body for name, (body, _) in rules.items() if body}
    if set(bodies) != {*directions["request"], *directions["reply"]}:
        raise _wrong("request and reply must name every message once")
    messages = {
        name: _message(name, body, fields, _words_above(text, name), name in directions["request"])
        for name, body in bodies.items()
    }
    numbers = [message.number for message in messages.values()]
    if len(set(numbers)) != len(numbers):
        raise _wrong("two messages have the same number")
    unused = set(fields) - {field.name for m in messages.values() for field in m.fields.values()}
    if unused:
        raise _wrong(f"no message uses {', '.join(sorted(unused))}")
    return Schema(messages)


def _wrong(what: str) -> InputError:
    return InputError(f"outside the subset of CDDL that Aurora reads: {what}", where=CDDL)


def _names(union: str) -> list[str]:
    return [name.strip() for name in union.split("/") if name.strip()]


def _message(name: str, body: str, fields: dict[str, Field], words: str, to_board: bool) -> MessageType:
    entries = [entry.strip() for entry in body.split(",")]
    if entries.pop() != "* uint => any":
        raise _wrong(f"{name} must end in `* uint => any`")
    found = [_ENTRY.fullmatch(entry) for entry in entries]
    pairs = [(int(match[1]), match[2]) for match in found if match]
    if len(pairs) != len(entries) or [key for key, _ in pairs] != list(range(len(pairs))):
        raise _wrong(f"{name} must count its keys 0, 1, 2 ... in `key => name`")
    if len(pairs) < 2 or not pairs[0][1].isdigit() or pairs[1][1] != "request_id":
        raise _wrong(f"{name} must begin with `0 => number, 1 => request_id`")
    unknown = [field for _, field in pairs[1:] if field not in fields]
    if unknown:
        raise _wrong(f"{name} uses {unknown[0]}, which is not defined")
    known = {key: fields[field] for key, field in pairs[1:]}
    return MessageType(name, int(pairs[0][1]), known, words, to_board)


def _field(name: str, rhs: str, words: str) -> Field:
    if rhs in ("bool", "float32", "float64"):
        return Field(name, rhs, 0, 0, words)
    if match := _UINT.fullmatch(rhs):
        return Field(name, "uint", 0, (1 << 8 * int(match[1])) - 1, words)
    if match := _RANGE.fullmatch(rhs):
        return Field(name, "int", int(match[1]), int(match[2]), words)
    if match := _STRING.fullmatch(rhs):
        low, high = (match[2], match[2]) if match[2] else (match[3], match[4])
        return Field(name, "bytes" if match[1] == "bstr" else "text", int(low), int(high), words)
    raise _wrong(f"{name} = {rhs}")


def _trailing_words(text: str, name: str) -> str:
    match = re.search(rf"^{name} = [^;\n]*; (.*)$", text, re.MULTILINE)
    return match[1].strip() if match else ""


def _words_above(text: str, name: str) -> str:
    match = re.search(rf"((?:^; .*\n)+){name} = ", text, re.MULTILINE)
    return " ".join(line[2:] for line in match[1].splitlines()) if match else ""
