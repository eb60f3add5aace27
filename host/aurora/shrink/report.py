"""The report of a comparison: report.md, report.html and report.json in one folder.

Every arm stands in every table, the losing ones too; an arm that was not made stands there with the reason.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aurora.errors import InputError
from aurora.files import write_atomic
from aurora.shrink.comparison import Comparison
from aurora.shrink.figures import FIGURES, base_of, difference, over_seeds, over_units
from aurora.shrink.markdown import escape, escape_line, table_lines
from aurora.shrink.report_tables import tables_of, verdict_lines

REPORT_FILES = ("report.md", "report.html", "report.json")
MAX_REPORT_BYTES = 64 << 20


def write_report(folder: Path, comparison: Comparison) -> tuple[Path, ...]:
    """Write the three files into ``folder`` (made where needed), each whole or not at all; their paths.

    The same comparison gives the same bytes. Raises WriteFailed.
    """
    from aurora.shrink.report_html import report_html

    texts = (report_markdown(comparison), report_html(comparison), report_json(comparison))
    paths = tuple(folder / name for name in REPORT_FILES)
    for path, text in zip(paths, texts, strict=True):
        write_atomic(path, text)
    return paths


def read_report(path: Path) -> Comparison:
    """The comparison of a report.json; raises InputError naming file and key."""
    try:
        if path.stat().st_size > MAX_REPORT_BYTES:
            raise InputError("is larger than any report", where=path)
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(error.strerror or str(error), where=path, hint="give a report.json") from error
    except (ValueError, RecursionError) as error:
        raise InputError("is not JSON", where=path, hint="give a report.json") from error
    try:
        return Comparison.from_dict(document.get("comparison") if isinstance(document, dict) else None)
    except InputError as error:
        raise InputError(error.what, where=path, hint="give a report.json") from error


def report_json(comparison: Comparison) -> str:
    """The comparison, and its means and intervals for readers that do not want to compute them."""
    document = {"comparison": comparison.to_dict(), "summary": summary_of(comparison)}
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def summary_of(comparison: Comparison) -> dict[str, Any]:
    """Arm -> figure -> mean, low, high, n over seeds, the interval over units, the difference to the base."""
    found: dict[str, Any] = {}
    for arm in comparison.arms:
        lines: dict[str, Any] = {}
        for one in FIGURES:
            seeds = over_seeds(arm, one)
            if seeds is None:
                continue
            lines[one.key] = asdict(seeds)
            minus = difference(comparison, arm.name, one)
            if minus is not None:
                against = {"against": base_of(comparison, arm.name), "excludes_zero": minus.excludes_zero}
                lines[one.key]["difference"] = {**asdict(minus), **against}
        for key in ("auroc", "accuracy"):
            units = over_units(arm, key)
            if units is not None and key in lines:
                lines[key]["over_units"] = asdict(units)
        found[arm.name] = lines
    return {"chosen": comparison.chosen, "arms": found}


def report_markdown(comparison: Comparison) -> str:
    """The whole report as Markdown."""
    title = f"# {escape(comparison.model)} {escape(comparison.release)}: the arms compared"
    parts = [title, "", *(escape_line(line) + "\n" for line in verdict_lines(comparison))]
    for table in tables_of(comparison):
        parts += [f"## {escape(table.title)}", ""]
        parts += [escape_line(line) + "\n" for line in table.before]
        parts += [*(table_lines(table.head, table.rows) if table.rows else ()), ""]
    parts += ["## Limits", "", *(f"- {escape_line(line)}" for line in comparison.limits), ""]
    return "\n".join(parts)
