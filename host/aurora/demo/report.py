"""What the demo found: report.json, and the same in a few lines of plain words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

ARMS = ("float", "int8_host", "board")


def report_text(report: dict[str, Any]) -> str:
    """``report`` as the text of report.json: stable order, one key a line."""
    return json.dumps(report, indent=2, allow_nan=False) + "\n"


def summary_lines(report: dict[str, Any]) -> Iterator[str]:
    """The report for a reader at a terminal; what the data set does not allow is said to be absent."""
    differing = report["bytes_differing"]
    verdict = "bit for bit what the host computed" if differing == 0 else "NOT WHAT THE HOST COMPUTED"
    where = f"{report['windows']} held-out windows on {report['board']}"
    yield f"{where}: {differing} bytes differ, {verdict}"
    yield from _scores("fails within the horizon, AUROC by unit", report["auroc_mean"])
    if report["auroc_leaky"] is not None:
        yield f"  the same on a random split of windows: {report['auroc_leaky']:.3f} (leaks, ignore it)"
    yield from _scores("fault type, accuracy", report["accuracy"])
    instructions = report["instructions"]
    if instructions is not None:
        yield (
            f"per window: {instructions['features'] / 1e6:.2f} M instructions for features,"
            f" {instructions['inference'] / 1e3:.1f} k for the network"
        )
    yield (
        f"flash {_share(report['flash_bytes'], report['flash_limit_bytes'])},"
        f" RAM {_share(report['ram_bytes'], report['ram_limit_bytes'])}"
    )
    yield from _drift(report["drift"])
    yield f"took {report['seconds']['total']:.0f} s"


def _scores(title: str, scores: dict[str, float] | None) -> Iterator[str]:
    if scores is None:
        yield f"{title}: no labels for it"
        return
    yield f"{title}: " + ", ".join(f"{arm} {scores[arm]:.3f}" for arm in ARMS)


def _share(used_bytes: int, limit_bytes: int) -> str:
    return f"{used_bytes / 1024:.1f} of {limit_bytes / 1024:.0f} KiB"


def _drift(drift: dict[str, Any] | None) -> Iterator[str]:
    if drift is None:
        yield "drift: not judged, it takes a whole held-out unit with more than 200 healthy windows"
        return
    for when, title in (("before", "as it is"), ("after", "with its gain up by 20 %")):
        judged = drift[when]
        names = judged["features"]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        alarm = f"ALARM on {', '.join(names[:3])}{more}" if judged["alarm"] else "no alarm"
        yield f"drift of {drift['unit']} {title}: {alarm}"


def parse_report(text: str) -> dict[str, Any]:
    """The inverse of ``report_text``."""
    loaded = json.loads(text)
    assert isinstance(loaded, dict)
    return loaded
