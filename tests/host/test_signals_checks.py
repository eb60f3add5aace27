"""Each defect that `aurora data check` knows, put into a sound data set: found, in the right place, alone."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aurora.errors import InputError, NotFiniteError
from aurora.signals import dataset as dataset_module
from aurora.signals.checks import Report, check_dataset
from aurora.signals.checks.finding import Finding
from aurora.signals.dataset import Unit
from signals_data import RATE_HZ, edit_manifest, unit, write

Change = Callable[[Unit], Unit]
WINDOW = 3


def codes(report: Report) -> list[tuple[str, str, str, int | None]]:
    return [(f.severity, f.code, f.unit, f.window) for f in report.findings]


def samples(change: Callable[[np.ndarray], None], window: int = WINDOW) -> Change:
    """A change of one window's samples [axes, n], in place."""

    def apply(sound: Unit) -> Unit:
        block = np.array(sound.samples)
        change(block[window])
        return replace(sound, samples=block)

    return apply


def column(name: str, values: Callable[[np.ndarray], np.ndarray]) -> Change:
    """A change of one column."""
    return lambda sound: replace(sound, **{name: values(np.array(getattr(sound, name)))})


def at(window: int, value: float) -> Callable[[np.ndarray], np.ndarray]:
    def put(values: np.ndarray) -> np.ndarray:
        values[window] = value
        return values

    return put


def clip(block: np.ndarray) -> None:
    np.clip(block, -4000, 4000, out=block)


def fill(block: np.ndarray) -> None:
    block[1, 10:50] = block[1, 10]


def hold(block: np.ndarray) -> None:
    block[:] = np.repeat(block[:, ::2], 2, axis=1)


def test_a_sound_data_set_has_no_findings(tmp_path: Path) -> None:
    write(tmp_path / "d", *(unit(name, windows=24) for name in "abc"))
    report = check_dataset(tmp_path / "d")
    assert codes(report) == []
    assert report.summary().endswith("3 units, 72 windows: nothing found")
    report.raise_errors(strict=True)


DEFECTS: list[tuple[str, Change, tuple[str, str, str, int | None]]] = [
    ("nan_scale", column("scale_g", at(WINDOW, np.nan)), ("error", "not_finite", "a", WINDOW)),
    ("nan_time", column("time_s", at(WINDOW, np.nan)), ("error", "not_finite", "a", WINDOW)),
    ("infinite_rpm", column("rpm", at(WINDOW, np.inf)), ("error", "not_finite", "a", WINDOW)),
    ("no_scale", column("scale_g", at(WINDOW, 0)), ("error", "impossible_value", "a", WINDOW)),
    ("clipped", samples(clip), ("error", "clipped", "a", WINDOW)),
    ("filled", samples(fill), ("error", "dropped_samples", "a", WINDOW)),
    ("dead_axis", samples(lambda block: block[0].fill(7)), ("error", "dropped_samples", "a", WINDOW)),
    ("silent", samples(lambda block: block.fill(0)), ("error", "silent", "a", WINDOW)),
    ("held", samples(hold), ("error", "wrong_rate", "a", WINDOW)),
    ("slow", column("time_s", lambda t: t * 2), ("error", "wrong_rate", "a", 1)),
    ("fast", column("time_s", lambda t: t / 2), ("error", "wrong_rate", "a", 1)),
    ("gap", column("time_s", lambda t: t + (np.arange(t.size) > WINDOW)), ("error", "time_gap", "a", 4)),
    ("back", column("time_s", at(WINDOW, 0.0)), ("error", "time_order", "a", WINDOW)),
    ("repaired", column("ttf_s", at(WINDOW, np.inf)), ("error", "label_clash", "a", WINDOW)),
    ("ttf_rises", column("ttf_s", lambda t: t[::-1].copy()), ("error", "ttf_rises", "a", 1)),
    ("faulty_start", column("fault", at(1, 1)), ("error", "label_clash", "a", 1)),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [d[1:] for d in DEFECTS], ids=[d[0] for d in DEFECTS])
def test_each_defect_is_found_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change, expected: tuple[Any, ...]
) -> None:
    with monkeypatch.context() as patch:  # the gate keeps most of these out; a careless hand does not
        patch.setattr(dataset_module, "_refuse_impossible", lambda *_: None)
        patch.setattr(dataset_module, "load_dataset", lambda _: None)
        write(tmp_path / "d", change(unit("a", windows=24)), unit("b", windows=24))
    report = check_dataset(tmp_path / "d")
    found = codes(report)
    assert expected in found
    strangers = [f for f in found if f[2] != "a" or f[1] != expected[1]]
    assert not [f for f in strangers if f[0] == "error"], "other errors than the one that was made"
    assert all("\n" not in f.line() and f.do and f.what for f in report.findings)
    kind = NotFiniteError if expected[1] == "not_finite" else InputError
    with pytest.raises(kind) as caught:
        report.raise_errors()
    assert type(caught.value) is kind


def test_few_clipped_windows_are_a_warning(tmp_path: Path) -> None:
    write(tmp_path / "d", samples(clip)(unit("a", windows=200)), unit("b"))
    report = check_dataset(tmp_path / "d")
    assert codes(report) == [("warning", "clipped", "a", WINDOW)]
    report.raise_errors()
    with pytest.raises(InputError):
        report.raise_errors(strict=True)


def test_a_pause_of_a_machine_is_a_warning(tmp_path: Path) -> None:
    hourly = np.arange(24) * 3600.0
    paused = hourly + 86_400 * (np.arange(24) > WINDOW)
    ttf = (paused[-1] - paused).astype(np.float32)
    stands_for = np.full(24, 3600, np.float32)
    sparse = unit("a", windows=24, time_s=paused, ttf_s=ttf, stands_for_s=stands_for)
    write(tmp_path / "d", sparse, unit("b"), horizon_s=7200.0)
    found = [f for f in codes(check_dataset(tmp_path / "d")) if f[2] == "a"]
    assert found == [("warning", "time_gap", "a", WINDOW + 1)]


@pytest.mark.parametrize("across", [False, True], ids=["within", "across"])
def test_repeated_windows(tmp_path: Path, across: bool) -> None:
    a, b = unit("a", windows=24), unit("b", windows=24)
    target = b if across else a
    block = np.array(target.samples)
    block[5], block[7] = a.samples[1], a.samples[2]
    louder = target.scale_g * np.float32(2)
    target = replace(target, samples=block, scale_g=louder)
    write(tmp_path / "d", *((a, target) if across else (target, b)))
    report = check_dataset(tmp_path / "d")
    assert codes(report) == [("error", "duplicate", target.id, 5)]
    assert report.findings[0].windows == 2
    assert "window 1" in report.findings[0].what


def test_labels_without_units(tmp_path: Path) -> None:
    write(tmp_path / "d", unit("unit", windows=24))
    report = check_dataset(tmp_path / "d")
    assert ("error", "labels_without_units", "unit", None) in codes(report)


def test_labels_that_teach_nothing(tmp_path: Path) -> None:
    nan = np.full(24, np.nan, np.float32)
    units = [unit(name, windows=24, ttf_s=nan) for name in "ab"]
    write(tmp_path / "d", *units, fault_types=("healthy", "outer_race", "ball"))
    assert codes(check_dataset(tmp_path / "d")) == [
        ("warning", "no_ttf", "", None),
        ("note", "unused_label", "", None),
    ]
    write(tmp_path / "e", *(unit(name, windows=24) for name in "ab"), horizon_s=None)
    assert [f[1] for f in codes(check_dataset(tmp_path / "e"))] == ["no_horizon"]
    write(tmp_path / "f", *(unit(name, windows=24) for name in "ab"), horizon_s=1e-6)
    assert [f[1] for f in codes(check_dataset(tmp_path / "f"))] == ["one_class"]


def test_a_healthy_start_that_fails_within_the_horizon(tmp_path: Path) -> None:
    write(tmp_path / "d", *(unit(name, windows=24) for name in "ab"), horizon_s=1.45)
    found = codes(check_dataset(tmp_path / "d"))
    assert found == [("warning", "label_clash", name, 1) for name in "ab"]


def test_a_fault_that_only_one_unit_has(tmp_path: Path) -> None:
    write(tmp_path / "d", unit("a", windows=24), unit("b", windows=24, fault=np.zeros(24, np.int16)))
    assert codes(check_dataset(tmp_path / "d")) == [("note", "single_unit_label", "a", None)]


def test_time_to_failure_in_another_unit_of_time(tmp_path: Path) -> None:
    hours = column("ttf_s", lambda t: t / 3600)(unit("a", windows=24))
    write(tmp_path / "d", hours, unit("b", windows=24))
    assert ("warning", "ttf_pace", "a", 0) in codes(check_dataset(tmp_path / "d"))


def test_resampled_recordings_have_an_empty_band(tmp_path: Path) -> None:
    n, rng = 2048, np.random.default_rng(0)
    noise = rng.normal(size=(24, 2, n))
    spectrum = np.fft.rfft(noise)
    spectrum[..., n // 8 :] = 0
    blocks = {"a": np.fft.irfft(spectrum), "b": noise}
    times = {"time_s": np.arange(24) * 100.0, "stands_for_s": np.full(24, 100, np.float32)}
    ttf = (times["time_s"][::-1]).astype(np.float32)
    units = [
        unit(name, windows=24, samples=(block * 4000).astype(np.int16), ttf_s=ttf, **times)
        for name, block in blocks.items()
    ]
    write(tmp_path / "d", *units, n=n, horizon_s=500.0)
    found = check_dataset(tmp_path / "d").findings
    assert [(f.severity, f.code, f.unit) for f in found] == [("note", "empty_band", "a")]
    assert f"{RATE_HZ:g} Hz" in found[0].what


def test_files_changed_after_the_import(tmp_path: Path) -> None:
    write(tmp_path / "d", unit("a", windows=24), unit("b", windows=24))
    path = tmp_path / "d" / "units" / "b" / "samples.npy"
    path.write_bytes(path.read_bytes()[:-2] + b"\x01\x02")
    (tmp_path / "d" / "units" / "stray").mkdir()
    assert codes(check_dataset(tmp_path / "d")) == [
        ("error", "changed", "b", None),
        ("warning", "unlisted_unit", "", None),
    ]


def test_a_manifest_with_another_rate(tmp_path: Path) -> None:
    write(tmp_path / "d", unit("a", windows=24), unit("b", windows=24))
    edit_manifest(tmp_path / "d", rate_hz=2 * RATE_HZ)
    report = check_dataset(tmp_path / "d")
    assert ("error", "wrong_rate", "a", 0) in codes(report)
    assert "recorded at 1000 Hz, the manifest says 2000 Hz" in report.findings[0].what


def test_a_folder_that_lies_about_itself_is_an_error_at_once(tmp_path: Path) -> None:
    write(tmp_path / "d")
    edit_manifest(tmp_path / "d", n=63)
    with pytest.raises(InputError, match=r"samples\.npy"):
        check_dataset(tmp_path / "d")


SPLITS: list[tuple[str, Any, list[str]]] = [
    ("clean", {"train": ["a", "b"], "test": ["c"]}, []),
    ("unit", {"train": ["a", "b"], "test": ["c", "a"]}, ["leak_unit"]),
    ("windows", {"train": {"a": [0, 1], "b": [0]}, "test": {"a": [2], "c": [1]}}, ["leak_unit"]),
    ("bytes", {"train": ["a"], "test": ["twin", "b", "c"]}, ["leak_window"]),
    ("unknown", {"train": ["a", "b"], "test": ["c", "z"]}, ["unknown_unit"]),
    ("beyond", {"train": {"a": [24]}, "test": ["b", "c"]}, ["unknown_window"]),
]


@pytest.mark.parametrize(("splits", "expected"), [s[1:] for s in SPLITS], ids=[s[0] for s in SPLITS])
def test_leakage_between_splits(tmp_path: Path, splits: Any, expected: list[str]) -> None:
    a = unit("a", windows=24)
    units = [a, unit("b", windows=24), unit("c", windows=24)]
    if expected == ["leak_window"]:
        units.append(replace(unit("twin", windows=24), samples=a.samples))
    write(tmp_path / "d", *units)
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    report = check_dataset(tmp_path / "d", splits=tmp_path / "splits.json")
    errors = [f.code for f in report.findings if f.severity == "error" and f.code != "duplicate"]
    assert errors == expected


def test_units_in_no_split_are_noted(tmp_path: Path) -> None:
    write(tmp_path / "d", *(unit(name, windows=24) for name in "abc"))
    (tmp_path / "splits.json").write_text('{"train": ["a"], "test": ["b"]}')
    report = check_dataset(tmp_path / "d", splits=tmp_path / "splits.json")
    assert codes(report) == [("note", "unsplit_unit", "", None)]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"a": 1}', '{"a": {"b": "c"}}', '{"a": [1]}', "\xff", "[" * 99_999]
)
def test_a_bad_split_file(tmp_path: Path, text: str) -> None:
    write(tmp_path / "d")
    (tmp_path / "splits.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"splits\.json"):
        check_dataset(tmp_path / "d", splits=tmp_path / "splits.json")


def test_a_split_file_of_unbelievable_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aurora.signals.checks.splits.MAX_SPLIT_BYTES", 10)
    write(tmp_path / "d")
    (tmp_path / "splits.json").write_text('{"train": ["a"], "test": ["b"]}')
    with pytest.raises(InputError, match="larger than any split file"):
        check_dataset(tmp_path / "d", splits=tmp_path / "splits.json")


def test_a_finding_is_one_line() -> None:
    finding = Finding("error", "clipped", "the signal sits at its limit", "lower the gain", "wt01", 12, 4)
    assert finding.line() == "error wt01 window 12 and 3 more: the signal sits at its limit; lower the gain"
