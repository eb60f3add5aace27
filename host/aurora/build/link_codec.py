"""The firmware's C for the link's messages, made by zcbor from firmware/lib/link/aurora.cddl.

zcbor sees the messages without their last line ``* uint => any``: firmware/lib/link/link.c has cut those
entries off before. Left to zcbor, that line would take sixteen entries at most, and would let a known key
of a wrong type pass as an unknown one.

``python -m aurora.build.link_codec DIR`` writes the files into DIR.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from aurora.errors import BuildFailed
from aurora.files import write_atomic
from aurora.spec.link import Field, MessageType, Schema, link_schema

ZCBOR_SECONDS = 60
NOT_OUR_CODE = "#pragma GCC system_header\n"  # zcbor is not written for -Wextra -Wconversion
RUNTIME = ("zcbor_common", "zcbor_decode", "zcbor_encode")
RUNTIME_HEADERS = (*(f"{name}.h" for name in RUNTIME), "zcbor_print.h", "zcbor_tags.h")


def generate_link_codec(out_dir: Path, *, as_host: bool = False) -> None:
    """Write link_messages.h, link_codec.c and the folder zcbor/ below ``out_dir``.

    link_codec.c is the only file to compile; it includes the rest and needs ``out_dir`` and firmware/lib as
    include folders. The board decodes requests and encodes replies; ``as_host`` swaps the two, which tests
    use to put the same C at the other end. Equal input gives equal bytes. Raises BuildFailed, WriteFailed.
    """
    schema = link_schema()
    received = list(schema.towards(board=not as_host).values())
    sent = list(schema.towards(board=as_host).values())
    folder = Path(out_dir) / "zcbor"
    for name, text in {**_zcbor_runtime(), **_run_zcbor(schema, received, sent)}.items():
        write_atomic(folder / name, NOT_OUR_CODE + text)
    write_atomic(Path(out_dir) / "link_messages.h", _messages_header(received, sent))
    write_atomic(Path(out_dir) / "link_codec.c", _codec_source(received, sent))


def _zcbor_runtime() -> dict[str, str]:
    """zcbor's own C. Sources become .inc files, so that no build picks them up by their ending."""
    import zcbor

    package = Path(zcbor.__path__[0])
    headers = {name: (package / "include" / name).read_text(encoding="utf-8") for name in RUNTIME_HEADERS}
    sources = {f"{n}.inc": (package / "src" / f"{n}.c").read_text(encoding="utf-8") for n in RUNTIME}
    return {**headers, **sources}


def _run_zcbor(schema: Schema, received: list[MessageType], sent: list[MessageType]) -> dict[str, str]:
    """Run zcbor once for the messages that come in and once for those that go out."""
    files: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="aurora-zcbor-") as name:
        folder = Path(name)
        for role, flag, messages in (("received", "-d", received), ("sent", "-e", sent)):
            cddl = folder / f"{role}.cddl"
            cddl.write_text(_zcbor_cddl(messages), encoding="utf-8")
            paths = [folder / f"link_{role}{ending}" for ending in (".c", ".h", "_types.h")]
            options = ["--oc", str(paths[0]), "--oh", str(paths[1]), "--oht", str(paths[2])]
            types = [f"link_{message.name}" for message in messages]
            _call([flag, "-s", "-c", str(cddl), "--default-max-qty", "1", *options, "-t", *types])
            for path in paths:
                name = path.name.removesuffix(".c") + (".inc" if path.suffix == ".c" else "")
                files[name] = _own_names(path.read_text(encoding="utf-8"))
    return files


def _call(arguments: list[str]) -> None:
    command = [sys.executable, "-P", "-c", "from zcbor import main; main()", "code", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ZCBOR_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BuildFailed(f"zcbor took longer than {ZCBOR_SECONDS} s", hint="build again") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BuildFailed(f"zcbor failed: {last}", where="link/aurora.cddl", hint="pip install zcbor==0.9.1")


def _zcbor_cddl(messages: list[MessageType]) -> str:
    fields = {field.name: field for message in messages for field in message.fields.values()}
    lines = [f"{field.name} = {_cddl_type(field)}" for field in fields.values()]
    for message in messages:
        entries = [f"0 => {message.number}", *(f"{key} => {f.name}" for key, f in message.fields.items())]
        lines.append(f"link_{message.name} = {{ {', '.join(entries)} }}")
    return "\n".join(lines) + "\n"


def _cddl_type(field: Field) -> str:
    if field.kind in ("bytes", "text"):
        return f"{'bstr' if field.kind == 'bytes' else 'tstr'} .size ({field.low}..{field.high})"
    if field.kind == "uint":
        return f"uint .size {field.high.bit_length() // 8}"
    return f"{field.low}..{field.high}" if field.kind == "int" else field.kind


def _own_names(text: str) -> str:
    """zcbor calls a member after its type and adds _m; we want the name that aurora.cddl gives it."""
    text = re.sub(r"\b([a-z][a-z0-9_]*)_m\b", r"\1", text)
    return text.replace("<zcbor_common.h>", '"zcbor_common.h"')


def _messages_header(received: list[MessageType], sent: list[MessageType]) -> str:
    fields = {f.name: f for m in (*received, *sent) for f in m.fields.values() if f.kind in ("bytes", "text")}
    sizes = "\n".join(f"    LINK_{name.upper()}_MAX_BYTES = {f.high}," for name, f in fields.items())
    types = "\n".join(f"    LINK_{m.name.upper()} = {m.number}," for m in (*received, *sent))
    union = "\n".join(f"        struct link_{m.name} {m.name};" for m in received)
    encoders = "\n".join(
        f"int link_encode_{m.name}(const struct link_{m.name} *message, uint8_t *out, size_t capacity,\n"
        f"{' ' * len(f'int link_encode_{m.name}(')}size_t *bytes);"
        for m in sent
    )
    return f"""/* Generated from firmware/lib/link/aurora.cddl by aurora.build.link_codec. */
#ifndef AURORA_LINK_MESSAGES_H
#define AURORA_LINK_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#include "zcbor/link_received_types.h"
#include "zcbor/link_sent_types.h"

enum link_type {{
{types}
}};

/* The most that a byte string or text may hold. */
enum {{
{sizes}
}};

/* A message that came in: link_decode() of link/link.h fills it. */
typedef struct {{
    uint32_t type; /* enum link_type */
    uint32_t request_id;
    union {{
{union}
    }};
}} link_request;

/* The highest key that this version knows of a message that comes in; 0: no such message. */
uint32_t link_last_key(uint32_t type);

/* Decodes the known entries of a message of out->type: 0, or another number when they do not fit the CDDL. */
int link_decode_known(const uint8_t *map, size_t bytes, link_request *out);

/* Each writes the CBOR of one message that goes out and sets `bytes`. Returns 0, -LINK_ERROR_BAD_FIELD when a
   value is out of its range, or -LINK_ERROR_REPLY_TOO_LONG when `capacity` does not hold it. */
{encoders}

#endif
"""


def _codec_source(received: list[MessageType], sent: list[MessageType]) -> str:
    includes = "\n".join(f'#include "zcbor/{name}.inc"' for name in (*RUNTIME, "link_received", "link_sent"))
    last_keys = "\n".join(f"    case LINK_{m.name.upper()}:\n        return {m.last_key};" for m in received)
    decoders = "\n".join(
        f"    case LINK_{m.name.upper()}:\n"
        f"        return cbor_decode_link_{m.name}(map, bytes, &out->{m.name}, NULL);"
        for m in received
    )
    encoders = "\n".join(
        f"""
int link_encode_{m.name}(const struct link_{m.name} *message, uint8_t *out, size_t capacity, size_t *bytes)
{{
    return encoded(cbor_encode_link_{m.name}(out, capacity, message, bytes));
}}"""
        for m in sent
    )
    return f"""/* Generated from firmware/lib/link/aurora.cddl by aurora.build.link_codec. */
#pragma GCC optimize("Os") /* messages are short and rare, the code is long */
#define ZCBOR_CANONICAL /* maps of definite length, numbers in their shortest form, both ways */
{includes}

#include "link/link.h"

uint32_t link_last_key(uint32_t type)
{{
    switch (type) {{
{last_keys}
    default:
        return 0;
    }}
}}

/* link_decode() has walked the map: its entries end where its bytes end. */
int link_decode_known(const uint8_t *map, size_t bytes, link_request *out)
{{
    switch (out->type) {{
{decoders}
    default:
        return -1;
    }}
}}

static int encoded(int error)
{{
    if (error == ZCBOR_SUCCESS) {{
        return 0;
    }}
    return error == ZCBOR_ERR_NO_PAYLOAD ? -LINK_ERROR_REPLY_TOO_LONG : -LINK_ERROR_BAD_FIELD;
}}
{encoders}
"""


if __name__ == "__main__":
    generate_link_codec(Path(sys.argv[1]))
