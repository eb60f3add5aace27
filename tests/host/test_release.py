"""A release: the same seed gives the same bytes, its hashes hold, and its figures are those of its model."""

import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aurora.build.release_choice import choose_release
from aurora.compress.baseline import DriftData
from aurora.compress.int8 import Int8Model, read_quantisation, representative_rows
from aurora.compress.judge import Judged, judge
from aurora.compress.produce import limits, produce_release
from aurora.compress.release import EXPORTS, FILES, RELEASE_FILE, Release, load_release, write_release
from aurora.compress.tflm import TflmInterpreter
from aurora.errors import InputError, WriteFailed
from aurora.features import calibrate, chain_info, extract, normalise
from aurora.signals.dataset import DataSet, is_healthy
from aurora.signals.storage import npz_bytes
from aurora.spec.chain import compile_chain, features_id
from aurora.train.derive import derive_spec
from aurora.train.fit import TrainedModel, train_model
from aurora.train.metrics import FAILS_HEAD, Scores
from aurora.train.split import split_units
from tflite_file import TfliteFile
from train_samples import small_fleet

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data")


def train_small(dataset: DataSet) -> TrainedModel:
    spec = derive_spec(dataset, "small")
    spec = replace(spec, training=replace(spec.training, form="dense", epochs=20))
    return train_model(dataset, spec, split_units(dataset, 1), seed=1)


@pytest.fixture(scope="module")
def trained(fleet: DataSet) -> TrainedModel:
    return train_small(fleet)


@pytest.fixture(scope="module")
def release(fleet: DataSet, trained: TrainedModel, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return produce_release(trained, fleet, tmp_path_factory.mktemp("models") / "1.0.0")


@pytest.fixture
def copied(release: Release, tmp_path: Path) -> Path:
    shutil.copytree(release.path, tmp_path / "copy")
    return tmp_path / "copy"


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


@pytest.mark.parametrize("name", [*FILES, *EXPORTS])
def test_an_altered_file_is_named(copied: Path, name: str) -> None:
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    with pytest.raises(InputError, match=f"{name}: was altered"):
        load_release(copied)


@pytest.mark.parametrize("name", [*FILES, RELEASE_FILE])
def test_a_missing_file_is_named(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(InputError, match=f"{name}: no release here"):
        load_release(copied)


def test_exports_may_be_absent(copied: Path, release: Release) -> None:
    for name in EXPORTS:
        (copied / name).unlink()
    assert load_release(copied).id == release.id


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "aurora-release", "version": 1}', "[" * 9999])
def test_a_wrong_release_json_is_refused(copied: Path, text: str) -> None:
    (copied / RELEASE_FILE).write_text(text)
    with pytest.raises(InputError, match=r"release\.json"):
        load_release(copied)


def forge(folder: Path, name: str, data: bytes) -> None:
    """Alter a file and its hash."""
    (folder / name).write_bytes(data)
    document = json.loads((folder / RELEASE_FILE).read_text())
    document["files"][name] = hashlib.sha256(data).hexdigest()
    (folder / RELEASE_FILE).write_text(json.dumps(document))


@pytest.mark.parametrize("name", ["chain.bin", "decision.json", "baseline.npz", "golden.npz", "model.toml"])
@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 64, b"{}", b"PK\x03\x04rubbish"], ids=["empty", "zeros", "{}", "zip"]
)
def test_a_forged_file_is_refused_whatever_its_hash(copied: Path, name: str, data: bytes) -> None:
    forge(copied, name, data)
    with pytest.raises(InputError) as caught:
        load_release(copied)
    assert "\n" not in str(caught.value)


def repacked(folder: Path, name: str, **changes: np.ndarray) -> None:
    """Forge an archive in which some arrays are others."""
    with np.load(folder / name) as archive:
        arrays = {key: archive[key] for key in archive.files}
    forge(folder, name, npz_bytes(arrays | changes))


@pytest.mark.parametrize(
    ("name", "changes", "named"),
    [
        ("golden.npz", {"inputs": np.zeros((3, 4), np.int16)}, "int8 inputs and outputs"),
        ("baseline.npz", {"bins": np.zeros((5, 2), np.int8)}, "do not fit each other"),
        ("baseline.npz", {"edges": np.zeros((1, 31), np.float32)}, "drift baseline"),
        ("baseline.npz", {"features": np.array([9999])}, "drift baseline"),
    ],
    ids=["golden", "bins", "edges", "features"],
)
def test_arrays_that_do_not_fit_are_refused(
    copied: Path, name: str, changes: dict[str, np.ndarray], named: str
) -> None:
    repacked(copied, name, **changes)
    with pytest.raises(InputError, match=named):
        load_release(copied)


def test_a_file_beyond_any_size_is_not_read(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aurora.compress.release.MAX_FILE_BYTES", 3000)
    with pytest.raises(InputError, match="larger than any"):
        load_release(copied)


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


def contents(release: Release) -> tuple[dict[str, bytes], dict[str, object]]:
    """Files and document as they were given to write_release."""
    document = {k: v for k, v in release.document.items() if k not in ("format", "version", "files")}
    return {name: (release.path / name).read_bytes() for name in (*FILES, *EXPORTS)}, document


def test_full_disk_leaves_nothing(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = os.fsync

    def fill_up(handle: int) -> None:
        if list(tmp_path.rglob("*golden.npz*")):
            raise OSError(errno.ENOSPC, "No space left on device")
        synced(handle)

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(WriteFailed, match="No space left"):
        write_release(tmp_path / "models" / "1.0.0", *contents(release))
    assert list((tmp_path / "models").iterdir()) == []


def test_an_existing_release_is_overwritten_only_on_request(copied: Path, release: Release) -> None:
    files, document = contents(release)
    with pytest.raises(InputError, match="already exists"):
        write_release(copied, files, document)
    assert write_release(copied, files, document, replace=True).id == release.id


def test_a_folder_that_is_no_release_is_never_replaced(tmp_path: Path, release: Release) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("do not delete")
    with pytest.raises(InputError, match="already exists"):
        write_release(tmp_path / "precious", *contents(release), replace=True)
    assert (tmp_path / "precious" / "thesis.txt").exists()


def test_what_a_reader_would_refuse_is_never_published(release: Release, tmp_path: Path) -> None:
    files, document = contents(release)
    with pytest.raises(InputError):
        write_release(tmp_path / "1.0.0", {**files, "chain.bin": b"rubbish"}, document)
    assert list(tmp_path.iterdir()) == []


USE = """
#include "model_data.h"
#include <stdint.h>
#include <stdio.h>

int main(void)
{
    printf("%u %u %s %d %u", (unsigned)((uintptr_t)aurora_model_data % 16), aurora_model_data_length,
           aurora_model_labels[1], AURORA_MODEL_ALARM_THRESHOLD_ON, aurora_model_features_id[0]);
    return aurora_model_data[4] == 'T' && aurora_model_data[7] == '3' ? 0 : 1;
}
"""


@pytest.mark.parametrize("compiler", ["gcc -std=c11", "g++ -std=c++11 -x c++"], ids=["C", "C++"])
def test_c_array_compiles_and_holds_the_model(release: Release, compiler: str, tmp_path: Path) -> None:
    (tmp_path / "use.c").write_text(USE)
    flags = ["-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror", f"-I{release.path}", "-o"]
    sources = [str(tmp_path / "use.c"), str(release.path / "model_data.c")]
    subprocess.run([*compiler.split(), *flags, str(tmp_path / "use"), *sources], check=True, timeout=60)
    printed = subprocess.run(
        [tmp_path / "use"], capture_output=True, text=True, check=True, timeout=10
    ).stdout
    threshold = release.decision.fails_within.threshold_on
    expected = f"0 {len(release.tflite)} {release.labels[1]} {threshold} {release.features_id[0]}"
    assert printed == expected
    text = (release.path / "model_data.c").read_text()
    assert "alignas(16) const unsigned char aurora_model_data[]" in text
