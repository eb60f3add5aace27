"""The report's tables of scores: by window, as alarms, against the plain student, by unit, and thresholds."""

from __future__ import annotations

from aurora.shrink.comparison import Arm, Comparison
from aurora.shrink.figures import (
    BASE,
    INT8_BASE,
    JUDGED,
    Figure,
    base_of,
    difference,
    figure,
    over_seeds,
    over_units,
    unit_means,
    verdict,
)
from aurora.shrink.report_cells import ABSENT, UNKNOWN, Table, arm_rows, decimal, interval_text


def score_table(
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


def window_notes(comparison: Comparison) -> tuple[str, ...]:
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


def event_notes(comparison: Comparison) -> tuple[str, ...]:
    return (
        "Coverage: share of failing units whose alarm is on within the horizon. Lead time: median over units"
        " of the hours from the last rise of the standing alarm to the failure. A rise outside the horizon is"
        " a false alarm; the upper limit is what so few calm hours still allow (Garwood). CARE-like: after"
        " Gück et al. 2024.",
    )


def threshold_table(comparison: Comparison) -> Table:
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


def difference_table(comparison: Comparison) -> Table:
    rows = []
    for arm in comparison.arms:
        cells = []
        for key in JUDGED:
            found = difference(comparison, arm.name, figure(key))
            if found is not None:
                cells.append((figure(key), found))
        rows += [
            (
                arm.name,
                base_of(comparison, arm.name),
                one.title,
                interval_text(found, 4, sign=True),
                str(found.n),
                verdict(found),
            )
            for one, found in cells
        ]
    before = (
        f"Float arms against the student trained plainly ({BASE}), int8 arms against that one in int8"
        f" ({INT8_BASE}), the device against the arm that it runs, paired by seed; better or worse only where"
        " the interval excludes zero.",
    )
    head = ("arm", "against", "figure", "difference, 95 % interval", "seeds", "says")
    return Table("Against the plainly trained student", before, head, tuple(rows))


def unit_table_of(comparison: Comparison, key: str) -> Table:
    means = {arm.name: unit_means(arm, key) for arm in comparison.arms}
    rows = [
        (unit, *(decimal(means[arm.name].get(unit)) for arm in comparison.arms))
        for unit in comparison.test_units
    ]
    before = (f"Mean over seeds; {UNKNOWN} where a unit shows one class only.",)
    head = ("unit", *(arm.name for arm in comparison.arms))
    return Table(f"{figure(key).title}, by test unit", before, head, tuple(rows))
