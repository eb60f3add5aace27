"""The model as C that TFLite Micro takes as it is, with what a firmware needs beside the bytes."""

from __future__ import annotations

from collections.abc import Sequence

from aurora.compress.int8 import Head
from aurora.spec.decision import Decision

BYTES_PER_LINE = 16
PREFIX = "aurora_model"


def c_header(
    title: str, tflite: bytes, heads: Sequence[Head], decision: Decision, labels: Sequence[str]
) -> str:
    """model_data.h: length, labels, thresholds, output offsets and features_id; C11 and C++11."""
    lines = [
        f"/* {title}: an int8 model for TFLite Micro, with the decision that goes with it.",
        " * A head's real value is (int8 - ZERO_POINT) * SCALE, at OFFSET of the outputs sorted by name. */",
        "#ifndef AURORA_MODEL_DATA_H",
        "#define AURORA_MODEL_DATA_H",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        f"#define {PREFIX.upper()}_DATA_LENGTH {len(tflite)}u",
        f"#define {PREFIX.upper()}_LABELS {len(labels)}u",
        f"#define {PREFIX.upper()}_OUTPUT_BYTES {decision.output_bytes}u",
    ]
    for head in heads:
        lines += _head_macros(head)
    if decision.fails_within is not None:
        alarm = decision.fails_within
        votes = {"THRESHOLD_ON": alarm.threshold_on, "THRESHOLD_OFF": alarm.threshold_off,
                 "RAISE_VOTES": alarm.raise_votes, "CLEAR_VOTES": alarm.clear_votes,
                 "WINDOWS": alarm.windows}  # fmt: skip
        lines += [f"#define {PREFIX.upper()}_ALARM_{name} ({value})" for name, value in votes.items()]
    lines += [
        "",
        f"extern const unsigned char {PREFIX}_data[]; /* aligned to 16 bytes */",
        f"extern const unsigned int {PREFIX}_data_length;",
        f"extern const unsigned char {PREFIX}_features_id[32];",
    ]
    if labels:
        lines.append(f"extern const char *const {PREFIX}_labels[{len(labels)}];")
    return "\n".join([*lines, "", "#ifdef __cplusplus", "}", "#endif", "", "#endif", ""])


def c_source(tflite: bytes, features_id: bytes, labels: Sequence[str]) -> str:
    """model_data.c: compiles as C11 and as C++11."""
    lines = [
        '#include "model_data.h"',
        "",
        "#ifndef __cplusplus",
        "#include <stdalign.h>",
        "#endif",
        "",
        f"alignas(16) const unsigned char {PREFIX}_data[] = {{",
        *_rows(tflite),
        "};",
        f"const unsigned int {PREFIX}_data_length = {PREFIX.upper()}_DATA_LENGTH;",
        "",
        f"const unsigned char {PREFIX}_features_id[32] = {{",
        *_rows(features_id),
        "};",
    ]
    if labels:
        # label names are plain: letters, digits, '.', '_' and '-' (spec.model)
        quoted = ", ".join(f'"{label}"' for label in labels)
        lines += ["", f"const char *const {PREFIX}_labels[{len(labels)}] = {{{quoted}}};"]
    return "\n".join([*lines, ""])


def _head_macros(head: Head) -> list[str]:
    stem = f"{PREFIX}_{head.name}".upper()
    return [
        f"#define {stem}_OFFSET {head.offset}",
        f"#define {stem}_COUNT {head.count}",
        f"#define {stem}_SCALE {head.scale:.9g}f",
        f"#define {stem}_ZERO_POINT ({head.zero_point})",
    ]


def _rows(data: bytes) -> list[str]:
    return [
        "    " + ", ".join(f"0x{byte:02x}" for byte in data[at : at + BYTES_PER_LINE]) + ","
        for at in range(0, len(data), BYTES_PER_LINE)
    ]
