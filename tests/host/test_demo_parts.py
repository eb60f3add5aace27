"""The demo's parts that need no board: which windows run, what the report says, what the picture shows."""

from pathlib import Path

import numpy as np
import pytest
from aurora.demo.picture import DriftBars, Timeline, draw
from aurora.demo.report import parse_report, report_text, summary_lines
from aurora.demo.selection import select_windows, take, with_drifted_copy
from aurora.signals.dataset import DataSet
from train_samples import small_fleet

REPORT = parse_report((Path(__file__).parents[1] / "vectors" / "demo_report.json").read_text())


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data")


def test_all_windows_run_where_nothing_bounds_them(fleet: DataSet) -> None:
    ids = [unit.id for unit in fleet.units[:3]]
    for most in (None, 10**6):
        chosen = select_windows(fleet, ids, most, 20)
        assert [unit.id for unit in chosen] == ids
        assert sum(unit.windows for unit in chosen) == sum(fleet.unit(i).windows for i in ids)


@pytest.mark.parametrize("most", [1, 25, 61, 100])
def test_a_bound_is_kept_and_calibration_comes_whole(fleet: DataSet, most: int) -> None:
    chosen = select_windows(fleet, [unit.id for unit in fleet.units], most, 20)
    assert 0.9 * most <= sum(unit.windows for unit in chosen) <= most
    for unit in chosen:
        whole = fleet.unit(unit.id)
        first = min(20, unit.windows)
        assert np.array_equal(unit.time_s[:first], whole.time_s[:first])
        assert (np.diff(unit.time_s) > 0).all()


def test_failing_units_come_first_under_a_bound(fleet: DataSet) -> None:
    chosen = select_windows(fleet, [unit.id for unit in reversed(fleet.units)], 60, 20)
    assert np.isfinite(chosen[0].ttf_s).any()


def test_taken_windows_keep_every_column_together(fleet: DataSet) -> None:
    unit, rows = fleet.units[0], np.array([5, 2, 9])
    part = take(unit, rows)
    for name in ("samples", "scale_g", "rpm", "load", "time_s", "stands_for_s", "fault", "ttf_s"):
        assert np.array_equal(getattr(part, name), getattr(unit, name)[rows], equal_nan=name != "samples"), (
            name
        )


def test_the_drifted_copy_differs_in_gain_alone(fleet: DataSet) -> None:
    unit, later = fleet.units[-1], np.array([12, 15, 20])
    both = with_drifted_copy(unit, 10, later, 1.2)
    assert both.windows == 10 + 3 + 3
    assert np.array_equal(both.samples[10:13], both.samples[13:])
    assert np.allclose(both.scale_g[13:], 1.2 * both.scale_g[10:13])
    assert np.array_equal(both.scale_g[:10], unit.scale_g[:10])


def test_the_report_survives_its_text() -> None:
    assert parse_report(report_text(REPORT)) == REPORT


def test_a_report_that_is_not_a_number_is_not_written() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        report_text({"auroc_leaky": float("nan")})


def test_differing_bytes_are_said_aloud() -> None:
    first = next(iter(summary_lines({**REPORT, "bytes_differing": 3})))
    assert "3 bytes differ, NOT WHAT THE HOST COMPUTED" in first


def test_what_the_data_do_not_allow_is_said() -> None:
    missing = {"auroc_mean": None, "auroc_leaky": None, "accuracy": None, "instructions": None, "drift": None}
    text = "\n".join(summary_lines({**REPORT, **missing}))
    assert "AUROC by unit: no labels for it" in text
    assert "accuracy: no labels for it" in text
    assert "drift: not judged" in text
    assert "instructions" not in text


TIMELINE = Timeline(
    unit="a", time_s=np.arange(4) * 3600.0, score=np.array([-9, 0, 9, 50], np.int8),
    alarm=np.array([False, True, True, False]), threshold=3, failure_s=4 * 3600.0, horizon_s=3600.0,
)  # fmt: skip
BARS = DriftBars("a", ("x", "y"), before=np.array([0.1, 0.2]), after=np.array([2.0, 3.0]))


@pytest.mark.parametrize("timeline", [TIMELINE, None], ids=["course", "no course"])
@pytest.mark.parametrize("bars", [BARS, None], ids=["drift", "no drift"])
def test_the_picture_is_drawn_with_whatever_there_is(
    timeline: Timeline | None, bars: DriftBars | None
) -> None:
    gone = {"auroc_per_unit": None, "instructions": None} if timeline is None else {}
    picture = draw({**REPORT, **gone}, timeline, bars)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert 20_000 < len(picture) < 200_000


def test_the_picture_is_the_same_twice() -> None:
    assert draw(REPORT, TIMELINE, BARS) == draw(REPORT, TIMELINE, BARS)
