"""What a report says, in order: the verdict in sentences, then every table."""

from __future__ import annotations

from collections.abc import Iterator

from aurora.shrink.comparison import COSTS, Arm, Comparison
from aurora.shrink.figures import (
    JUDGED,
    VALIDATION,
    base_of,
    difference,
    figure,
    over_seeds,
    shown,
    unit_means,
    verdict,
)
from aurora.shrink.report_cells import ABSENT, UNKNOWN, Table, arm_rows, interval_text, number
from aurora.shrink.report_scores import (
    difference_table,
    event_notes,
    score_table,
    threshold_table,
    unit_table_of,
    window_notes,
)


def verdict_lines(comparison: Comparison) -> Iterator[str]:
    """What ships and why, and how the compressions did against the plain student: the report in short."""
    reason = comparison.reason.rstrip(". ") + "."
    if comparison.chosen is None:
        yield f"No arm ships: {reason}"
    else:
        yield f"The arm that ships is {comparison.chosen}, whatever its name: {reason}"
    yield (
        f"Judged on {len(comparison.test_units)} test units that no arm was trained or chosen on:"
        f" {', '.join(comparison.test_units)}."
    )
    for name in ("distilled", "pruned", "qat", "linear"):
        for key in JUDGED:
            one = figure(key)
            found = difference(comparison, name, one)
            if found is not None:
                text = interval_text(found, one.digits, sign=True)
                yield f"{name} against {base_of(comparison, name)}, {one.title}: {text}, {verdict(found)}."


def tables_of(comparison: Comparison) -> Iterator[Table]:
    """All tables, in the order of the report."""
    yield _costs(comparison)
    yield _choice(comparison)
    window = shown(comparison, event=False)
    yield score_table(comparison, "Scores by window, on the test units", window, window_notes(comparison))
    yield difference_table(comparison)
    event = shown(comparison, event=True)
    if event:
        yield score_table(comparison, "Alarms as events, on the test units", event, event_notes(comparison))
        yield threshold_table(comparison)
    for key in ("auroc", "accuracy", "fault_f1", "alarm_f1"):
        if any(unit_means(arm, key) for arm in comparison.arms):
            yield unit_table_of(comparison, key)
    yield _device(comparison)
    yield Table("Data and training", (), ("what", "value"), tuple(comparison.facts.items()))
    notes = tuple((arm.name, arm.note) for arm in comparison.arms if arm.note)
    yield Table("How each arm was made", (), ("arm", "made by"), notes)


def _costs(comparison: Comparison) -> Table:
    rows = []
    for name, arm in arm_rows(comparison):
        if arm is None:
            rows.append((name, ABSENT, *[UNKNOWN] * 6, comparison.absent[name]))
            continue
        cost = arm.cost
        keys = ("parameters", "model_bytes", *COSTS.values())
        numbers = [number(getattr(cost, key, None)) for key in keys]
        source = cost.source if cost is not None else UNKNOWN
        rows.append((name, arm.precision, *numbers, source, _standing(comparison, arm)))
    limits = ", ".join(f"{key} {number(limit)}" for key, limit in comparison.budget.items())
    before = (f"Board {comparison.board}; budget: {limits or 'none was set'}. Flash and RAM in bytes.",)
    head = ("arm", "precision", "parameters", "model", "flash", "RAM", "instructions", "known by", "standing")
    return Table("What each arm costs the board", before, head, tuple(rows))


def _standing(comparison: Comparison, arm: Arm) -> str:
    if arm.name == comparison.chosen:
        return "ships"
    if not arm.ships:
        return "for comparison only"
    broken = comparison.over_budget(arm)
    return f"over budget: {', '.join(broken)}" if broken else "fits"


def _choice(comparison: Comparison) -> Table:
    rows = []
    for name, arm in arm_rows(comparison):
        if arm is None:
            rows.append((name, ABSENT, UNKNOWN))
            continue
        rows.append((name, _standing(comparison, arm), interval_text(over_seeds(arm, VALIDATION), 3)))
    before = (
        "Mean over validation units of AUROC and accuracy, by models that did not train on those units. The"
        " test units have no part in the choice.",
    )
    return Table("What the choice rests on", before, ("arm", "standing", VALIDATION.title), tuple(rows))


def _device(comparison: Comparison) -> Table:
    device = comparison.device
    if device is None:
        why = comparison.absent.get("device", "it was judged elsewhere")
        return Table("On the device", (f"Not run on the board here: {why}",), (), ())
    rows = (
        ("board", device.board),
        ("windows run", number(device.windows)),
        ("bytes that differ from the host", number(device.bytes_differing)),
        (
            "inputs verified against TFLite Micro",
            f"{device.verified_exact} of {device.verified_inputs} exact",
        ),
        ("instructions of one inference, at most", number(device.instructions)),
        ("instructions of the features of one window, at most", number(device.feature_instructions)),
        ("flash of the pack and the program, bytes", number(device.flash_bytes)),
        ("RAM of an inference, bytes", number(device.ram_bytes)),
        ("flash of the whole firmware, bytes", number(device.firmware_flash_bytes)),
        ("RAM of the whole firmware, bytes", number(device.firmware_ram_bytes)),
        ("stack that the firmware used, bytes", number(device.stack_used_bytes)),
    )
    return Table("On the device", ("Measured on the emulated board.",), ("what", "value"), rows)
