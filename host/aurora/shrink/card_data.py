"""The part of a model card on the data: where it comes from, on what terms, and who stands on which side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aurora.shrink.markdown import escape_line, table_lines

#: what is known of the terms of recordings, by the importer's format; read from where they are published
TERMS = {
    "cwru12k": "Case Western Reserve University Bearing Data Center. No licence is stated; the data set is"
    " provided openly and asks for credit.",
    "femto": "PRONOSTIA, FEMTO-ST, IEEE PHM 2012 data challenge. No licence is stated; to be cited as"
    " Nectoux et al. 2012.",
}
SYNTHETIC = "Simulated by aurora data synth: nobody's recordings, no terms."
UNKNOWN = "Not stated at import: ask whoever recorded it before passing figures or models on."


def data_lines(document: dict[str, Any]) -> Iterator[str]:
    """Sections "Data" and "Split" of a release.json."""
    yield from ("## Data", "")
    yield from _source("data set", document["data"])
    if "test_data" in document:
        yield from _source("test data set", document["test_data"])
    yield "The recordings are not part of the release."
    if document["data"]["provenance"].get("synthetic"):
        yield "The data set is made again by aurora data synth with the fleet's values above, bit for bit."
    yield from ("", "## Split", "")
    yield "By physical unit: no window of a test unit was trained on or had a say in any choice."
    yield ""
    split = document["split"]
    sides = [(side, str(len(split[side])), ", ".join(split[side]) or "-") for side in split]
    yield from table_lines(("side", "units", "which"), sides)
    if not split["validation"]:
        yield from ("", "Validation: each training unit by a model that left it out.")
    yield ""


def terms_of(provenance: dict[str, Any]) -> str:
    """The terms in a sentence; what the data set itself says goes first."""
    if isinstance(provenance.get("terms"), str):
        return str(provenance["terms"])
    if provenance.get("synthetic"):
        return SYNTHETIC
    return TERMS.get(str(provenance.get("format")), UNKNOWN)


def _source(title: str, data: dict[str, Any]) -> Iterator[str]:
    provenance = data["provenance"]
    rows = [
        (title, str(data["name"])),
        ("units", f"{data['units']:,}"),
        ("windows", f"{data['windows']:,}"),
        ("SHA-256 of its manifest", str(data["manifest_sha256"])),
        *((f"provenance: {key}", str(value)) for key, value in flat(provenance)),
        ("terms", terms_of(provenance)),
    ]
    yield from table_lines(("what", "value"), rows)
    yield ""
    if isinstance(provenance.get("warning"), str):
        yield from (escape_line(f"Warning of the importer: {provenance['warning']}."), "")


def flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested tables as dotted keys."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        elif key != "terms" or prefix:
            yield f"{prefix}{key}", value
