"""A release: the same seed gives the same bytes, its hashes hold, and its figures are those of its model."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aurora.build.release_choice import choose_release
from aurora.compress.baseline import DriftData
from aurora.compress.int8 import Int8Model, read_quantisation, representative_rows
from aurora.compress.judge import Judged, judge
from aurora.compress.produce import limits, produce_release
from aurora.compress.release import EXPORTS, FILES, RELEASE_FILE, Release, load_release
from aurora.compress.tflm import TflmInterpreter
from aurora.errors import InputError
from aurora.features import calibrate, chain_info, extract, normalise
from aurora.signals.dataset import DataSet, is_healthy
from aurora.spec.chain import compile_chain, features_id
from aurora.train.fit import TrainedModel
from aurora.train.metrics import FAILS_HEAD, Scores
from tflite_file import TfliteFile
from train_samples import train_small

ROOT = Path(__file__).resolve().parents[2]


def test_same_seed_gives_the_same_bytes(fleet: DataSet, release: Release, tmp_path: Path) -> None:
    again = produce_release(train_small(fleet), fleet, tmp_path / "again")
    for name in (*FILES, *EXPORTS, RELEASE_FILE):
        assert (again.path / name).read_bytes() == (release.path / name).read_bytes(), name
    assert again.id == release.id


def test_network_input_is_what_the_feature_library_gives(
    fleet: DataSet, trained: TrainedModel, release: Release
) -> None:
    """Raw samples to int8 through the release's chain: within half a step of the float network's input."""
    unit = fleet.unit(trained.split.test[0])
    features, _ = extract(release.chain, unit.samples, unit.scale_g, fleet.rate_hz, unit.rpm)
    calibrated, inputs = normalise(release.chain, features, calibrate(release.chain, features))
    _, (scale, zero_point) = read_quantisation(release.tflite)
    assert (scale, zero_point) == (trained.norm.scale, 0)
    real = (inputs.astype(np.float64) - zero_point) * scale
    assert np.abs(real - trained.norm(calibrated)).max() <= 0.5001 * scale
    assert chain_info(release.chain).input_zero_point == zero_point


def test_chain_means_the_same_features_with_and_without_normalisation(release: Release) -> None:
    plain = compile_chain(release.spec.chain, release.spec.signal)
    assert features_id(plain) == release.features_id == bytes.fromhex(release.document["features_id"])


def test_int8_scores_are_near_the_float_ones(release: Release) -> None:
    metrics = release.document["metrics"]
    for figure in ("auroc_mean", "accuracy"):
        assert abs(metrics[figure]["float"] - metrics[figure]["int8_host"]) < 0.05
    assert metrics["auroc_leaky"] > 0.5 and metrics["logistic_regression"]["auroc_mean"] > 0.5
    sound = [unit for unit, value in metrics["auroc_per_unit"].items() if value is None]
    assert sound, "a unit that never fails has no AUROC"


def test_outputs_are_bound_by_name(release: Release) -> None:
    names = [head["name"] for head in release.document["heads"]]
    assert names == sorted(names) == ["fails_within_h", "fault_type"]
    decision = release.decision
    assert decision.fails_within is not None and decision.fault_type is not None
    assert (decision.fails_within.offset, decision.fault_type.offset, decision.output_bytes) == (0, 1, 6)


def test_golden_vectors_are_tflm_s(release: Release) -> None:
    assert len(release.golden_inputs) >= 8 + 6
    again = TflmInterpreter(release.tflite).run(release.golden_inputs)
    assert again.tobytes() == release.golden_outputs.tobytes()
    extremes = {int(row[0]) for row in release.golden_inputs if len(set(row.tolist())) == 1}
    assert {-128, 0, 127} <= extremes


def test_form_that_was_chosen_is_written_down(release: Release) -> None:
    assert release.spec.training.form == "dense" == release.document["form"]


def test_drift_data_cover_features_and_outputs(release: Release) -> None:
    drift = release.drift
    count = chain_info(release.chain).feature_count
    assert drift.baseline.features == count and len(drift.baseline.names) == count + 6
    assert drift.bins.shape == (len(drift.unit), count + 6) and len(drift.bins)
    assert set(drift.unit_ids) == set(release.document["split"]["train"])


def test_drift_data_hold_healthy_windows_after_self_calibration(
    fleet: DataSet, trained: TrainedModel, release: Release
) -> None:
    drift = release.drift
    counts = {u: int((drift.unit == i).sum()) for i, u in enumerate(drift.unit_ids)}
    known = {u: trained.tables[u].scored & is_healthy(fleet, fleet.unit(u)) for u in drift.unit_ids}
    assert counts == {u: int(rows.sum()) for u, rows in known.items()}
    assert any(counts.values())


@pytest.mark.parametrize("bad", [-2, 32])
def test_a_forged_bin_is_refused(release: Release, bad: int) -> None:
    with np.load(io.BytesIO(release.drift.to_bytes())) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["bins"][0, 0] = bad
    with pytest.raises(InputError, match="a bin that does not exist"):
        DriftData.from_arrays(arrays)


def test_representative_rows_span_input_and_outputs(
    trained: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However tame the units: the input's scale is known beforehand, no logit of theirs saturates."""
    norm = trained.norm
    tame = replace(trained, norm=replace(norm, spread=norm.spread * 50))
    monkeypatch.setattr("aurora.compress.int8.REPRESENTATIVE_ROWS", 5)
    rows = representative_rows(tame)
    assert (rows.min(), rows.max()) == (-norm.clamp_sigma, norm.clamp_sigma - norm.scale)
    assert (np.abs(rows) > 1).sum() == 2
    everything = np.concatenate([tame.norm(trained.tables[u].calibrated)[trained.tables[u].scored]
                                 for u in trained.split.train])  # fmt: skip
    logits = np.concatenate(list(trained.network(everything).values()), axis=1)
    for row in (*logits.argmin(axis=0), *logits.argmax(axis=0)):
        assert (np.isclose(rows, everything[row]).sum(axis=1) >= rows.shape[1] - 2).any()


def test_threshold_is_judged_by_models_that_left_the_unit_out(
    trained: TrainedModel, release: Release
) -> None:
    _, (scale, zero_point) = read_quantisation(release.tflite)
    model = Int8Model(release.tflite, release.chain, release.features_id, release.heads, scale, zero_point)
    alarming = {u: {FAILS_HEAD: np.full((len(trained.tables[u].fails), 1), 1e3)} for u in trained.validation}
    assert release.document["threshold"]["kept"]
    assert judge(trained, model).threshold.on == release.decision.fails_within.threshold_on
    assert not judge(replace(trained, validation=alarming), model).threshold.kept


@pytest.mark.parametrize(
    ("provenance", "sentence"),
    [
        ({"synthetic": True}, "simulated machines"),
        ({"format": "femto"}, "Bench bearings, no wind turbine"),
        ({"source": "ours.csv"}, "another type of machine was not seen"),
        ({"warning": "one sensor was loose"}, "one sensor was loose"),
    ],
)
def test_limits_are_said(trained: TrainedModel, fleet: DataSet, provenance: dict, sentence: str) -> None:
    judged = Judged(
        None, Scores(None, {}, None, {}), {}, np.zeros((1, 1), np.int8), np.zeros((1, 1), np.int8)
    )
    assert sentence in " ".join(limits(trained, judged, replace(fleet, provenance=provenance)))


def test_fault_types_without_a_test_unit_are_named(trained: TrainedModel, fleet: DataSet) -> None:
    judged = Judged(
        None, Scores(None, {}, None, {}), {}, np.zeros((1, 1), np.int8), np.zeros((1, 1), np.int8)
    )
    blind = replace(trained, tables={k: replace(t, fault=t.fault * 0) for k, t in trained.tables.items()})
    assert "No test unit shows inner_race, outer_race, ball" in " ".join(limits(blind, judged, fleet))


def test_reference_release_of_the_checkout_is_whole() -> None:
    reference = load_release(choose_release(ROOT, None))
    again = TflmInterpreter(reference.tflite).run(reference.golden_inputs)
    assert again.tobytes() == reference.golden_outputs.tobytes()
    assert features_id(compile_chain(reference.spec.chain, reference.spec.signal)) == reference.features_id


def test_quantisation_of_a_model_that_is_not_int8_is_refused() -> None:
    file = TfliteFile()
    x = file.tensor((1, 4), 0.1, 0, dtype=np.float32)
    y = file.tensor((1, 1), 0.1, 0)
    file.dense(np.random.default_rng(0), x, 4, y, 0.01)
    with pytest.raises(InputError, match="not quantised to int8"):
        read_quantisation(file.bytes([x], [y], {"y": y}))
    with pytest.raises(InputError, match="2 inputs"):
        read_quantisation(file.bytes([x, y], [y], {"y": y}))
    with pytest.raises(InputError, match="TFLite"):
        read_quantisation(b"rubbish")
