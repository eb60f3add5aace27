"""Text and tables as Markdown, whatever stands in them: names of units and files are other people's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

#: marks that Markdown would take for its own
SPECIAL = "\\`*_{}[]<>#|!"


def escape(text: str) -> str:
    """``text`` as Markdown shows it: one line, and nothing in it is markup."""
    flat = "".join(character if character.isprintable() else " " for character in text)
    return "".join(f"\\{character}" if character in SPECIAL else character for character in flat).strip()


def escape_line(text: str) -> str:
    """A sentence: a leading dash, plus or equals sign must not begin a block either."""
    line = escape(text)
    return f"\\{line}" if line[:1] in ("-", "+", "=") else line


def table_lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table of plain text."""
    yield "| " + " | ".join(map(escape, head)) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(map(escape, row)) + " |"
