"""`aurora bench` without an emulator: peers, rows, tables; refusals are listed, not lost."""

import json
from pathlib import Path

import pytest
from aurora.errors import InputError, ModelRefused
from aurora.verify import bench
from aurora.verify.bench import Bench, peer_of, read_peers, run_bench, write_bench
from aurora.verify.profile import Layer, Profile
from aurora.verify.sizes import Sizes
from aurora.verify.table import markdown
from aurora.verify.verdict import Verdict

KEYS = """model board core instructions weighted_cycles code_bytes constants_bytes ram_bytes init_instructions
exact inputs peer_instructions ratio""".split()
RIGHT = {"instructions": 1000, "code_bytes": 5000, "ram_bytes": 900, "exact": "20/20"}
PEERS = {"net": {"m4": {"tflm_cmsisnn": RIGHT},
                 "m55": {"tflm_cmsisnn": {**RIGHT, "instructions": 10, "exact": "12/20"},
                         "cmsisnn_direct": {**RIGHT, "instructions": 500}}}}  # fmt: skip


def verdict(model: str, board: str, core: str) -> Verdict:
    profile = Profile((Layer(0, "CONV_2D", 100, 250),), ())
    sizes = Sizes(60, 40, 5, 70, 30, 20, 2)
    return Verdict(model, board, core, 40, 40, None, 250, 400, sizes, 8, 0, (250,), profile)


def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **options: object) -> Bench:
    def verify(tflite: bytes, board: object, *, name: str, **_: object) -> Verdict:
        if tflite == b"refuse":
            raise ModelRefused("no such operation", op="CUSTOM", tensor="t")
        return verdict(name, board.id, board.core)

    monkeypatch.setattr(bench, "verify_model", verify)
    (tmp_path / "net.tflite").write_bytes(b"net")
    (tmp_path / "bad.tflite").write_bytes(b"refuse")
    peers = tmp_path / "peers.json"
    peers.write_text(json.dumps({"models": PEERS}))
    models = [tmp_path / "bad.tflite", tmp_path / "net.tflite"]
    return run_bench(models, ("mps2_an386", "mps3_an547", "mps2_an505"), inputs=40, peers=peers, **options)


def test_rows_hold_the_agreed_keys_first_and_ratios_to_correct_peers(tmp_path, monkeypatch) -> None:
    result = measured(tmp_path, monkeypatch)
    assert [list(row)[: len(KEYS)] for row in result.rows] == [KEYS] * 3
    assert [(row["peer_instructions"], row["ratio"]) for row in result.rows] == [
        (1000, 0.25), (500, 0.5), (None, None),
    ]  # fmt: skip
    assert result.rows[0]["code_bytes"] == 100 and result.rows[0]["ram_bytes"] == 30 + 20 + 2 + 8
    assert [row["model"] for row in result.refused] == ["bad"] * 3
    assert result.refused[0]["op"] == "CUSTOM"


def test_files_are_written(tmp_path, monkeypatch) -> None:
    result = measured(tmp_path, monkeypatch, profiles=tmp_path / "out")
    write_bench(result, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "engine.json").read_text())["rows"] == result.rows
    assert (tmp_path / "out" / "engine.png").read_bytes()[:4] == b"\x89PNG"
    table = (tmp_path / "out" / "engine.md").read_text()
    assert "| net | cortex-m4f | 250 | 4.00x | 400 | 100 | 70 | 60 | 0.07 | 40/40 |" in table
    assert "bad on mps2_an386: no such operation" in table
    assert "100.0%    2.50  CONV_2D" in (tmp_path / "out" / "profile_net_mps2_an386.txt").read_text()


def test_without_peers_the_reason_is_told(tmp_path, monkeypatch) -> None:
    fixed = verdict("net", "mps2_an386", "cortex-m4f")
    monkeypatch.setattr(bench, "verify_model", lambda *_, **__: fixed)
    (tmp_path / "net.tflite").write_bytes(b"net")
    result = run_bench([tmp_path / "net.tflite"], ["mps2_an386"], inputs=1, peers=tmp_path / "none.json")
    assert result.rows[0]["ratio"] is None
    assert "No peers: no peers' figures at" in markdown(result)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"models": []}', "\xff"])
def test_a_file_that_holds_no_peers_is_refused(tmp_path, text: str) -> None:
    path = tmp_path / "peers.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="peers"):
        read_peers(path)


def test_unknown_models_and_cores_have_no_peer() -> None:
    assert peer_of(PEERS, "other", "cortex-m4f") is None
    assert peer_of(PEERS, "net", "cortex-m33f") is None
