"""The link's case table, and the two receivers that it is put to: Python's and, compiled for here, C's."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from aurora.build.link_codec import generate_link_codec
from aurora.device.codec import Refused, decode
from aurora.device.framing import FrameDecoder
from aurora.spec.link import Field, link_schema

ROOT = Path(__file__).parents[2]
LIB = ROOT / "firmware" / "lib"
CASES = ROOT / "tests" / "vectors" / "frames.json"
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1"]
SECONDS = 120


@cache
def cases() -> tuple[dict[str, Any], ...]:
    """All cases, each with the name of its group."""
    groups = json.loads(CASES.read_text(encoding="utf-8"))["groups"]
    return tuple({**case, "group": group["group"]} for group in groups for case in group["cases"])


def case_id(case: dict[str, Any]) -> str:
    """A readable name for pytest."""
    return f"{case['group']}/{case['name']}".replace(" ", "-").replace("::", ":")


def python_receives(pieces: Iterable[bytes], to: str) -> dict[str, Any]:
    """What Python makes of a stream that comes in these pieces, in the table's words."""
    frames, known = FrameDecoder(), link_schema().towards(board=to == "board")
    got: list[dict[str, Any]] = []
    for payload in (payload for piece in pieces for payload in frames.feed(piece)):
        try:
            message, values = decode(payload, known)
            got.append({"message": message.name, **{name: _plain(value) for name, value in values.items()}})
        except Refused as refusal:
            got.append({"refused": refusal.reason, "type": refusal.number, "request_id": refusal.request_id})
    return {"got": got, "frames_ok": frames.frames_ok, "frames_bad": frames.frames_bad}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value.hex() if isinstance(value, bytes) else value


def build_harness(folder: Path, *, as_host: bool) -> Path:
    """Compile link_harness.c with the firmware's link code, under ASan and UBSan."""
    generate_link_codec(folder, as_host=as_host)
    (folder / "print_message.inc").write_text(_print_message(to_board=not as_host), encoding="utf-8")
    program = folder / "link_harness"
    library = [LIB / "core" / "crc32.c", *sorted((LIB / "link").glob("*.c"))]
    sources = map(str, [ROOT / "tests" / "support" / "link_harness.c", folder / "link_codec.c", *library])
    command = ["gcc", *WARNINGS, *SANITIZERS, f"-I{LIB}", f"-I{folder}", *sources, "-o", str(program)]
    subprocess.run(command, check=True, timeout=SECONDS)
    return program


def c_receives(program: Path, streams: list[bytes], *arguments: str) -> list[str]:
    """The harness's output lines for these streams."""
    text = "\n".join(stream.hex() for stream in streams) + "\n"
    done = subprocess.run(
        [str(program), *arguments], input=text, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()


def _print_message(*, to_board: bool) -> str:
    lines = ["static void print_message(const link_request *m)", "{", "    switch (m->type) {"]
    for message in link_schema().towards(board=to_board).values():
        name = message.name
        printed = [_print_field(field, f"m->{name}.{field.name}") for field in message.fields.values()]
        lines += [f"    case LINK_{name.upper()}:", f'        printf("{{\\"message\\": \\"{name}\\"");']
        lines += [*(f"        {line}" for line in printed), "        break;"]
    return "\n".join([*lines, "    default:", "        abort();", "    }", '    printf("}");', "}"]) + "\n"


def _print_field(field: Field, value: str) -> str:
    if field.kind in ("bytes", "text"):
        return f'print_{field.kind}("{field.name}", {value});'
    if field.kind in ("float32", "float64"):
        return f'print_float("{field.name}", (double){value});'
    if field.kind == "bool":
        return f'printf(", \\"{field.name}\\": %s", {value} ? "true" : "false");'
    conversion = ("PRId64", "int64_t") if field.kind == "int" else ("PRIu64", "uint64_t")
    return f'printf(", \\"{field.name}\\": %" {conversion[0]}, ({conversion[1]}){value});'
