"""What a report says, as sentences and tables of text: Markdown and HTML only differ in how they set it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aurora.shrink.comparison import ARMS, COSTS, Arm, Comparison
from aurora.shrink.figures import (
    BASE,
    JUDGED,
    VALIDATION,
    Figure,
    difference,
    figure,
    over_seeds,
    over_units,
    shown,
    unit_means,
    verdict,
)
from aurora.train.interval import Interval

ABSENT, UNKNOWN = "not made", "-"


@dataclass(frozen=True)
class Table:
    """A heading, sentences before the table, its head and its rows, all plain text."""

    title: str
    before: tuple[str, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def verdict_lines(comparison: Comparison) -> Iterator[str]:
    """What ships and why, and how the compressions did against the plain student: the report in short."""
    if comparison.chosen is None:
        yield f"No arm ships: {comparison.reason}"
    else:
        yield f"The arm that ships is {comparison.chosen}, whatever its name: {comparison.reason}"
    yield (
        f"Judged on {len(comparison.test_units)} test units that no arm was trained or chosen on:"
        f" {', '.join(comparison.test_units)}."
    )
    for name in ("distilled", "pruned", "qat"):
        for key in JUDGED:
            one = figure(key)
            found = difference(comparison, name, one)
            if found is not None:
                yield (
                    f"{name} against {BASE}, {one.title}: {interval_text(found, one.digits, sign=True)},"
                    f" {verdict(found)}."
                )


def tables_of(comparison: Comparison) -> Iterator[Table]:
    """All tables, in the order of the report."""
    yield _costs(comparison)
    yield _choice(comparison)
    window = shown(comparison, event=False)
    yield _scores(comparison, "Scores by window, on the test units", window, _window_notes(comparison))
    yield _differences(comparison)
    event = shown(comparison, event=True)
    if event:
        yield _scores(comparison, "Alarms as events, on the test units", event, _event_notes(comparison))
        yield _thresholds(comparison)
    for key in ("auroc", "accuracy", "fault_f1", "alarm_f1"):
        if any(unit_means(arm, key) for arm in comparison.arms):
            yield _units(comparison, key)
    yield _device(comparison)
    yield Table("Data and training", (), ("what", "value"), tuple(comparison.facts.items()))
    notes = tuple((arm.name, arm.note) for arm in comparison.arms if arm.note)
    yield Table("How each arm was made", (), ("arm", "made by"), notes)


def interval_text(found: Interval | None, digits: int, *, sign: bool = False) -> str:
    """ "0.912 [0.901, 0.923]"; a single value says that it is one."""
    if found is None:
        return UNKNOWN
    form = f"{'+' if sign else ''}.{digits}f"
    if found.low is None or found.high is None:
        return f"{found.mean:{form}} (n = {found.n})"
    return f"{found.mean:{form}} ({found.low:{form}} to {found.high:{form}})"


def arm_rows(comparison: Comparison) -> Iterator[tuple[str, Arm | None]]:
    """The agreed arms in their order, None where one was not made, then any other."""
    for name in ARMS:
        yield name, comparison.arm(name)
    for arm in comparison.arms:
        if arm.name not in ARMS:
            yield arm.name, arm


def _costs(comparison: Comparison) -> Table:
    rows = []
    for name, arm in arm_rows(comparison):
        if arm is None:
            rows.append((name, ABSENT, *[UNKNOWN] * 6, comparison.absent[name]))
            continue
        cost = arm.cost
        keys = ("parameters", "model_bytes", *COSTS.values())
        numbers = [_number(getattr(cost, key, None)) for key in keys]
        source = cost.source if cost is not None else UNKNOWN
        rows.append((name, arm.precision, *numbers, source, _standing(comparison, arm)))
    limits = ", ".join(f"{key} {_number(limit)}" for key, limit in comparison.budget.items())
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


def _scores(
    comparison: Comparison, title: str, figures: tuple[Figure, ...], before: tuple[str, ...]
) -> Table:
    rows = []
    for name, arm in arm_rows(comparison):
        if arm is None:
            rows.append((name, ABSENT, *[UNKNOWN] * len(figures)))
        else:
            values = (_figure_text(arm, one) for one in figures)
            rows.append((name, str(len(arm.seeds)), *values))
    return Table(title, before, ("arm", "seeds", *(one.title for one in figures)), tuple(rows))


def _figure_text(arm: Arm, one: Figure) -> str:
    found = over_seeds(arm, one)
    if found is None or one.interval:
        return interval_text(found, one.digits)
    return f"{found.mean:.{one.digits}f}"


def _window_notes(comparison: Comparison) -> tuple[str, ...]:
    notes = [
        "Mean and 95 % interval (Student's t) over seeds; every window weighs by the time it stands for."
        " AUROC and F1 are means over units, accuracy is pooled; ECE by 10 bins of equal time."
    ]
    chosen = comparison.arm(comparison.chosen) if comparison.chosen else None
    for key in JUDGED:
        found = over_units(chosen, key) if chosen is not None else None
        if found is not None and found.low is not None:
            text = interval_text(found, 3)
            notes.append(
                f"{figure(key).title} of {comparison.chosen}, bootstrap over {found.n} test units: {text}. So"
                " far other machines could move it; how far other seeds do, the table says."
            )
    return tuple(notes)


def _event_notes(comparison: Comparison) -> tuple[str, ...]:
    return (
        "Coverage: share of failing units whose alarm is on within the horizon. Lead time: median over units"
        " of the hours from the last rise of the standing alarm to the failure. A rise outside the horizon is"
        " a false alarm; the upper limit is what so few calm hours still allow (Garwood). CARE-like: after"
        " Gück et al. 2024.",
    )


def _thresholds(comparison: Comparison) -> Table:
    rows = []
    for arm in comparison.arms:
        for result in arm.seeds:
            chosen = result.threshold
            if chosen is None:
                continue
            rate = f"{chosen.false_alarms_per_day * 365.25:.1f}"
            share, days = f"{100 * chosen.false_alarm_fraction:.2f} %", f"{chosen.false_days:.2f}"
            caught = f"{chosen.caught_units} of {chosen.failing_units}"
            kept = "yes" if chosen.kept else "no threshold keeps to it"
            rows.append((arm.name, str(result.seed), str(chosen.on), rate, share, days, caught, kept))
    before = (
        f"Asked for: {comparison.asked or 'not said'}. Found on validation units, never on test units.",
    )
    head = ("arm", "seed", "threshold", "false alarms per turbine-year", "time in false alarm", "calm days",
            "caught", "kept")  # fmt: skip
    return Table("Thresholds", before, head, tuple(rows))


def _differences(comparison: Comparison) -> Table:
    rows = []
    for arm in comparison.arms:
        cells = []
        for key in JUDGED:
            found = difference(comparison, arm.name, figure(key))
            if found is not None:
                cells.append((figure(key), found))
        rows += [
            (arm.name, one.title, interval_text(found, 4, sign=True), str(found.n), verdict(found))
            for one, found in cells
        ]
    before = (f"Arm minus {BASE}, paired by seed; better or worse only where the interval excludes zero.",)
    head = ("arm", "figure", "difference, 95 % interval", "seeds", "says")
    return Table(f"Against the {BASE} student", before, head, tuple(rows))


def _units(comparison: Comparison, key: str) -> Table:
    means = {arm.name: unit_means(arm, key) for arm in comparison.arms}
    rows = [
        (unit, *(_decimal(means[arm.name].get(unit)) for arm in comparison.arms))
        for unit in comparison.test_units
    ]
    before = (f"Mean over seeds; {UNKNOWN} where a unit shows one class only.",)
    head = ("unit", *(arm.name for arm in comparison.arms))
    return Table(f"{figure(key).title}, by test unit", before, head, tuple(rows))


def _device(comparison: Comparison) -> Table:
    device = comparison.device
    if device is None:
        why = comparison.absent.get("device", "it was judged elsewhere")
        return Table("On the device", (f"Not run on the board here: {why}",), (), ())
    rows = (
        ("board", device.board),
        ("windows run", _number(device.windows)),
        ("bytes that differ from the host", _number(device.bytes_differing)),
        (
            "inputs verified against TFLite Micro",
            f"{device.verified_exact} of {device.verified_inputs} exact",
        ),
        ("instructions of one inference, at most", _number(device.instructions)),
        ("instructions of the features of one window, at most", _number(device.feature_instructions)),
        ("flash of the pack and the program, bytes", _number(device.flash_bytes)),
        ("RAM of an inference, bytes", _number(device.ram_bytes)),
        ("flash of the whole firmware, bytes", _number(device.firmware_flash_bytes)),
        ("RAM of the whole firmware, bytes", _number(device.firmware_ram_bytes)),
        ("stack that the firmware used, bytes", _number(device.stack_used_bytes)),
    )
    return Table("On the device", ("Measured on the emulated board.",), ("what", "value"), rows)


def _decimal(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.3f}"


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"
