"""Distances, matched load, thresholds and verdicts: each against a plain calculation or a simulated unit."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from aurora.drift import (
    DriftReport,
    DriftThresholds,
    HealthyUnit,
    accumulate,
    fit_thresholds,
    judge,
    match_load,
)
from aurora.drift.distance import ks, psi, psi_bias, w1
from aurora.errors import InputError
from aurora.spec.baseline import Baseline, build_baseline
from numpy.typing import NDArray

CHANNELS = 6
NAMES = tuple(f"c{i}" for i in range(CHANNELS))


@dataclass(frozen=True)
class Known:
    """A unit's healthy windows before they are counted."""

    values: NDArray[np.float32]
    load: NDArray[np.float32]

    def binned(self, baseline: Baseline) -> HealthyUnit:
        return HealthyUnit(baseline.bin_indices(self.values), self.load)


def unit(seed: int, windows: int = 440, shift: float = 0.0) -> Known:
    """Levels that follow a correlated load, as a turbine's do; the last channel never moves."""
    random = np.random.default_rng(seed)
    load = np.empty(windows)
    state = random.normal()
    for i in range(windows):
        state = 0.9 * state + np.sqrt(1 - 0.81) * random.normal()
        load[i] = state
    load = 0.6 + 0.15 * load
    values = load[:, None] * random.uniform(0.5, 2, CHANNELS) + random.normal(0, 0.1, (windows, CHANNELS))
    values -= values[:20].mean(axis=0)  # self-calibration
    values[:, -1] = 3.0
    return Known((values + shift * (np.arange(CHANNELS) < 2)).astype(np.float32), load.astype(np.float32))


@pytest.fixture(scope="module")
def fitted() -> tuple[Baseline, DriftThresholds]:
    units = [unit(seed) for seed in range(4)]
    pooled = np.concatenate([u.values for u in units])
    baseline = build_baseline(pooled, np.zeros((len(pooled), 0), np.int8), NAMES)
    return baseline, fit_thresholds(baseline, [u.binned(baseline) for u in units], resamples=50)


def reports(baseline: Baseline, known: Known, shift: float = 0.0) -> tuple[DriftReport, DriftReport]:
    matched = match_load(known.load[:200], known.load[200:])
    later = known.values[200:][matched] + np.float32(shift) * (np.arange(CHANNELS) < 2)
    return accumulate(baseline, known.values[:200]), accumulate(baseline, later)


def test_distances_equal_scipy_on_the_binned_values() -> None:
    from scipy import stats

    random = np.random.default_rng(0)
    for _ in range(20):
        a, b = random.integers(0, 32, 300), np.minimum(random.integers(0, 36, 170), 31)
        counts = [np.bincount(x, minlength=32) for x in (a, b)]
        assert ks(*counts) == pytest.approx(stats.ks_2samp(a, b, method="asymp").statistic, abs=1e-12)
        assert w1(*counts) * 32 == pytest.approx(stats.wasserstein_distance(a, b), abs=1e-12)
        p, q = ((x + 0.5) / (x.sum() + 16) for x in counts)
        assert psi(*counts) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p))


def test_the_bias_of_the_stability_index_is_what_chance_gives() -> None:
    """Without any shift its mean is the stated bias, whatever the sizes: it must not be taken for drift."""
    random = np.random.default_rng(1)
    for n, m in ((400, 400), (1000, 200), (5000, 5000)):
        a, b = (random.multinomial(size, np.full(32, 1 / 32), 400) for size in (n, m))
        assert psi(a, b).mean() == pytest.approx(psi_bias(a, b).mean(), rel=0.15)


def test_distances_of_empty_histograms_are_zero() -> None:
    empty = np.zeros((3, 32), np.int64)
    assert not ks(empty, empty).any() and not psi(empty, empty).any() and not w1(empty, empty).any()


@pytest.mark.parametrize("seed", range(5))
def test_matched_windows_have_the_load_of_the_baseline(seed: int) -> None:
    random = np.random.default_rng(seed)
    base, load = random.normal(0.6, 0.1, 200), random.uniform(0.2, 1.2, 600)
    rows = match_load(base, load)
    assert len(rows) >= 120 and len(set(rows.tolist())) == len(rows) and (np.diff(rows) > 0).all()
    middle = np.linspace(0.1, 0.9, 17)
    assert np.abs(np.quantile(load[rows], middle) - np.quantile(base, middle)).max() < 0.04
    assert abs(load[rows].mean() - base.mean()) < 0.01 < abs(load.mean() - base.mean())


def test_loads_that_do_not_overlap_match_nothing() -> None:
    assert len(match_load(np.linspace(0.1, 0.3, 200), np.linspace(0.5, 1, 200))) == 0
    assert len(match_load(np.linspace(0.1, 0.9, 200), np.linspace(0.1, 0.9, 49))) == 0
    assert len(match_load(np.linspace(0.1, 0.9, 200), np.array([]))) == 0


def test_without_known_load_every_window_counts() -> None:
    nothing = np.full(5, np.nan)
    assert match_load(nothing, np.ones(3)).tolist() == [0, 1, 2]
    assert match_load(np.ones(3), nothing).tolist() == [0, 1, 2, 3, 4]
    some = np.r_[np.linspace(0.1, 0.9, 300), np.nan]
    assert 300 not in match_load(np.linspace(0.1, 0.9, 200), some)


def test_healthy_units_are_quiet_and_a_shift_is_raised(fitted: tuple[Baseline, DriftThresholds]) -> None:
    baseline, thresholds = fitted
    quiet = [judge(*reports(baseline, unit(seed)), thresholds) for seed in range(100, 120)]
    raised = [judge(*reports(baseline, unit(seed), 0.4), thresholds) for seed in range(100, 120)]
    assert sum(verdict.healthy for verdict in quiet) >= 19
    assert sum(verdict.alarm for verdict in raised) >= 19
    assert all(set(verdict.features) <= {"c0", "c1"} for verdict in raised if verdict.alarm)
    assert all(verdict.distances[verdict.features[0]] > 1 for verdict in raised if verdict.alarm)


def test_load_that_is_not_matched_would_be_taken_for_drift(fitted: tuple[Baseline, DriftThresholds]) -> None:
    baseline, thresholds = fitted
    known = unit(7, 800)
    before = accumulate(baseline, known.values[:200])
    high = known.values[200:][known.load[200:] > 0.7]
    assert judge(before, accumulate(baseline, high), thresholds).alarm


def test_a_short_interval_widens_the_thresholds(fitted: tuple[Baseline, DriftThresholds]) -> None:
    baseline, thresholds = fitted
    before, after = reports(baseline, unit(31), 0.06)
    known = judge(before, after, thresholds)
    longer = replace(thresholds, interval_windows=after.windows * 4)
    scaled = judge(before, after, longer)
    assert scaled.distances["c0"] < known.distances["c0"]
    shorter = [judge(before, after, replace(thresholds, interval_windows=size)) for size in (20, 40)]
    assert shorter[0].distances == shorter[1].distances  # never narrowed


def test_too_little_data_is_not_monitoring(fitted: tuple[Baseline, DriftThresholds]) -> None:
    baseline, thresholds = fitted
    known = unit(8)
    full, young = accumulate(baseline, known.values[:200]), accumulate(baseline, known.values[:199])
    brief, enough = accumulate(baseline, known.values[200:249]), accumulate(baseline, known.values[200:250])
    for before, after in ((young, enough), (full, brief), (young, brief)):
        verdict = judge(before, after, thresholds)
        assert (verdict.state, verdict.alarm, verdict.features) == ("not_monitoring", False, [])
        assert not verdict.healthy
    assert judge(full, enough, thresholds).state == "monitoring"


def test_missing_windows_are_a_fault_of_the_sensor(fitted: tuple[Baseline, DriftThresholds]) -> None:
    baseline, thresholds = fitted
    known = unit(9)
    before = accumulate(baseline, known.values[:200])
    lost = np.arange(200) < 21
    verdict = judge(before, accumulate(baseline, known.values[200:400], missing=lost), thresholds)
    assert (verdict.state, verdict.alarm, verdict.healthy) == ("sensor_fault", False, False)
    few = judge(before, accumulate(baseline, known.values[200:400], missing=np.arange(200) < 20), thresholds)
    assert few.state == "monitoring"


def test_a_signal_that_stands_still_is_a_fault_of_the_sensor(
    fitted: tuple[Baseline, DriftThresholds],
) -> None:
    baseline, thresholds = fitted
    known = unit(10)
    before = accumulate(baseline, known.values[:200])
    still = np.repeat(known.values[:1], 100, axis=0)
    assert judge(before, accumulate(baseline, still), thresholds).state == "sensor_fault"


def test_what_cannot_be_compared_is_refused(fitted: tuple[Baseline, DriftThresholds]) -> None:
    baseline, thresholds = fitted
    before, after = reports(baseline, unit(11))
    with pytest.raises(InputError, match="same pack"):
        judge(before, replace(after, pack_id="ab"), thresholds)
    with pytest.raises(InputError, match="same pack"):
        judge(before, after, replace(thresholds, names=NAMES[::-1]))


def test_thresholds_need_long_enough_units_and_survive_json(fitted: tuple[Baseline, DriftThresholds]) -> None:
    baseline, thresholds = fitted
    assert DriftThresholds.from_dict(json.loads(json.dumps(thresholds.to_dict()))) == thresholds
    assert (thresholds.units, thresholds.baseline_windows) == (4, 200)
    again = [unit(seed).binned(baseline) for seed in range(4)]
    assert thresholds == fit_thresholds(baseline, again, resamples=50)
    with pytest.raises(InputError, match="no healthy validation unit"):
        fit_thresholds(baseline, [unit(0, 249).binned(baseline)])
    for wrong in ({}, {**thresholds.to_dict(), "ks": [1.0]}, {**thresholds.to_dict(), "more": 1}):
        with pytest.raises(InputError, match="thresholds"):
            DriftThresholds.from_dict(wrong)


def test_bootstrap_keeps_runs_of_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single windows drawn one by one would forget that load is correlated, and set thresholds too low."""
    units = [unit(seed) for seed in range(4)]
    pooled = np.concatenate([u.values for u in units])
    baseline = build_baseline(pooled, np.zeros((len(pooled), 0), np.int8), NAMES)
    known = [u.binned(baseline) for u in units]
    blocks, single = (fit_thresholds(baseline, known, resamples=50, block_windows=b) for b in (24, 1))
    assert np.mean(blocks.ks) > np.mean(single.ks)


def test_missing_values_have_no_bin() -> None:
    baseline = build_baseline(np.arange(64.0)[:, None], np.zeros((64, 0), np.int8), ("x",))
    rows = np.array([[np.nan], [np.inf], [-np.inf], [2e8], [5.0]], np.float32)
    bins = baseline.bin_indices(rows)[:, 0]
    assert (bins < 0).tolist() == [True, True, True, True, False]
    assert accumulate(baseline, rows).channels[0].bins[bins[-1]] == 1
