"""The synthetic fleet as data: reproducible, sound by its own check, hard but not hopeless to learn from."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aurora.errors import InputError
from aurora.signals.checks import check_dataset
from aurora.signals.dataset import DataSet, Unit, apply_gain, fails_within
from aurora.signals.synth.fleet import FAULT_TYPES, Fleet, synthesise, synthesise_unit

SMALL = Fleet(seed=3, units=5, healthy=1, windows=60, healthy_windows=60, n=256, axes=2)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """Eight failing and two healthy units, two axes of 1,024 samples."""
    folder = tmp_path_factory.mktemp("fleet") / "d"
    return synthesise(folder, Fleet(seed=1, units=10, healthy=2, healthy_windows=400, n=1024, axes=2))


def band_features(unit: Unit, rate_hz: float) -> np.ndarray:
    """[w, F]: log power in 10 bands, log RMS, log kurtosis and log crest per axis."""
    x = unit.samples * unit.scale_g[..., None]
    x = x - x.mean(axis=-1, keepdims=True)
    power = np.abs(np.fft.rfft(x * np.hanning(x.shape[-1]))) ** 2
    edges = np.geomspace(2, power.shape[-1], 11).astype(int)
    rms = x.std(axis=-1)
    columns = [np.log(power[..., a:b].mean(axis=-1)) for a, b in itertools.pairwise(edges)]
    columns += [np.log(rms), np.log((x**4).mean(axis=-1) / rms**4), np.log(np.abs(x).max(axis=-1) / rms)]
    return np.concatenate(columns, axis=1)


def auroc(scores: np.ndarray, labels: np.ndarray) -> float:
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(1, len(scores) + 1)
    positives = labels.sum()
    return float(
        (ranks[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))
    )


def logistic(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights [F + 1] of a class-weighted logistic regression on standardised features."""
    design = np.c_[features, np.ones(len(features))]
    weight = np.where(labels == 1, 0.5 / labels.mean(), 0.5 / (1 - labels.mean())) / len(labels)
    w = np.zeros(design.shape[1])
    for _ in range(10):  # Newton
        p = 1 / (1 + np.exp(-np.clip(design @ w, -30, 30)))
        slope = design.T @ (weight * (p - labels)) + 1e-3 * w
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-3 * np.eye(len(w))
        w -= np.linalg.solve(curvature, slope)
    return w


def test_units_left_out_are_neither_trivial_nor_hopeless(fleet: DataSet) -> None:
    assert fleet.horizon_s is not None
    features = {u.id: band_features(u, fleet.rate_hz) for u in fleet.units}
    features = {name: rows - rows[:40].mean(axis=0) for name, rows in features.items()}
    labels = {u.id: fails_within(u, fleet.horizon_s) for u in fleet.units}
    failing = [u.id for u in fleet.units if labels[u.id].any()]
    figures = []
    for held_out in failing:
        others = [name for name in features if name != held_out]
        stack = np.concatenate([features[name] for name in others])
        mean, std = stack.mean(axis=0), stack.std(axis=0)
        w = logistic((stack - mean) / std, np.concatenate([labels[name] for name in others]))
        scores = (features[held_out] - mean) / std @ w[:-1]
        figures.append(auroc(scores, labels[held_out]))
    assert len(figures) == 8
    assert 0.85 < np.mean(figures) < 0.99, figures


def test_a_gain_change_is_larger_than_what_a_healthy_unit_does_by_itself(fleet: DataSet) -> None:
    for healthy in fleet.units[-2:]:
        first, later = slice(0, 200), slice(200, None)
        plain = band_features(healthy, fleet.rate_hz)
        raised = band_features(apply_gain(healthy, 1.2), fleet.rate_hz)
        before = [ks(plain[first, j], plain[later, j]) for j in range(plain.shape[1])]
        after = [ks(plain[first, j], raised[later, j]) for j in range(plain.shape[1])]
        assert max(before) < 0.25, "stationary apart from benign ageing"
        assert max(after) > 0.4


def ks(a: np.ndarray, b: np.ndarray) -> float:
    grid = np.sort(np.r_[a, b])
    steps = [np.searchsorted(np.sort(x), grid, side="right") / len(x) for x in (a, b)]
    return float(np.abs(steps[0] - steps[1]).max())


def test_labels(fleet: DataSet) -> None:
    kinds = [FAULT_TYPES[u.fault[-1]] for u in fleet.units]
    assert kinds == ["inner_race", "outer_race", "ball", "gear_tooth"] * 2 + ["healthy"] * 2
    assert fleet.horizon_s is not None
    for unit, kind in zip(fleet.units, kinds, strict=True):
        share = fails_within(unit, fleet.horizon_s).mean()
        assert np.isfinite(unit.rpm).all()
        assert 0.2 < unit.load.min() <= unit.load.max() <= 1
        if kind == "healthy":
            assert (share, unit.healthy_start_windows) == (0, 200)
        else:
            assert 0.15 <= share <= 0.25
            assert unit.healthy_start_windows == 40
        assert (unit.fault[: unit.healthy_start_windows] == 0).all()


def test_its_own_check_finds_nothing(fleet: DataSet) -> None:
    assert check_dataset(fleet.path).findings == ()


def test_the_seed_decides_everything(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        synthesise(tmp_path / name, replace(SMALL, seed=seed))
    names = ["manifest.json", "units/wt01/samples.npy", "units/wt05/windows.npz"]
    one, two, other = ([(tmp_path / f / n).read_bytes() for n in names] for f in ("one", "two", "other"))
    assert one == two
    assert all(a != b for a, b in zip(one, other, strict=True))


def test_a_unit_does_not_depend_on_those_beside_it(tmp_path: Path) -> None:
    small = synthesise(tmp_path / "small", SMALL)
    large = synthesise(tmp_path / "large", replace(SMALL, units=7))
    assert np.array_equal(small.units[2].samples, large.units[2].samples)


@pytest.mark.parametrize("kind", FAULT_TYPES)
@pytest.mark.parametrize(("n", "rate_hz", "axes"), [(64, 1000.0, 1), (256, 2000.0, 8), (512, 51_200.0, 2)])
def test_any_window_can_be_made(kind: str, n: int, rate_hz: float, axes: int) -> None:
    fleet = Fleet(n=n, rate_hz=rate_hz, axes=axes, windows=20, healthy_windows=20)
    unit = synthesise_unit(np.random.default_rng(0), "wt01", kind, fleet)
    assert unit.samples.shape == (20, axes, n)
    assert (unit.samples.max(axis=-1) > unit.samples.min(axis=-1)).all()


BAD = [
    {"units": 0}, {"healthy": 99}, {"windows": 3}, {"n": 1}, {"axes": 0}, {"axes": 9}, {"rate_hz": 10.0},
    {"rate_hz": float("nan")}, {"seed": -1}, {"windows": 99_999, "n": 4096}, {"interval_s": 0.0},
    {"horizon_share": 0.0}, {"spread": -1.0},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD, ids=str)
def test_impossible_fleets_are_refused(tmp_path: Path, change: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(change)).split("_")[0]):
        synthesise(tmp_path / "d", replace(SMALL, **change))
    assert not (tmp_path / "d").exists()
