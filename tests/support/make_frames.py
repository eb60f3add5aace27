"""Writes tests/vectors/frames.json, the link's case table: bytes on the wire, what a receiver makes of it.

It shares no code with the codecs it tests (link_bytes.py). ``python tests/support/make_frames.py`` writes
the file anew; a test fails when it differs. A case:

    to           who receives: "board" or "host"
    bytes        the stream, in hexadecimal
    expect       in order: {"message": name, field: value ...} (byte strings in hexadecimal), or
                 {"refused": name in errors.def, "type": key 0, "request_id": key 1, 0 where unreadable}
    frames_bad   frames dropped for their length, coding or CRC
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from link_cases import later_version, limits, valid, wrong_types, wrong_values
from link_cases_broken import framing, not_one_map, order

PATH = Path(__file__).parents[1] / "vectors" / "frames.json"


def table() -> dict[str, Any]:
    groups = {
        "Every message, as version 1 writes it": valid(),
        "Values at their limits": limits(),
        "What a later version may add": later_version(),
        "Known keys of a wrong type, and missing ones": wrong_types(),
        "Values outside what the CDDL says": wrong_values(),
        "Keys twice or out of order": order(),
        "Not one well-formed map": not_one_map(),
        "Streams: noise, loss and damage": framing(),
    }
    return {
        "about": "Written by make_frames.py, which explains the fields.",
        "groups": [{"group": group, "cases": cases} for group, cases in groups.items()],
    }


def text() -> str:
    """The file: one case a line."""
    about, groups = table().values()
    lines = ["{", f' "about": {json.dumps(about)},', ' "groups": [']
    for group in groups:
        lines.append(f'  {{"group": {json.dumps(group["group"])}, "cases": [')
        lines.append(",\n".join(f"   {json.dumps(c)}" for c in group["cases"]))
        lines.append("  ]}" + ("," if group is not groups[-1] else ""))
    return "\n".join([*lines, " ]", "}"]) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{sum(len(g['cases']) for g in table()['groups'])} cases in {PATH}\n")
