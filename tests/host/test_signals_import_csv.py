"""CSV through a mapping file: numbers survive, and every complaint names the row and the column."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from aurora.errors import InputError, NotFiniteError
from aurora.signals.dataset import DataSet
from aurora.signals.importers import csv_table
from aurora.signals.importers.registry import import_recording
from signals_data import leftovers

# The example of the documentation, shortened to windows of 4 samples.
MAP = """
rate_hz = 100
n = 4
axes = ["radial", "axial"]
scale_g = 0.10197
name = "pump-house"
horizon_s = 1.0
fault_types = ["healthy", "inner_race"]
nominal_rpm = 1500
healthy_start_windows = 1
stands_for_s = 600

[columns]
samples = ["acc_x", "acc_z"]
unit = "machine"
time = "t"
rpm = "speed"
load = "power"
fault = "state"
ttf = "rul"
"""
HEADER = "machine,t,acc_x,acc_z,speed,power,state,rul"
Table = list[list[str]]


def table(windows: int = 4) -> Table:
    """Rows of two machines that take turns, window by window."""
    rows = []
    for row in range(4 * windows):
        window = row // 4
        machine, at = f"pump {window % 2 + 1}", row / 100
        state = "healthy" if window < 2 else "inner_race"
        rows.append(
            [
                machine,
                f"{at:.2f}",
                f"{np.sin(row):.6f}",
                f"{np.cos(row):.6f}",
                "1480",
                "0.5",
                state,
                f"{9 - at:.2f}",
            ]
        )
    return rows


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., DataSet]:
    """Import a header and rows (or raw bytes) with a mapping file."""

    def do(rows: Table | bytes, mapping: str = MAP, header: str = HEADER) -> DataSet:
        source, map_path = tmp_path / "in.csv", tmp_path / "map.toml"
        text = rows if isinstance(rows, bytes) else "\n".join([header, *map(",".join, rows), ""]).encode()
        source.write_bytes(text)
        map_path.write_text(mapping)
        try:
            return import_recording(source, tmp_path / "out", map_path=map_path)
        finally:
            if not (tmp_path / "out" / "manifest.json").exists():
                assert leftovers(tmp_path) == ["in.csv", "map.toml"], "something half-imported stays"

    return do


def test_the_documented_example(load: Callable[..., DataSet]) -> None:
    data = load(table())
    assert [u.id for u in data.units] == ["pump-1", "pump-2"]
    assert (data.name, data.rate_hz, data.n, data.axes) == ("pump-house", 100.0, 4, ("radial", "axial"))
    assert (data.horizon_s, data.fault_types, data.nominal_rpm) == (1.0, ("healthy", "inner_race"), 1500.0)
    first = data.units[0]
    measured = first.samples * first.scale_g[..., None].astype(np.float64)
    rows = np.array([[0, 1, 2, 3], [8, 9, 10, 11]])
    expected = np.stack([np.sin(rows), np.cos(rows)], axis=1) * 0.10197
    assert np.abs(measured - expected).max() < 0.10197 / 32767
    assert first.time_s.tolist() == [0.0, 0.08]
    assert np.allclose(first.ttf_s, [9.0, 8.92])
    assert first.fault.tolist() == [0, 1]
    assert first.rpm.tolist() == [1480, 1480]
    assert first.stands_for_s.tolist() == [600, 600]
    assert first.healthy_start_windows == 1
    assert data.provenance["source"] == "in.csv"
    assert len(data.provenance["sha256"]) == len(data.provenance["map_sha256"]) == 64


def test_only_samples_are_required(load: Callable[..., DataSet]) -> None:
    data = load(
        [["1.5", "2"], ["-1", "0"], ["0", "0"], ["3", "-4"], ["9", "9"]],
        'rate_hz = 100\nn = 4\naxes = ["x", "y"]\n[columns]\nsamples = ["a", "b"]\n',
        "a,b",
    )
    only = data.units[0]
    assert only.id == "unit"
    assert np.isnan([*only.rpm, *only.load, *only.ttf_s]).all()
    assert only.fault.tolist() == [-1]
    assert data.provenance["rows_left_over"] == 1
    assert only.samples[0, 1].tolist() == [2, 0, 0, -4], "whole numbers are counts and stay"
    assert only.scale_g[0, 1] == 1.0


def test_silence_has_a_scale(load: Callable[..., DataSet]) -> None:
    data = load([["0", "0"]] * 4, 'rate_hz=9\nn=4\naxes=["x","y"]\n[columns]\nsamples=["a","b"]', "a,b")
    assert not data.units[0].samples.any()
    assert (data.units[0].scale_g > 0).all()


def test_empty_cells_of_optional_columns_are_unknown(load: Callable[..., DataSet]) -> None:
    rows = table()
    for row in rows[:4]:
        row[4], row[5], row[6], row[7] = "", "", "", ""
    rows[8][6] = "healthy"
    first = load(rows).units[0]
    assert np.isnan([first.rpm[0], first.load[0], first.ttf_s[0]]).all()
    assert first.fault.tolist() == [-1, -1], "empty is unlabelled, and so are rows that disagree"


def test_windows_by_column_and_infinite_life(load: Callable[..., DataSet]) -> None:
    mapping = MAP.replace('unit = "machine"', 'window = "machine"').replace('time = "t"\n', "")
    rows = table(2)
    for row in rows:
        row[7] = "inf"
    data = load(rows, mapping)
    assert data.windows == 2
    assert np.isinf(data.units[0].ttf_s).all()


def test_a_window_with_missing_rows(load: Callable[..., DataSet]) -> None:
    mapping = MAP.replace('unit = "machine"', 'window = "machine"').replace('time = "t"\n', "")
    for cut in (2, 6):
        rows = table(2)
        del rows[cut]
        with pytest.raises(InputError, match=r"has 3 rows, not 4 .*dropped samples"):
            load(rows, mapping)


CELL = [
    (5, 2, "nan", NotFiniteError, "row 7, column 'acc_x'"),
    (5, 3, "inf", NotFiniteError, "row 7, column 'acc_z'"),
    (5, 2, "", NotFiniteError, "row 7, column 'acc_x'"),
    (5, 2, "1.2.3", InputError, "row 7, column 'acc_x': '1.2.3' is no number"),
    (5, 2, '"1,5"', InputError, "decimal commas"),
    (5, 2, "0x10", InputError, "no number"),
    (5, 1, "nan", NotFiniteError, "row 7, column 't'"),
    (5, 4, "inf", NotFiniteError, "row 7, column 'speed'"),
    (5, 4, "fast", InputError, "row 7, column 'speed'"),
    (0, 7, "soon", InputError, "row 2, column 'rul'"),
    (5, 0, "../../etc", InputError, "row 7: unit"),
]


@pytest.mark.parametrize(
    ("row", "column", "text", "error", "message"), CELL, ids=[f"{c[1]}-{c[2]}" for c in CELL]
)
def test_a_bad_cell_is_named(
    load: Callable[..., DataSet], row: int, column: int, text: str, error: type[InputError], message: str
) -> None:
    rows = table()
    rows[row][column] = text
    with pytest.raises(error, match=message) as caught:
        load(rows)
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


def test_an_undeclared_fault(load: Callable[..., DataSet]) -> None:
    rows = table()
    for row in rows[:4]:
        row[6] = "loose bolt"
    with pytest.raises(InputError, match="'loose bolt' is not among fault_types"):
        load(rows)


def test_an_undeclared_fault_has_to_be_a_plain_name(load: Callable[..., DataSet]) -> None:
    rows = table()
    for row in rows[:4]:
        row[6] = "loose/bolt"
    with pytest.raises(InputError, match="'loose/bolt' is not a plain name"):
        load(rows, MAP.replace('fault_types = ["healthy", "inner_race"]', ""))


def test_dropped_samples_and_wrong_rates_show_in_time(load: Callable[..., DataSet]) -> None:
    rows = table()
    for row in rows[6:8]:
        row[1] = f"{float(row[1]) + 0.5:.2f}"
    with pytest.raises(InputError, match=r"rows 7 and 8 are 0.51 s apart: samples are missing"):
        load(rows)
    with pytest.raises(InputError, match="time says 100 Hz, rate_hz says 200"):
        load(table(), MAP.replace("rate_hz = 100", "rate_hz = 200"))
    rows = table()
    for row in rows:
        row[1] = "7"
    with pytest.raises(InputError, match="no forward step"):
        load(rows)


RAW = [
    (b"", "is empty"),
    (b"\n\n\n", "the first line is empty"),
    (b"machine;t;acc_x\n1;2;3\n", "has no column 'acc_x'"),
    (HEADER.encode(), "none fills a window"),
    (HEADER.encode() + b"\n1,2\n", "row 2 has 2 cells, the header 8"),
    (HEADER.encode() + b"\n" + b"1,2,3,4,5,6,7,8,9\n", "row 2 has 9 cells, the header 8"),
    (HEADER.replace("speed", "acc_x").encode() + b"\n", "stands 2 times"),
    (b"\x00" * 4096, "NUL"),
    (bytes(range(128, 256)) * 64, "UTF-8"),
    (b"9" * (1 << 17), "longer than"),
    (HEADER.encode() + b"\n" + b'"' + b"a\n" * 100_000, "not a CSV|cells"),
]


@pytest.mark.parametrize(("content", "message"), RAW, ids=[r[1][:20] for r in RAW])
def test_files_that_are_no_such_table(load: Callable[..., DataSet], content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load(content)
    assert "\n" not in str(caught.value)


def test_a_huge_file_is_refused(load: Callable[..., DataSet], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "MAX_CSV_BYTES", 100)
    with pytest.raises(InputError, match="larger than"):
        load(table())


MAPS = [
    ("rate_hz = 100", "", "rate_hz is missing"),
    ("rate_hz = 100", "rate_hz = -3", "rate_hz is not a number"),
    ("rate_hz = 100", "rate_hz = nan", "rate_hz is not a number"),
    ("rate_hz = 100", 'rate_hz = "fs"', "rate_hz is not a number"),
    ("n = 4", "n = 4.5", "n is not a whole number"),
    ("n = 4", "n = 99999999999", "n is not a whole number"),
    ("n = 4", "m = 4", "unknown key 'm'"),
    ('axes = ["radial", "axial"]', 'axes = ["radial"]', "1 column names"),
    ('axes = ["radial", "axial"]', 'axes = ["a", "a"]', "axes is not"),
    ('samples = ["acc_x", "acc_z"]', 'samples = ["acc_x", "acc_x"]', "one column twice"),
    ('samples = ["acc_x", "acc_z"]', 'samples = ["acc_x", "acc_q"]', "no column 'acc_q'"),
    ('fault = "state"', 'faults = "state"', "unknown key 'faults'"),
    ("[columns]", "[keys]", r"has \[keys\], this source needs \[columns\]"),
    ("[columns]", "[columns", "is not TOML"),
    ('name = "pump-house"', 'name = "../x"', "name is not a plain name"),
    ('axes = ["radial", "axial"]', 'axes = "radial"', "axes is not a list"),
    ('axes = ["radial", "axial"]', 'axes = ["a/b", "c"]', "axes is not a list of different plain names"),
    ('axes = ["radial", "axial"]', "", "axes is missing"),
    ('name = "pump-house"', 'delimiter = "ab"', "delimiter is not one character"),
    ('load = "power"', "load = 5", r"\[columns\] load is not a name"),
    ("[columns]", "[other]", "unknown key 'other'"),
    (MAP[MAP.index("[columns]") :], "columns = 3", r"table \[columns\] is missing"),
    (MAP, "rate_hz = '" + "9" * (1 << 20) + "'", "larger than any mapping file"),
]


@pytest.mark.parametrize(("old", "new", "message"), MAPS, ids=[m[2][:24] + m[1][:12] for m in MAPS])
def test_a_bad_mapping_file(load: Callable[..., DataSet], old: str, new: str, message: str) -> None:
    assert old in MAP
    with pytest.raises(InputError, match=message):
        load(table(), MAP.replace(old, new))


def test_a_csv_without_a_map(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="--map"):
        import_recording(tmp_path / "in.csv", tmp_path / "out")
    with pytest.raises(InputError, match="no such mapping file"):
        import_recording(tmp_path / "in.csv", tmp_path / "out", map_path=tmp_path / "none.toml")
    with pytest.raises(InputError, match="no such file"):
        import_recording(tmp_path / "none.csv", tmp_path / "out")
    with pytest.raises(InputError, match="is a folder"):
        import_recording(tmp_path, tmp_path / "out")
