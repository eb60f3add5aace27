"""The board's drift statistics against numpy's: counts exactly, moments to 1e-6; merging; hostile parts."""

import ctypes
import json

import numpy as np
import pytest
from aurora.drift.accumulate import accumulate, drift_values
from aurora.drift.stats import DriftReport, merge_reports
from aurora.errors import InputError
from aurora.spec.baseline import Baseline, build_baseline, check_baseline


def baseline_of(values: np.ndarray, outputs: int = 0) -> Baseline:
    features = values.shape[1] - outputs
    names = tuple(f"c{i}" for i in range(values.shape[1]))
    return build_baseline(values[:, :features], values[:, features:].astype(np.int8), names)


def assert_equals_numpy(report: DriftReport, baseline: Baseline, values: np.ndarray) -> None:
    """Oracle: numpy in double precision. m3 crosses zero: its scale is sqrt(m2 m4)."""
    for index, channel in enumerate(report.channels):
        column = values[:, index]
        x = column[np.isfinite(column) & (np.abs(column) <= 1e8)].astype(np.float64)
        edges = baseline.edges[index].astype(np.float64)
        expected = np.array([(edges <= v).sum() for v in x], int)
        assert channel.bins.tolist() == np.bincount(expected, minlength=32).tolist()
        assert (channel.n, channel.missing) == (len(x), len(column) - len(x))
        if not len(x):
            assert (channel.mean, channel.m2, channel.m3, channel.m4) == (0, 0, 0, 0)
            continue
        d = x - x.mean()
        m2, m3, m4 = (d**2).sum(), (d**3).sum(), (d**4).sum()
        assert channel.mean == pytest.approx(x.mean(), rel=1e-6, abs=1e-6 * np.sqrt(m2 / len(x)) + 1e-30)
        assert channel.m2 == pytest.approx(m2, rel=1e-6)
        assert channel.m3 == pytest.approx(m3, abs=1e-6 * np.sqrt(m2 * m4) + 1e-30)
        assert channel.m4 == pytest.approx(m4, rel=1e-6)


SHAPES = {
    "normal": lambda r, w: r.normal(size=w),
    "offset-1e3": lambda r, w: 1e3 + r.normal(size=w),
    "offset-1e6": lambda r, w: -1e6 + r.normal(size=w) * 100,
    "skewed": lambda r, w: r.lognormal(0, 1.5, w),
    "tiny": lambda r, w: r.normal(size=w) * 1e-9,
    "drifting": lambda r, w: np.linspace(0, 50, w) + r.normal(size=w),
    "constant": lambda r, w: np.full(w, -3.7),
    "two-values": lambda r, w: r.integers(0, 2, w) * 255.0 - 128,
    "zeros": lambda r, w: np.zeros(w),
    "huge": lambda r, w: r.uniform(-1e8, 1e8, w),
}


@pytest.mark.parametrize("windows", [1, 2, 63, 64, 65, 127, 128, 129, 1000, 10_007])
def test_equals_numpy(windows: int) -> None:
    random = np.random.default_rng(windows)
    values = np.stack([make(random, windows) for make in SHAPES.values()], axis=1).astype(np.float32)
    baseline = baseline_of(values)
    assert_equals_numpy(accumulate(baseline, values), baseline, values)


def test_nothing_pushed_gives_zeros() -> None:
    values = np.zeros((4, 2), np.float32)
    baseline = baseline_of(values)
    assert_equals_numpy(accumulate(baseline, values[:0]), baseline, values[:0])


def test_values_that_are_not_finite_are_missing_in_their_channel_only() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(300, 3)).astype(np.float32)
    baseline = baseline_of(values)
    values[5, 0], values[6:80, 0], values[0, 1], values[7, 2] = np.nan, np.inf, -np.inf, 1.1e8
    report = accumulate(baseline, values)
    assert [c.missing for c in report.channels] == [75, 1, 1]
    assert_equals_numpy(report, baseline, values)


def test_lost_windows_are_counted_and_not_looked_at() -> None:
    values = np.random.default_rng(2).normal(size=(100, 2)).astype(np.float32)
    baseline = baseline_of(values)
    lost = np.arange(100) % 10 == 3
    values[lost] = 77
    report = accumulate(baseline, values, missing=lost)
    assert report.windows == 100
    assert [(c.n, c.missing) for c in report.channels] == [(90, 10), (90, 10)]
    assert_equals_numpy(accumulate(baseline, values[~lost]), baseline, values[~lost])


def test_a_value_on_an_edge_goes_up() -> None:
    values = np.arange(33, dtype=np.float32)[:, None]
    baseline = Baseline(("x",), 1, np.float32([-np.inf]), np.float32([np.inf]), values[1:32].T.copy())
    assert baseline.bin_indices(values)[:, 0].tolist() == [*range(32), 31]
    assert accumulate(baseline, values).channels[0].bins.tolist() == [1] * 31 + [2]
    below = np.nextafter(values, np.float32(-np.inf))
    assert baseline.bin_indices(below)[:, 0].tolist() == [0, *range(32)]
    assert accumulate(baseline, below).channels[0].bins.tolist() == [2] + [1] * 31


@pytest.mark.parametrize("value", [0.0, -0.0, 5.0, -5.0, 1e-39], ids=str)
def test_a_constant_channel_shows_a_rise_and_a_fall(value: float) -> None:
    baseline = baseline_of(np.full((50, 1), value, np.float32))
    steps = np.array([[value - 1], [value], [value + 1]], np.float32)
    assert len(set(baseline.bin_indices(steps)[:, 0].tolist())) == 3


def test_frequent_values_of_outputs_have_bins_of_their_own() -> None:
    outputs = np.random.default_rng(3).choice([-128, 3, 4, 127], size=(500, 1)).astype(np.int8)
    baseline = build_baseline(np.zeros((500, 0)), outputs, ("logit",))
    probes = np.array([[-128], [-100], [3], [4], [5], [127]], np.float32)
    bins = baseline.bin_indices(probes)[:, 0].tolist()
    assert bins == sorted(set(bins))
    report = accumulate(baseline, outputs.astype(np.float32))
    assert report.channels[0].saturated == int(np.isin(outputs, (-128, 127)).sum())


def test_saturation_of_features_is_at_their_limits() -> None:
    values = np.linspace(-2, 2, 401, dtype=np.float32)[:, None]
    baseline = build_baseline(values, np.zeros((401, 0), np.int8), ("x",), feature_limits=([-1], [1.5]))
    assert accumulate(baseline, values).channels[0].saturated == int(((values <= -1) | (values >= 1.5)).sum())


@pytest.mark.parametrize("cuts", [(1,), (63, 64, 65), (500,), (10, 20, 990)], ids=str)
def test_merged_intervals_equal_one(cuts: tuple[int, ...]) -> None:
    random = np.random.default_rng(4)
    values = np.stack([make(random, 1000) for make in SHAPES.values()], axis=1).astype(np.float32)
    baseline = baseline_of(values)
    merged = merge_reports(accumulate(baseline, part) for part in np.split(values, cuts))
    whole = accumulate(baseline, values)
    assert merged.windows == whole.windows
    assert [c.bins.tolist() for c in merged.channels] == [c.bins.tolist() for c in whole.channels]
    assert_equals_numpy(merged, baseline, values)


def test_merging_takes_empty_intervals_and_refuses_strangers() -> None:
    values = np.random.default_rng(5).normal(size=(10, 2)).astype(np.float32)
    baseline = baseline_of(values)
    report, empty = accumulate(baseline, values), accumulate(baseline, values[:0])
    assert report.merge(empty) == report == empty.merge(report)
    with pytest.raises(InputError, match="different packs"):
        report.merge(accumulate(baseline, values, pack_id="00ff"))
    with pytest.raises(InputError, match="no drift report"):
        merge_reports([])
    with pytest.raises(InputError, match="c0 with c1"):
        report.channels[0].merge(report.channels[1])


def test_reports_survive_json() -> None:
    values = np.random.default_rng(6).normal(size=(70, 3)).astype(np.float32)
    report = accumulate(baseline_of(values), values, pack_id="0011223344556677")
    assert DriftReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report
    record = report.to_dict()
    record["channels"][0]["n"] += 1
    with pytest.raises(InputError, match="add up"):
        DriftReport.from_dict(record)


def test_many_at_once_equals_one_by_one_and_reading_changes_nothing() -> None:
    from aurora._device import ffi, lib

    values = np.random.default_rng(7).normal(size=(200, 3)).astype(np.float32)
    baseline = baseline_of(values)
    part = baseline.to_bytes()
    held = ffi.from_buffer(part)
    state, channels, read = ffi.new("drift_state *"), ffi.new("drift_channel[3]"), ffi.new("drift_stats *")
    assert lib.drift_init(state, channels, 3, held, len(part)) == 0
    for row in values:
        lib.drift_push(state, ffi.cast("float *", ffi.from_buffer(row)))
        assert lib.drift_read(state, 2, read) == 0
    expected = accumulate(baseline, values).channels[2]
    assert (read.n, read.mean, read.m2, read.m3, read.m4) == (
        expected.n, expected.mean, expected.m2, expected.m3, expected.m4,
    )  # fmt: skip
    assert lib.drift_read(state, 3, read) == lib.DRIFT_E_CHANNEL
    lib.drift_reset(state)
    assert (state.interval, state.windows) == (1, 0)
    lib.drift_read(state, 0, read)
    assert (read.n, sum(read.bins), read.mean) == (0, 0, 0.0)
    state.windows = 2**32 - 1
    assert lib.drift_push(state, ffi.new("float[3]")) == lib.DRIFT_E_FULL
    assert lib.drift_push_missing(state) == lib.DRIFT_E_FULL
    assert lib.drift_init(state, channels, 2, held, len(part)) == lib.DRIFT_E_MEMORY
    assert ffi.sizeof("drift_channel") == 192


def test_flush_to_zero_of_the_calling_thread_changes_no_bit() -> None:
    """TensorFlow's threads flush denormals; fourth powers of small differences are denormal."""
    values = (np.random.default_rng(8).normal(size=(130, 1)) * 1e-9).astype(np.float32)
    baseline = baseline_of(values)
    expected = accumulate(baseline, values)
    libm = ctypes.CDLL("libm.so.6")
    environment = (ctypes.c_uint8 * 32)()
    libm.fegetenv(environment)
    try:
        changed = (ctypes.c_uint8 * 32)(*environment)
        mxcsr = int.from_bytes(bytes(changed[28:32]), "little") | 0x8040
        changed[28:32] = mxcsr.to_bytes(4, "little")
        libm.fesetenv(changed)
        flushed = accumulate(baseline, values)
    finally:
        libm.fesetenv(environment)
    assert flushed == expected
    assert 0 < expected.channels[0].m4 < 1e-30


def test_constant_time_bound_of_channels() -> None:
    values = np.random.default_rng(9).normal(size=(100, 128)).astype(np.float32)
    baseline = baseline_of(values)
    assert_equals_numpy(accumulate(baseline, values), baseline, values)
    with pytest.raises(InputError, match="DRIFT_E_CHANNELS"):
        baseline_of(np.zeros((3, 129), np.float32)).to_bytes()


GOOD = baseline_of(np.random.default_rng(10).normal(size=(99, 2)).astype(np.float32), 1).to_bytes()


def altered(at: int, new: bytes) -> bytes:
    return GOOD[:at] + new + GOOD[at + len(new) :]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (b"", "LENGTH"),
        (GOOD[:7], "LENGTH"),
        (GOOD[:-1], "LENGTH"),
        (GOOD + b"\0", "LENGTH"),
        (altered(0, b"\2"), "VERSION"),
        (altered(2, b"\x10"), "BINS"),
        (GOOD[:4] + bytes(4), "CHANNELS"),
        (altered(4, b"\x81"), "CHANNELS"),
        (altered(6, b"\3"), "CHANNELS"),
        (altered(16, np.float32(np.nan).tobytes()), "EDGES"),
        (altered(16, np.float32(np.inf).tobytes()), "EDGES"),
        (altered(136, np.float32(-9).tobytes()), "EDGES"),
        (altered(8, np.float32(np.nan).tobytes()), "EDGES"),
        (altered(8, np.float32([2, 1]).tobytes()), "EDGES"),
    ],
)
def test_a_damaged_baseline_is_refused_by_name(part: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=f"DRIFT_E_{reason}"):
        check_baseline(part)


def test_baseline_round_trip_and_misuse() -> None:
    values = np.random.default_rng(11).normal(size=(64, 3)).astype(np.float32)
    baseline = baseline_of(values, 1)
    back = Baseline.from_bytes(baseline.to_bytes(), baseline.names)
    assert back.to_bytes() == baseline.to_bytes()
    assert np.array_equal(back.edges, baseline.edges)
    assert drift_values(values[:, :2], values[:, 2:].astype(np.int8)).shape == (64, 3)
    for wrong in (values[:, :2], values[0]):
        with pytest.raises(InputError, match="give"):
            accumulate(baseline, wrong)
    with pytest.raises(InputError, match="marks"):
        accumulate(baseline, values, missing=np.zeros(3, bool))
    with pytest.raises(InputError, match="finite"):
        build_baseline(np.full((3, 1), np.nan), np.zeros((3, 0), np.int8), ("x",))
    with pytest.raises(InputError, match="names"):
        Baseline.from_bytes(baseline.to_bytes(), ("x",))
