"""card.md: what a release is, what it was made from, how well it does and what it is not for.

After Mitchell et al. 2019, "Model Cards for Model Reporting". Everything in it comes from release.json, and
from the comparison where a shrink made one: the card adds no figure of its own but the interval over units.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aurora.compress.release import RELEASE_FILE, Release
from aurora.errors import InputError
from aurora.files import write_atomic
from aurora.shrink.card_data import data_lines
from aurora.shrink.comparison import Comparison
from aurora.shrink.figures import figure, over_seeds
from aurora.shrink.markdown import escape, escape_line, table_lines
from aurora.shrink.report_cells import interval_text
from aurora.shrink.report_tables import verdict_lines
from aurora.train.alarm import DAYS_PER_YEAR
from aurora.train.interval import bootstrap_interval

CARD_FILE = "card.md"
ARM_FIGURES = ("auroc", "accuracy", "fault_f1", "alarm_f1", "ece_fails", "ece_fault", "coverage", "care")


def write_card(release: Release, comparison: Comparison | None = None) -> Path:
    """Write card.md into the release's folder; its path. Raises WriteFailed."""
    path = release.path / CARD_FILE
    write_atomic(path, card_text(release, comparison))
    return path


def card_text(release: Release, comparison: Comparison | None = None) -> str:
    """The card as Markdown; the same release and comparison give the same text.

    Raises InputError where release.json lacks what a card has to say.
    """
    try:
        lines = [
            f"# Model card: {escape(release.name)} {escape(release.version)}", "",
            *_model(release), *_use(), *data_lines(release.document), *_metrics(release.document),
            *_arms(comparison), *_alarm(release.document), *_limits(release.document),
            *_origin(release),
        ]  # fmt: skip
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"lacks what a card says: {error}", where=release.path / RELEASE_FILE, hint="train again"
        ) from error
    return "\n".join(lines).rstrip() + "\n"


def _model(release: Release) -> Iterator[str]:
    document = release.document
    labels, horizon_s = document["labels"]["fault_types"], document["labels"]["horizon_s"]
    yield "A vibration monitor for one microcontroller: features of each window in C, then this int8 network."
    yield ""
    rows = [
        ("network", f"{document['form']}, {document['parameters']:,} parameters"),
        ("model.tflite", f"{len(release.tflite):,} bytes, full int8"),
        ("input", f"{document['input']['count']} int8 features of one window"),
        ("signal", f"{release.spec.signal.n} samples at {release.spec.signal.rate_hz:g} Hz, axes "
         + ", ".join(release.spec.signal.axes)),
        ("tells fault types", ", ".join(labels) if labels else "no"),
        ("tells failure within", f"{horizon_s:g} s ({horizon_s / 3600:.2f} h)" if horizon_s else "no"),
        ("features id", document["features_id"]),
    ]  # fmt: skip
    yield from table_lines(("what", "value"), rows)
    yield ""


def _use() -> Iterator[str]:
    yield from ("## Intended use", "")
    yield (
        "To point a maintenance engineer to a machine that deserves a look, as one hint among others. It"
        " is no safety function and stops no machine. Of machines unlike those it was trained on it says"
        " nothing: a new type of machine or sensor position needs data of its own and another release."
    )
    yield ""


def _metrics(document: dict[str, Any]) -> Iterator[str]:
    metrics = document["metrics"]
    yield from ("## Metrics on the test units", "")
    rows = []
    for key, title in (("auroc", "AUROC, fails within H"), ("accuracy", "accuracy, fault type")):
        pair = metrics["auroc_mean" if key == "auroc" else key]
        if pair is None:
            continue
        known = {unit: one["int8_host"] for unit, one in metrics[f"{key}_per_unit"].items()
                 if one is not None and one["int8_host"] is not None}  # fmt: skip
        plain = metrics["logistic_regression"]["auroc_mean" if key == "auroc" else key]
        rows.append((
            title, f"{pair['float']:.3f}", f"{pair['int8_host']:.3f}",
            interval_text(bootstrap_interval(known), 3), _decimal(plain), _decimal(metrics[f"{key}_leaky"]),
        ))  # fmt: skip
    head = ("figure", "float", "int8", "int8, mean over units (95 % by bootstrap over units)",
            "logistic regression", "random windows (leaks: ignore)")  # fmt: skip
    yield from table_lines(head, rows)
    yield ""
    yield from table_lines(("test unit", "AUROC, int8", "accuracy, int8"), _per_unit(document))
    yield ""


def _per_unit(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    metrics = document["metrics"]
    for unit in document["split"]["test"]:
        found = [metrics[key].get(unit) for key in ("auroc_per_unit", "accuracy_per_unit")]
        yield unit, *(_decimal(one["int8_host"] if one else None) for one in found)


def _arms(comparison: Comparison | None) -> Iterator[str]:
    if comparison is None:
        return
    yield from ("## Compared with the other arms", "")
    for line in verdict_lines(comparison):
        yield from (escape_line(line), "")
    wanted = [figure(key) for key in ARM_FIGURES]
    wanted = [one for one in wanted if any(over_seeds(arm, one) for arm in comparison.arms)]
    rows = [
        (arm.name, str(len(arm.seeds)), *(interval_text(over_seeds(arm, one), one.digits) for one in wanted))
        for arm in comparison.arms
    ]
    yield from table_lines(("arm", "seeds", *(one.title for one in wanted)), rows)
    yield from ("", "Costs, alarms as events and pictures: report.md and report.html beside this card.", "")
    device = comparison.device
    if device is not None:
        yield escape_line(
            f"On {device.board}: {device.windows:,} windows of the test units, {device.bytes_differing} bytes"
            f" differ from the host; {device.instructions:,} instructions an inference,"
            f" {device.flash_bytes:,} bytes of flash, {device.ram_bytes:,} of RAM."
        )
        yield ""


def _alarm(document: dict[str, Any]) -> Iterator[str]:
    threshold = document["threshold"]
    if threshold is None:
        return
    yield from ("## Alarm", "")
    asked = [f"at most {100 * threshold['asked_false_alarm_fraction']:g} % of calm time in alarm"]
    if "asked_false_alarms_per_turbine_year" in threshold:
        asked.append(f"at most {threshold['asked_false_alarms_per_turbine_year']:g} alarms per turbine-year")
    rows = [
        ("threshold, int8", f"on from {threshold['on']}, off below {threshold['off']}"),
        ("asked for", " and ".join(asked)),
        ("chosen on", threshold["judged_on"]),
        ("kept there", "yes" if threshold["kept"] else "no threshold keeps to it: this is the highest"),
        ("calm time there", f"{threshold['false_days']:.2f} days"),
        ("of it in alarm", f"{100 * threshold['false_alarm_fraction']:.2f} %"),
        ("false alarms per turbine-year there", f"{threshold['false_alarms_per_day'] * DAYS_PER_YEAR:.1f}"),
        ("caught there", f"{threshold['caught_units']} of {threshold['failing_units']} failing units"),
    ]
    yield from table_lines(("what", "value"), rows)
    yield ""


def _limits(document: dict[str, Any]) -> Iterator[str]:
    yield from ("## Limits", "")
    for line in document["limits"]:
        yield f"- {escape_line(line)}"
    yield ""


def _origin(release: Release) -> Iterator[str]:
    document = release.document
    yield from ("## Seeds, versions, hashes", "")
    seeds = document.get("shrink", {}).get("seeds")
    trained = f"seed {document['seed']}" + (f"; arms compared with seeds {seeds}" if seeds else "")
    rows = [("seeds", trained), *((name, str(version)) for name, version in document["versions"].items())]
    yield from table_lines(("what", "value"), rows)
    yield ""
    hashes = [(RELEASE_FILE, release.id), *document["files"].items()]
    yield from table_lines(("file", "SHA-256"), hashes)
    data = "" if document["data"]["provenance"].get("synthetic") else "DATA "
    yield from ("", "Made again and compared, hash by hash, with these versions:", "")
    yield from (f"    aurora shrink {data}--reproduce RELEASE_FOLDER", "")


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
