"""Augmented copies: each change does what its physics says, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from aurora.errors import InputError
from aurora.signals.dataset import Unit
from aurora.train.augment import AugmentSpec, augment_unit, change_speed, convert, mounting

N, RATE_HZ = 1024, 8192.0
NOTHING = AugmentSpec(speed=0, load=0, gain=0, offset_g=0, noise=0, mounting_deg=0, missing_axis=0)


def tone(hz: float, amplitude: float = 1.0) -> np.ndarray:
    return amplitude * np.cos(2 * np.pi * hz * np.arange(N) / RATE_HZ)


def unit(windows: int = 40) -> Unit:
    """Two axes in g: a tone of 512 Hz and one of 1,000 Hz with noise, at different scales."""
    rng = np.random.default_rng(4)
    g = np.stack([tone(512.0), 0.2 * tone(1000.0)])[None] + 0.02 * rng.normal(size=(windows, 2, N))
    samples, scale = convert(g)
    column = np.zeros(windows, np.float32)
    left = np.arange(windows, dtype=np.float32)[::-1]
    return Unit(
        id="u", samples=samples, scale_g=scale, rpm=column + 1500, load=column, time_s=column.astype(float),
        stands_for_s=column + 1, fault=column.astype(np.int16), ttf_s=left,
        healthy_start_windows=3,
    )  # fmt: skip


def in_g(one: Unit) -> np.ndarray:
    return one.samples * one.scale_g[:, :, None].astype(np.float64)


def peak_hz(signal: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(N), 16 * N))
    return float(spectrum.argmax() * RATE_HZ / (16 * N))


def test_nothing_asked_changes_nothing_but_the_id() -> None:
    one = unit()
    copy = augment_unit(one, NOTHING, 7)
    assert copy.id == "u~7" and copy.ttf_s is one.ttf_s and np.array_equal(copy.rpm, one.rpm)
    assert in_g(copy) == pytest.approx(in_g(one), abs=1e-4)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, again, other = (augment_unit(unit(), AugmentSpec(), seed) for seed in (1, 1, 2))
    assert first.samples.tobytes() == again.samples.tobytes()
    assert first.scale_g.tobytes() == again.scale_g.tobytes() and first.rpm.tobytes() == again.rpm.tobytes()
    assert first.samples.tobytes() != other.samples.tobytes()


@pytest.mark.parametrize("faster", [0.9, 0.97, 1.03, 1.1])
def test_a_faster_shaft_moves_its_tones_and_says_so(faster: float) -> None:
    moved = change_speed(tone(512.0)[None, None], np.array([faster]))
    assert peak_hz(moved[0, 0]) == pytest.approx(512.0 * faster, abs=1.0)
    assert moved[0, 0, : N // 2] == pytest.approx(tone(512.0 * faster)[: N // 2], abs=0.02)


def test_what_would_fold_over_is_removed() -> None:
    high = tone(0.48 * RATE_HZ)[None, None]
    folded = np.abs(np.fft.rfft(change_speed(high, np.array([1.15]))[0, 0] * np.hanning(N)))
    assert folded.max() < 0.02 * np.abs(np.fft.rfft(high[0, 0] * np.hanning(N))).max()


def test_rpm_follows_the_tones_window_by_window() -> None:
    copy = augment_unit(unit(), replace(NOTHING, speed=0.05), 3)
    assert len(set(copy.rpm.tolist())) == 40 and np.abs(copy.rpm / 1500 - 1).max() <= 0.05
    for window in (0, 17, 39):
        assert peak_hz(in_g(copy)[window, 0]) == pytest.approx(512.0 * copy.rpm[window] / 1500, abs=1.0)


def test_load_moves_a_windows_axes_together_gain_an_axis_of_all_windows() -> None:
    level = in_g(unit()).std(axis=2)
    loaded = in_g(augment_unit(unit(), replace(NOTHING, load=0.5), 3)).std(axis=2) / level
    assert loaded[:, 0] == pytest.approx(loaded[:, 1], rel=1e-3) and loaded[:, 0].std() > 0.1
    gained = in_g(augment_unit(unit(), replace(NOTHING, gain=0.5), 3)).std(axis=2) / level
    assert (
        gained.std(axis=0) == pytest.approx([0.0, 0.0], abs=1e-3) and abs(gained[0, 0] - gained[0, 1]) > 0.05
    )


def test_offset_is_an_axis_own_and_stays() -> None:
    means = in_g(augment_unit(unit(), replace(NOTHING, offset_g=0.5), 3)).mean(axis=2)
    assert means.std(axis=0) == pytest.approx([0.0, 0.0], abs=3e-3)
    assert abs(means[0, 0] - means[0, 1]) > 0.01 and np.abs(means).max() <= 0.51


def test_noise_is_white_and_relative_to_the_window() -> None:
    one = unit()
    added = in_g(augment_unit(one, replace(NOTHING, noise=0.5), 3)) - in_g(one)
    assert (added.std(axis=2) / in_g(one).std(axis=2)).mean() == pytest.approx(0.5, rel=0.03)
    neighbours = (added[:, :, 1:] * added[:, :, :-1]).mean() / (added**2).mean()
    assert abs(neighbours) < 0.02


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_mounting_turns_and_keeps_the_energy(axes: int) -> None:
    turn = mounting(axes, 0.5, np.random.default_rng(1))
    assert turn @ turn.T == pytest.approx(np.eye(axes), abs=1e-12) and np.linalg.det(turn) == pytest.approx(
        1.0
    )
    assert axes == 1 or abs(turn[0, 1]) > 0.05


def test_a_dead_axis_is_dead_throughout_and_never_the_only_one() -> None:
    copy = augment_unit(unit(), replace(NOTHING, missing_axis=1.0), 3)
    silent = (copy.samples == 0).all(axis=(0, 2))
    assert silent.sum() == 1 and np.isfinite(copy.scale_g).all() and (copy.scale_g > 0).all()
    one = unit()
    single = replace(one, samples=one.samples[:, :1], scale_g=one.scale_g[:, :1])
    assert augment_unit(single, replace(NOTHING, missing_axis=1.0), 3).samples.any()


def test_nothing_reaches_the_rail() -> None:
    copy = augment_unit(unit(), AugmentSpec(gain=3.0, load=3.0, offset_g=5.0), 3)
    assert np.abs(copy.samples.astype(int)).max() <= 32000


@pytest.mark.parametrize(
    "values",
    [{"speed": 0.5}, {"noise": -1.0}, {"gain": np.inf}, {"missing_axis": 2.0}, {"load": np.nan}],
    ids=str,
)
def test_what_cannot_be_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(InputError, match="augment"):
        AugmentSpec(**values)
