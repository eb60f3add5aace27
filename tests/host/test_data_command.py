"""``aurora data`` from the outside: output, exit codes, one line per error."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aurora import cli
from aurora.signals.dataset import load_dataset
from aurora.signals.synth.fleet import Fleet, synthesise
from aurora.spec.model import dump_model_toml
from aurora.train.derive import derive_spec
from click.testing import CliRunner
from signals_data import leftovers, unit, write

SYNTH = ["--units", "5", "--healthy", "1", "--windows", "60", "--healthy-windows", "60", "--n", "256"]


def run(*words: object) -> Any:
    """The group's result; AuroraError stays an exception, as ``cli.main`` receives it."""
    return CliRunner().invoke(cli.group, ["data", *map(str, words)], standalone_mode=False)


def exit_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object
) -> tuple[int, str]:
    """Exit code and stderr of ``aurora data WORDS`` through the real entry point."""
    monkeypatch.setattr("sys.argv", ["aurora", "data", *map(str, words)])
    try:
        cli.main()
    except SystemExit as stopped:
        return int(stopped.code or 0), capsys.readouterr().err
    return 0, capsys.readouterr().err


def test_synth_check_show(tmp_path: Path) -> None:
    made = run("synth", tmp_path / "d", *SYNTH, "--seed", 7)
    assert made.exit_code == 0, made.exception
    assert "5 units, 300 windows" in made.stdout
    assert made.stderr == ""
    checked = run("check", tmp_path / "d")
    assert "5 units, 300 windows: 4 notes" in checked.stdout, "each fault is in one unit only"
    assert checked.exception is None
    shown = json.loads(run("show", tmp_path / "d", "--json").stdout)
    assert [u["id"] for u in shown["units"]] == ["wt01", "wt02", "wt03", "wt04", "wt05"]
    assert shown["provenance"]["fleet"]["seed"] == 7
    assert shown["units"][4]["faults"] == {"healthy": 60}


def test_import_with_a_map(tmp_path: Path) -> None:
    rows = "\n".join(f"{i % 7},{i // 8 % 2}" for i in range(32))
    (tmp_path / "in.csv").write_text("a,machine\n" + rows)
    (tmp_path / "map.toml").write_text(
        'rate_hz=8\nn=8\naxes=["x"]\n[columns]\nsamples=["a"]\nunit="machine"\n'
    )
    result = run("import", tmp_path / "in.csv", tmp_path / "d", "--map", tmp_path / "map.toml", "--json")
    assert json.loads(result.stdout)["windows"] == 4


def test_help_documents_the_mapping_file() -> None:
    text = run("import", "--help").stdout
    for word in ("rate_hz", "[columns]", "[keys]", "samples", "horizon_s", "healthy_start_windows"):
        assert word in text


def test_check_exit_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = np.zeros((8, 2, 64), np.int16)
    write(tmp_path / "bad", unit("a", samples=silent), unit("b"))
    code, stderr = exit_code(capsys, monkeypatch, "check", tmp_path / "bad")
    assert code == 10
    assert stderr.count("\n") == 1
    assert "error a window 0 and 7 more: all samples of every axis are equal" in stderr
    assert exit_code(capsys, monkeypatch, "check", tmp_path / "none")[0] == 10
    write(tmp_path / "noted", unit("a"), unit("b"), fault_types=("healthy", "outer_race", "ball"))
    assert exit_code(capsys, monkeypatch, "check", tmp_path / "noted")[0] == 0


def test_check_as_json(tmp_path: Path) -> None:
    write(tmp_path / "d", unit("a", samples=np.zeros((8, 2, 64), np.int16)), unit("b"))
    result = run("check", tmp_path / "d", "--json")
    report = json.loads(result.stdout)
    assert not report["ok"]
    assert report["findings"][0]["code"] == "silent"
    assert result.exception is not None


ERRORS = [
    ("nan.csv", b"a\n1\n2\nnan\n4\n", 11, "row 4, column 'a'"),
    ("text.csv", b"a\n1\n2\nx\n4\n", 10, "row 4, column 'a'"),
    ("empty.csv", b"", 10, "is empty"),
    ("binary.csv", bytes(range(256)) * 9, 10, "binary.csv"),
    ("cut.npz", b"PK\x03\x04garbage", 10, "cut.npz"),
    ("fake.npz", b"a,b\n1,2\n", 10, "not an NPZ"),
]


@pytest.mark.parametrize(("name", "content", "code", "message"), ERRORS, ids=[e[0] for e in ERRORS])
def test_a_bad_file_is_one_line_and_leaves_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
    code: int,
    message: str,
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "map.toml").write_text('rate_hz=8\nn=4\naxes=["x"]\n[columns]\nsamples=["a"]\n')
    words = ["import", tmp_path / name, tmp_path / "d"] + (
        ["--map", tmp_path / "map.toml"] if "csv" in name else []
    )
    found, stderr = exit_code(capsys, monkeypatch, *words)
    assert found == code
    assert message in stderr
    assert name in stderr
    assert stderr.count("\n") == 1
    assert leftovers(tmp_path) == sorted([name, "map.toml"])


def test_features(tmp_path: Path) -> None:
    fleet = Fleet(units=2, healthy=1, windows=12, healthy_windows=12, n=512, axes=2)
    synthesise(tmp_path / "d", fleet)
    result = run("features", tmp_path / "d", "--out", tmp_path / "f.npz", "--json")
    assert result.exit_code == 0, result.exception
    table = json.loads(result.stdout)
    saved = np.load(tmp_path / "f.npz")
    assert saved["names"].tolist() == table["names"]
    assert saved["unit.wt01"].shape == (12, len(table["names"]))
    assert np.allclose(saved["unit.wt02"].mean(axis=0), table["units"]["wt02"]["mean"], rtol=1e-5)
    first = load_dataset(tmp_path / "d").units[0]
    g = first.samples * first.scale_g[..., None].astype(np.float64)
    rms = np.log2(g.std(axis=-1)).mean(axis=0)
    at = [table["names"].index(f"{axis}.rms") for axis in ("radial_x", "radial_y")]
    assert np.allclose(saved["unit.wt01"].mean(axis=0)[at], rms, atol=1e-3)
    assert "radial_x.rms" in run("features", tmp_path / "d").stdout


def test_features_of_a_models_chain(tmp_path: Path) -> None:
    data = synthesise(
        tmp_path / "d", Fleet(units=2, healthy=1, windows=12, healthy_windows=12, n=512, axes=1)
    )
    spec = derive_spec(data, "small")
    chain = replace(
        spec.chain, statistics=("rms",), log_statistics=(), envelope=None, band_edges_hz=(100.0, 800.0)
    )
    dump_model_toml(replace(spec, chain=chain), tmp_path / "model.toml")
    result = run("features", tmp_path / "d", "--chain", tmp_path / "model.toml", "--json")
    assert json.loads(result.stdout)["names"] == ["radial_x.rms", "radial_x.band_100_800"]


def test_help_is_quick_to_load() -> None:
    program = (
        "import sys; sys.argv = ['aurora', 'data', 'import', '--help']\n"
        "import aurora.cli\n"
        "try: aurora.cli.main()\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'scipy', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True)
