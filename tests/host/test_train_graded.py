"""The graded form: its target, its metric, its minimum, and the narrower chain that it may choose."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aurora.errors import InputError
from aurora.features import chain_info
from aurora.signals.dataset import DataSet
from aurora.spec.chain import compile_chain, feature_names
from aurora.spec.model import TrainingSpec, load_model_toml, model_toml_text
from aurora.train import graded
from aurora.train.candidates import candidates, feature_sets, peak_bands
from aurora.train.derive import derive_spec
from aurora.train.fit import Trainer, train_model
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD
from aurora.train.rows import normalisation, stack
from aurora.train.split import split_units
from aurora.train.table import UnitTable, unit_table
from train_samples import rewritten, small_fleet, table, unlabelled_failure

HEADS = {FAILS_HEAD: 1, FAULT_HEAD: 2}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data")


def failing(name: str, seed: int, windows: int = 80) -> UnitTable:
    """A unit that runs to failure over four horizons; its first feature rises, the second is noise."""
    rng = np.random.default_rng(seed)
    left = np.linspace(4.0, 0.0, windows).astype(np.float32)
    rows = np.stack([-left + 0.3 * rng.normal(size=windows), 3.0 * rng.normal(size=windows)], axis=1)
    one = table(name, rows, fails=(left <= 1.0).astype(float), fault=(left < 2).astype(int))
    return replace(one, ttf_horizons=left)


def test_the_grade_falls_from_failure_through_a_half_at_the_horizon() -> None:
    times = np.array([0.0, 0.5, 1.0, 2.0, np.inf, np.nan], np.float32)
    expected = [1.0, 0.9097, 0.5, 0.0903, 0.0, np.nan]
    assert graded.grade(times, 0.3) == pytest.approx(expected, abs=1e-4, nan_ok=True)
    assert graded.grade(times, 1e-3)[[1, 3]] == pytest.approx([1.0, 0.0])


def test_units_and_sides_weigh_alike_whatever_their_length() -> None:
    tables = [
        failing("a", 1),
        failing("b", 2, windows=200),
        table("c", np.zeros((30, 2)), fails=np.zeros(30)),
    ]
    found = graded.graded_target(tables, 0.3)
    assert found is not None
    label, weight = found
    sides = np.split(label * weight, [80, 280]), np.split((1 - label) * weight, [80, 280])
    assert [part.sum() for part in sides[0]] == pytest.approx([0.25, 0.25, 0.0])
    assert [part.sum() for part in sides[1]] == pytest.approx([1 / 6] * 3)


def test_a_machine_that_never_comes_near_has_no_positive_windows() -> None:
    far = replace(failing("far", 3), ttf_horizons=np.linspace(6.0, 1.5, 80).astype(np.float32))
    far = replace(far, fails=np.zeros(80, np.float32))
    assert graded.graded_target([far], 0.3) is None
    label, weight = graded.graded_target([far, failing("a", 1)], 0.3) or (np.zeros(0), np.zeros(0))
    assert not (label * weight)[:80].any() and (label * weight)[80:].any()


def test_a_withheld_label_teaches_nothing_although_its_time_is_there() -> None:
    whole = failing("a", 1)
    withheld = replace(whole, fails=np.where(np.arange(80) % 2, np.nan, whole.fails).astype(np.float32))
    label, weight = graded.graded_target([withheld], 0.3) or (np.ones(80), np.ones(80))
    assert not weight[1::2].any() and weight[::2].all() and not label[1::2].any()
    nothing = replace(whole, fails=np.full(80, np.nan, np.float32))
    assert graded.graded_target([nothing], 0.3) is None


def test_the_metric_is_the_noise_between_neighbours_not_the_drift() -> None:
    rng = np.random.default_rng(5)
    drift = np.linspace(-40.0, 40.0, 4000)
    rows = np.stack([drift + rng.normal(size=4000), 0.1 * drift + 2.0 * rng.normal(size=4000)], axis=1)
    tables = [table("u", rows)]
    norm = replace(
        normalisation(tables, 1000.0), center=np.zeros(2, np.float32), spread=np.ones(2, np.float32)
    )
    found = graded.noise_metric(tables, norm)
    assert found[0, 0] == pytest.approx(0.9 * 1.0 + 0.1 * 2.5, rel=0.1)
    assert found[1, 1] == pytest.approx(0.9 * 4.0 + 0.1 * 2.5, rel=0.1)
    assert abs(found[0, 1]) < 0.2


def test_the_fit_stands_at_the_minimum_in_the_metric_of_the_noise() -> None:
    tables, l2 = [failing(name, seed) for seed, name in enumerate("abc")], 0.05
    norm = normalisation(tables, 8.0)
    layer = graded.fit_graded(tables, HEADS, norm, l2, 0.3).heads[FAILS_HEAD]
    x = stack(tables, norm).astype(np.float64)
    label, weight = graded.graded_target(tables, 0.3) or (np.zeros(0), np.zeros(0))
    error = weight * (1 / (1 + np.exp(-layer(x)[:, 0])) - label)
    slope = x.T @ error + l2 * graded.noise_metric(tables, norm) @ layer.weights[:, 0]
    assert np.abs(slope).max() < 1e-3 and abs(error.sum()) < 1e-3


def test_both_heads_come_out_and_a_head_of_one_class_does_not() -> None:
    tables = [failing(name, seed) for seed, name in enumerate("abc")]
    spec = TrainingSpec(form="graded", l2=0.1)
    norm, network = Trainer(HEADS, 1).fit(tables, spec)
    assert set(network.heads) == set(HEADS)
    score = network(norm(tables[0].calibrated))[FAILS_HEAD][:, 0]
    assert np.corrcoef(score, -tables[0].ttf_horizons)[0, 1] > 0.9
    sound = [replace(one, fault=np.zeros(80, np.int16)) for one in tables]
    assert set(Trainer(HEADS, 1).fit(sound, spec)[1].heads) == {FAILS_HEAD}


def test_a_narrower_choice_reads_what_its_own_chain_computes(fleet: DataSet) -> None:
    """Columns of the whole chain's features are, bit for bit, the narrower chain's features."""
    spec = derive_spec(fleet, "small")
    unit = fleet.units[0]
    whole = unit_table(compile_chain(spec.chain, spec.signal), fleet, unit)
    seen = set()
    for candidate in candidates(spec, units=4):
        assert candidate.source == spec.chain
        own = unit_table(compile_chain(candidate.chain, spec.signal), fleet, unit)
        part = candidate.table(whole)
        assert part.features.tobytes() == own.features.tobytes()
        assert part.calibration.tobytes() == own.calibration.tobytes()
        assert (part.scored == own.scored).all()
        seen.add(part.features.shape[1])
    assert len(seen) == 3


def test_a_narrower_choice_narrows_the_model(fleet: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = derive_spec(fleet, "small")

    def only_bands(model, units):
        return [c for c in candidates(model, units) if c.features == "bands"][:2]

    monkeypatch.setattr("aurora.train.fit.candidates", only_bands)
    model = train_model(fleet, spec, split_units(fleet, 1))
    count = len(feature_names(model.spec.chain, spec.signal.axes))
    assert model.spec.chain == feature_sets(spec.chain)["bands"] and model.spec.training.form == "graded"
    assert (model.network.inputs, chain_info(model.chain).feature_count) == (count, count)
    assert all(one.features.shape[1] == count for one in model.tables.values())
    monkeypatch.undo()
    again = train_model(fleet, model.spec, split_units(fleet, 1))
    for name, head in model.network.heads.items():
        assert head.weights.tobytes() == again.network.heads[name].weights.tobytes()


def test_where_only_fault_types_are_told_peaks_of_several_bands_are_tried(fleet: DataSet) -> None:
    spec = derive_spec(fleet, "small")
    assert spec.chain.envelope is not None and not list(peak_bands(spec))
    only_fault = replace(spec, labels=replace(spec.labels, horizon_s=None))
    tried = dict(peak_bands(only_fault))
    width = fleet.rate_hz / (2 * spec.chain.envelope.decimation)
    lows = [chain.envelope.low_hz for chain in tried.values() if chain.envelope is not None]
    assert lows[0] == pytest.approx(2 * width / 3, rel=1e-3) and lows[-1] == fleet.rate_hz / 2 - width
    for chain in tried.values():
        names = feature_names(chain, spec.signal.axes)
        assert all(".order" in name for name in names)
        assert chain_info(compile_chain(chain, spec.signal)).feature_count == len(names)
    known = replace(spec.chain, envelope=replace(spec.chain.envelope, low_hz=2000.0))
    assert not list(peak_bands(replace(only_fault, chain=known)))


def test_a_band_that_was_chosen_is_the_releases_own(fleet: DataSet, tmp_path: Path) -> None:
    """The winner's chain is extracted for the test units too, and trains to the same bits again."""
    only_fault = rewritten(fleet, tmp_path / "fault", ttf_s=unlabelled_failure)
    spec = derive_spec(only_fault, "small")
    split = split_units(only_fault, 1)
    model = train_model(only_fault, spec, split)
    bands = [name for name in model.rotation if " of peaks above " in name]
    assert len(bands) == 16
    told = model.spec.chain
    own = unit_table(compile_chain(told, spec.signal), only_fault, only_fault.unit(split.test[0]))
    assert model.tables[split.test[0]].features.tobytes() == own.features.tobytes()
    again = train_model(only_fault, model.spec, split)
    assert again.spec == model.spec
    for name, head in model.network.heads.items():
        assert head.weights.tobytes() == again.network.heads[name].weights.tobytes()


def test_parts_of_a_chain_that_are_empty_are_not_tried(fleet: DataSet) -> None:
    chain = derive_spec(fleet, "small").chain
    assert set(feature_sets(chain)) == {"all features", "statistics and bands", "bands"}
    assert set(feature_sets(replace(chain, envelope=None))) == {"all features", "bands"}
    assert set(feature_sets(replace(chain, statistics=(), log_statistics=()))) == {
        "all features", "statistics and bands"
    }  # fmt: skip
    peaks = replace(chain, statistics=(), log_statistics=(), band_edges_hz=())
    assert set(feature_sets(peaks)) == {"all features"}


def test_only_the_graded_form_writes_its_key(fleet: DataSet, tmp_path: Path) -> None:
    """A model.toml of another form keeps its bytes."""
    spec = derive_spec(fleet, "small")
    assert "spread" not in model_toml_text(spec)
    told = replace(spec, training=replace(spec.training, form="graded", spread=0.5))
    path = tmp_path / "model.toml"
    path.write_text(model_toml_text(told))
    assert load_model_toml(path) == told


@pytest.mark.parametrize(
    "values", [{"form": "dense", "spread": 0.3}, {"spread": 0.0}, {"spread": np.nan}], ids=str
)
def test_a_spread_that_means_nothing_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(InputError, match="spread"):
        TrainingSpec(**values)
