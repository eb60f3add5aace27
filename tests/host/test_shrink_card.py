"""The model card: every fact that a reader needs, none invented, and harmless whatever the data is called."""

import copy
import re
from dataclasses import replace
from pathlib import Path

import pytest
from aurora.compress.release import Release, load_release
from aurora.errors import InputError
from aurora.shrink.card import CARD_FILE, card_text, write_card
from aurora.shrink.card_data import SYNTHETIC, TERMS, UNKNOWN, terms_of
from comparison_sample import comparison

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "models" / "turbine" / "releases" / "1.0.0"
HOSTILE = "<b>|x</b> ![a](http://example.invalid)\n# head"


@pytest.fixture(scope="module")
def release() -> Release:
    return load_release(REFERENCE)


@pytest.fixture(scope="module")
def card(release: Release) -> str:
    return plain(card_text(release))


def plain(text: str) -> str:
    """Without Markdown's escapes, as a reader sees it."""
    return re.sub(r"\\(.)", r"\1", text)


def test_reference_release_carries_its_card(release: Release) -> None:
    assert (REFERENCE / CARD_FILE).read_text(encoding="utf-8") == card_text(release)


def test_card_does_not_change_the_release(release: Release, tmp_path: Path) -> None:
    copied = tmp_path / "release"
    copied.mkdir()
    for file in REFERENCE.iterdir():
        if file.name != CARD_FILE:
            (copied / file.name).write_bytes(file.read_bytes())
    assert write_card(load_release(copied)) == copied / CARD_FILE
    assert load_release(copied).id == release.id


def test_hashes_versions_and_seed_are_those_of_the_release(release: Release, card: str) -> None:
    assert f"| release.json | {release.id} |" in card
    for name, sha256 in release.document["files"].items():
        assert f"| {name} | {sha256} |" in card
    for name, version in release.document["versions"].items():
        assert f"| {name} | {version} |" in card
    assert f"seed {release.document['seed']}" in card
    assert release.document["features_id"] in card


def test_data_terms_and_split_are_told(release: Release, card: str) -> None:
    data, split = release.document["data"], release.document["split"]
    assert data["manifest_sha256"] in card and data["name"] in card
    assert SYNTHETIC in card
    for side in ("train", "test"):
        assert ", ".join(split[side]) in card
    assert "made again by aurora data synth" in card


def test_metrics_stand_beside_what_they_are_to_be_held_against(release: Release, card: str) -> None:
    metrics = release.document["metrics"]
    row = next(line for line in card.splitlines() if line.startswith("| AUROC, fails within H"))
    values = [metrics["auroc_mean"]["float"], metrics["auroc_mean"]["int8_host"],
              metrics["logistic_regression"]["auroc_mean"], metrics["auroc_leaky"]]  # fmt: skip
    for value in values:
        assert f"{value:.3f}" in row
    interval = re.search(r"(0\.\d+) \((0\.\d+) to (0\.\d+)\)", row)
    assert interval is not None
    mean, low, high = map(float, interval.groups())
    assert mean == pytest.approx(metrics["auroc_mean"]["int8_host"], abs=5e-4) and low < mean < high
    for unit in release.document["split"]["test"]:
        assert f"| {unit} |" in card


def test_limits_and_use_are_told(release: Release, card: str) -> None:
    for line in release.document["limits"]:
        assert f"- {line}" in card
    assert "no safety function" in card
    assert "--reproduce" in card


def test_a_shrinks_card_has_every_arm(release: Release) -> None:
    text = plain(card_text(release, comparison()))
    assert "The arm that ships is ptq" in text
    for name in ("teacher", "plain", "distilled", "pruned", "ptq"):
        assert re.search(rf"^\| {name} \| 5 \|", text, flags=re.MULTILINE)
    assert "480 windows of the test units, 0 bytes differ from the host" in text


def test_same_release_same_card(release: Release) -> None:
    assert card_text(release, comparison()) == card_text(load_release(REFERENCE), comparison())


def changed(release: Release, **changes: object) -> Release:
    document = copy.deepcopy(release.document)
    for path, value in changes.items():
        target, keys = document, path.split("__")
        for key in keys[:-1]:
            target = target[key]
        target[keys[-1]] = value
    return replace(release, document=document)


def test_hostile_names_stay_text(release: Release) -> None:
    made = changed(
        release, data__name=HOSTILE, limits=[HOSTILE], data__provenance={HOSTILE: HOSTILE, "warning": HOSTILE}
    )
    for line in card_text(made).splitlines():
        assert not re.search(r"(?<!\\)<", line) and not re.search(r"(?<!\\)\]\(", line)
        assert not line.startswith("# head")
    assert load_table_widths(card_text(made))


def load_table_widths(text: str) -> bool:
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block
    return True


def test_a_rate_per_turbine_year_is_told_where_it_was_asked(release: Release) -> None:
    made = changed(release, threshold__asked_false_alarms_per_turbine_year=2.0)
    assert "at most 2 alarms per turbine-year" in card_text(made)
    assert "alarms per turbine-year and" not in card_text(release)


def test_bench_recordings_bring_their_terms_and_limits() -> None:
    assert terms_of({"format": "femto"}) == TERMS["femto"]
    assert terms_of({"format": "csv"}) == UNKNOWN
    assert terms_of({"format": "femto", "terms": "CC BY 4.0"}) == "CC BY 4.0"


def test_a_release_without_alarm_or_faults_has_a_card(release: Release) -> None:
    made = changed(
        release, threshold=None, metrics__accuracy=None, metrics__accuracy_per_unit={},
        labels={"fault_types": [], "horizon_s": None},
    )  # fmt: skip
    text = card_text(made)
    assert "## Alarm" not in text and "accuracy, fault type" not in text


@pytest.mark.parametrize("key", ["metrics", "split", "data", "versions", "labels"])
def test_a_document_that_lacks_a_fact_is_refused_in_one_line(release: Release, key: str) -> None:
    document = {name: value for name, value in release.document.items() if name != key}
    with pytest.raises(InputError, match=key) as caught:
        card_text(replace(release, document=document))
    assert "\n" not in str(caught.value)
