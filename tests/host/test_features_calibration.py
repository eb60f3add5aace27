"""Self-calibration and quantisation: against numpy, frozen when it should be, defined for any value."""

from __future__ import annotations

import numpy as np
import pytest
from aurora._device import ffi, lib
from aurora.errors import InputError
from aurora.features import calibrate, normalise, quantize
from aurora.spec.chain import ChainSpec, compile_chain, with_normalisation
from aurora.spec.signal import SignalSpec

SIGNAL = SignalSpec(64, ("x", "y"), 1000.0)
TARGET, FEATURES = 20, 6
CHAIN = compile_chain(ChainSpec(calibration_windows=TARGET), SIGNAL)
ROWS = np.random.default_rng(1).normal(-5, 3, (50, FEATURES)).astype(np.float32)


def test_the_mean_is_that_of_the_first_windows() -> None:
    expected = ROWS[:TARGET].astype(float).mean(0).astype(np.float32)
    assert (calibrate(CHAIN, ROWS) == expected).all()
    assert (calibrate(CHAIN, ROWS[:TARGET]) == expected).all()


def test_off_is_zero() -> None:
    assert (calibrate(compile_chain(ChainSpec(), SIGNAL), ROWS) == 0).all()


def test_too_few_windows_are_no_calibration() -> None:
    with pytest.raises(InputError, match="19 windows, self-calibration takes 20"):
        calibrate(CHAIN, ROWS[:19])


def state_after(rows: np.ndarray):
    state = ffi.new("features_calibration *")
    lib.features_calibration_init(state, TARGET)
    codes = [lib.features_calibrate(state, ffi.from_buffer("float[]", row), FEATURES) for row in rows]
    return state, codes


def test_it_freezes_at_the_target() -> None:
    state, codes = state_after(ROWS)
    assert codes == [0] * (TARGET - 1) + [1] * (50 - TARGET + 1)
    assert state.count == TARGET


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_not_learnt(bad: float) -> None:
    rows = ROWS[:3].copy()
    rows[1, 2] = bad
    state, codes = state_after(rows)
    assert codes == [0, lib.FEATURES_E_COUNT, 0]
    assert state.count == 2


def test_more_features_than_there_is_room_for_are_refused() -> None:
    state = ffi.new("features_calibration *")
    assert lib.features_calibrate(state, ffi.new("float[129]"), 129) == lib.FEATURES_E_COUNT


def restored(state, target: int = TARGET, windows: int | None = None):
    other = ffi.new("features_calibration *")
    count = state.count if windows is None else windows
    return other, lib.features_calibration_restore(other, target, count, state.sum, FEATURES)


@pytest.mark.parametrize("cut", [1, 7, 20])
def test_a_calibration_cut_in_two_gives_the_same_bits(cut: int) -> None:
    whole, _ = state_after(ROWS)
    first, _ = state_after(ROWS[:cut])
    second, code = restored(first)
    assert code == 0
    for row in ROWS[cut:]:
        lib.features_calibrate(second, ffi.from_buffer("float[]", row), FEATURES)
    assert bytes(ffi.buffer(second)) == bytes(ffi.buffer(whole))


def test_a_hostile_restore_is_refused() -> None:
    state, _ = state_after(ROWS)
    assert restored(state, target=TARGET - 1)[1] == lib.FEATURES_E_COUNT
    for bad in (float("nan"), float("inf"), 1e300):
        state.sum[3] = bad
        assert restored(state)[1] == lib.FEATURES_E_COUNT
    other = ffi.new("features_calibration *")
    assert lib.features_calibration_restore(other, 1, 1, ffi.new("double[200]"), 129) == lib.FEATURES_E_COUNT


def test_quantisation_is_numpys_half_away_from_zero() -> None:
    rng = np.random.default_rng(2)
    center, gain = rng.normal(-5, 1, FEATURES), rng.uniform(0.5, 20, FEATURES)
    chain = with_normalisation(CHAIN, center, gain, -7)
    mean = calibrate(CHAIN, ROWS)
    calibrated, inputs = normalise(chain, ROWS, mean)
    assert (calibrated == ROWS - mean).all()
    v = (calibrated - center.astype(np.float32)) * gain.astype(np.float32)
    expected = np.clip(np.sign(v) * np.floor(np.abs(v) + np.float32(0.5)) - 7, -128, 127)
    assert (inputs == expected).all()
    assert (quantize(chain, ROWS, mean) == inputs).all()


@pytest.mark.parametrize(
    ("value", "quantised"),
    [
        (np.nan, -128),
        (np.inf, 127),
        (-np.inf, -128),
        (3e38, 127),
        (0.5, 1),
        (-0.5, -1),
        (0.4999, 0),
        (126.6, 127),
    ],
)
def test_any_float_has_a_quantised_value(value: float, quantised: int) -> None:
    chain = with_normalisation(CHAIN, np.zeros(FEATURES), np.ones(FEATURES), 0)
    rows = np.full((1, FEATURES), value, np.float32)
    assert quantize(chain, rows, np.zeros(FEATURES, np.float32))[0].tolist() == [quantised] * FEATURES


def test_a_chain_without_normalisation_cannot_quantise() -> None:
    with pytest.raises(InputError, match="no normalisation"):
        quantize(CHAIN, ROWS, np.zeros(FEATURES, np.float32))
