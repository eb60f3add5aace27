"""Parts of the synthetic turbine against what their sources say."""

import numpy as np
import pytest
from aurora.signals.synth import bearings, degradation, drivetrain, operation, sensor, structure
from aurora.spec.chain import DEFAULT_ORDERS

RATE_HZ, SAMPLES = 12_800.0, 8192


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def spectrum_peak_hz(signal: np.ndarray, low_hz: float, high_hz: float) -> float:
    """Frequency of the largest line of the mean spectrum of [w, samples] in a band."""
    power = (np.abs(np.fft.rfft(signal * np.hanning(signal.shape[1]), axis=1)) ** 2).mean(axis=0)
    frequencies = np.fft.rfftfreq(signal.shape[1], 1 / RATE_HZ)
    band = (frequencies >= low_hz) & (frequencies <= high_hz)
    return float(frequencies[band][np.argmax(power[band])])


def test_fault_orders_are_those_of_the_literature() -> None:
    orders = bearings.Geometry(balls=9, ball_diameter=7.94, pitch_diameter=39.04).orders()
    found = (orders["outer_race"], orders["inner_race"], orders["ball"], orders["cage"])
    assert found == pytest.approx((3.585, 5.415, 4.714, 0.398), abs=2e-3)  # CWRU's table of the 6205
    assert found[:3] == pytest.approx(DEFAULT_ORDERS, abs=2e-3), (
        "a derived model looks for the default bearing"
    )


def test_impacts_come_at_the_fault_order_and_slip() -> None:
    shaft = np.full(6, 25.0)
    steady = bearings.impact_train(rng(), 3.585, 0.0, 0.0, shaft, np.ones(6), SAMPLES, RATE_HZ)
    slipping = bearings.impact_train(rng(), 3.585, 0.0, 0.05, shaft, np.ones(6), SAMPLES, RATE_HZ)
    expected = 3.585 * 25.0 * SAMPLES / RATE_HZ
    gaps = []
    for train in (steady, slipping):
        times = [np.flatnonzero(row > 0.1) for row in train]
        starts = [t[np.diff(t, prepend=-9) > 1] for t in times]
        assert all(abs(s.size - expected) <= 0.15 * expected for s in starts)
        gaps.append(np.concatenate([np.diff(s) for s in starts]))
    period = RATE_HZ / (3.585 * 25.0)
    assert np.abs(gaps[0] - period).max() <= 1.5
    assert 0.03 * period < gaps[1].std() < 0.07 * period


def test_an_inner_race_is_modulated_by_the_shaft() -> None:
    shaft, ones = np.full(8, 25.0), np.ones(8)
    train = bearings.impact_train(rng(), 5.415, 1.0, 0.0, shaft, ones, SAMPLES, RATE_HZ)
    slow = np.abs(np.fft.rfft(train, axis=1)).mean(axis=0)
    line = RATE_HZ / SAMPLES
    at = [slow[round(f / line) - 1 : round(f / line) + 2].max() for f in (25.0, 5.415 * 25 - 25, 5.415 * 25)]
    assert min(at) > 5 * np.median(slow[5:400])


def test_area_of_an_impact_does_not_depend_on_the_rate() -> None:
    shaft, ones = np.full(40, 25.0), np.ones(40)
    area = [
        bearings.impact_train(rng(1), 3.5, 0.0, 0.01, shaft, ones, int(0.64 * rate), rate).sum() / rate
        for rate in (6400.0, 25_600.0)
    ]
    assert area[0] == pytest.approx(area[1], rel=0.05)


def gears(tooth: float = 0.0, highest_order: float = 230.0) -> np.ndarray:
    windows = 6
    t_s = np.arange(SAMPLES) / RATE_HZ
    shaft, still = np.full(windows, 25.0), np.zeros(windows)
    turns = drivetrain.shaft_angle(rng(2).uniform(0, 1, windows), shaft, still, t_s)
    ones = np.ones(windows)
    return drivetrain.gear_force(rng(3), turns, ones * 0.7, ones * tooth, ones, highest_order)


def test_gear_ratios() -> None:
    assert pytest.approx(18.4, abs=0.2) == 1500 / drivetrain.ROTOR_RATIO


def test_meshes_stand_where_the_teeth_put_them_with_sidebands() -> None:
    force = gears()
    assert spectrum_peak_hz(force, 600, 800) == pytest.approx(29 * 25, abs=2)
    assert spectrum_peak_hz(force, 150, 180) == pytest.approx(23 * 25 * 29 / 103, abs=2)
    power = np.abs(np.fft.rfft(force * np.hanning(SAMPLES), axis=1)).mean(axis=0)
    line = RATE_HZ / SAMPLES
    sideband = power[round((29 * 25 + 25) / line)]
    between = power[round((29 * 25 + 12) / line)]
    assert sideband > 5 * between


def test_a_cracked_tooth_widens_the_sidebands() -> None:
    line = RATE_HZ / SAMPLES
    far = [round((29 + k) * 25 / line) for k in (4, 5, 6, 7)]
    sound, cracked = (np.abs(np.fft.rfft(gears(t), axis=1)).mean(axis=0)[far].sum() for t in (0.0, 1.0))
    assert cracked > 3 * sound


def test_no_tone_beyond_half_the_rate_is_folded_back() -> None:
    force = gears(highest_order=20.0)
    power = (np.abs(np.fft.rfft(force * np.hanning(SAMPLES), axis=1)) ** 2).mean(axis=0)
    beyond = int(23 * 25 / (RATE_HZ / SAMPLES))
    assert power[beyond:].sum() < 1e-3 * power.sum()


def test_shaft_angle_follows_the_ramp() -> None:
    t_s = np.linspace(0, 0.32, 1001)
    turns = drivetrain.shaft_angle(np.array([0.0]), np.array([25.0]), np.array([0.02]), t_s)[0]
    speed = np.gradient(turns, t_s)
    assert speed[[0, -1]] == pytest.approx([25 * 0.99, 25 * 1.01], rel=1e-3)
    assert turns[-1] == pytest.approx(25 * 0.32)


def test_mounting_spread() -> None:
    frequencies = np.fft.rfftfreq(1024, 1 / RATE_HZ)
    alike = [structure.mount(rng(seed), 3, frequencies, 0.0).transfer for seed in (0, 1)]
    spread = [structure.mount(rng(seed), 3, frequencies, 1.0).transfer for seed in (0, 1)]
    assert np.array_equal(*alike)
    ratio_db = 20 * np.log10(np.abs(spread[0][..., 20:]) / np.abs(spread[1][..., 20:]))
    assert 1.0 < np.median(np.abs(ratio_db)) < 9.0
    peak = frequencies[np.argmax(np.abs(alike[0][structure.BEARING, 0]))]
    assert np.min(np.abs(structure.MODES_HZ - peak)) < 100


def test_wind_and_load_keep_to_the_production_band() -> None:
    run = operation.operate(rng(), 2000, 4 * 3600.0)
    assert 0.25 < run.load.min() < run.load.mean() < run.load.max() <= 1.0
    assert run.shaft_hz.max() < 1.02 * 25
    assert run.shaft_hz.min() > 0.7 * 25
    correlation = np.corrcoef(run.load[:-1], run.load[1:])[0, 1]
    assert correlation == pytest.approx(np.exp(-4 / 5), abs=0.1)


def test_a_failing_life_ends_just_after_the_record() -> None:
    time_s = np.arange(240) * 14_400.0
    for seed in range(20):
        life = degradation.failing_life(rng(seed), time_s, 14_400.0)
        assert 0 < life.ttf_s[-1] <= 14_400
        assert np.allclose(np.diff(life.ttf_s), -14_400)
        assert not life.severity[: life.onset_window].any()
        assert (life.severity[life.onset_window :] > 0).all()
        assert 0.2 < np.median(life.severity[-10:]) < 5
        assert np.median(life.severity[-10:]) > 2 * np.median(life.severity[life.onset_window :][:10])


def test_a_sound_life_ages_a_little() -> None:
    for seed in range(20):
        life = degradation.sound_life(rng(seed), np.arange(100.0))
        assert np.isinf(life.ttf_s).all()
        assert not life.severity.any()
        assert 1.0 < life.ageing[-1] < 1.1


def test_the_sensor_adds_gain_offset_noise_and_rounding() -> None:
    silent = np.zeros((50, 4096), np.float32)
    readout = sensor.readout(rng(), np.full(50, 20.0), 1)
    counts, scale_g = sensor.digitise(rng(1), silent, readout, 0)
    measured = counts * scale_g[:, None]
    assert measured.mean(axis=1) == pytest.approx(readout.offset_g[:, 0], abs=3e-4)
    assert measured.std() == pytest.approx(sensor.NOISE_G, rel=0.05)
    hot = sensor.readout(rng(), np.full(50, 60.0), 1).gain.mean() - readout.gain.mean()
    assert 0 < hot < 0.05


def test_the_range_follows_the_peak_and_the_rails_hold() -> None:
    readout = sensor.Readout(np.ones((3, 1), np.float32), np.zeros((3, 1), np.float32))
    waves = np.outer([0.3, 3.0, 300.0], np.sin(np.arange(4096) / 9)).astype(np.float32)
    counts, scale_g = sensor.digitise(rng(), waves.copy(), readout, 0)
    assert scale_g * 32768 == pytest.approx([0.5, 4.0, 64.0])
    error = np.abs(counts[:2] * scale_g[:2, None] - waves[:2])
    assert error.max() < 6 * sensor.NOISE_G
    assert (counts[2].min(), counts[2].max()) == (-32768, 32767)
