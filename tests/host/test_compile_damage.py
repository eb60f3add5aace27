"""Damaged, hostile and missing files: one line and an exit code, never a crash, a hang or half an output."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from aurora.compile import compile_model, front
from aurora.errors import InputError, WriteFailed
from engine_host import ROOT
from tflite_file import TfliteFile, packed
from tflite_networks import two_heads


def dynamic_range() -> bytes:
    file = TfliteFile()
    x, y = file.tensor((1, 6), dtype=np.float32, name="x"), file.tensor((1, 4), dtype=np.float32, name="y")
    w = file.tensor((4, 6), 0.1, data=np.ones((4, 6), np.int8), name="w")
    file.op("FULLY_CONNECTED", [x, w], [y])
    return file.bytes([x], [y])


def test_refuses_a_file_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "MAX_FILE_BYTES", 100)
    with pytest.raises(InputError, match="largest taken is 100"):
        compile_model(two_heads(), "host")


DAMAGE: dict[str, Callable[[schema.ModelT], None]] = {
    "tensor_index": lambda m: setattr(m.subgraphs[0].operators[0], "inputs", [0, 1, 99]),
    "negative_index": lambda m: setattr(m.subgraphs[0].operators[0], "inputs", [-5, 1]),
    "no_output": lambda m: setattr(m.subgraphs[0].operators[0], "outputs", []),
    "buffer_index": lambda m: setattr(m.subgraphs[0].tensors[2], "buffer", 99),
    "buffer_size": lambda m: setattr(m.subgraphs[0].tensors[2], "shape", [16, 13]),
    "operator_code": lambda m: setattr(m.subgraphs[0].operators[0], "opcodeIndex", 99),
    "negative_shape": lambda m: setattr(m.subgraphs[0].tensors[0], "shape", [1, -12]),
    "huge_shape": lambda m: setattr(m.subgraphs[0].tensors[0], "shape", [1 << 30, 1 << 30]),
    "rank": lambda m: setattr(m.subgraphs[0].tensors[0], "shape", [1] * 9),
    "scales": lambda m: setattr(m.subgraphs[0].tensors[0].quantization, "scale", [0.1] * 5),
    "scale_nan": lambda m: setattr(m.subgraphs[0].tensors[0].quantization, "scale", [float("nan")]),
    "scale_zero": lambda m: setattr(m.subgraphs[0].tensors[0].quantization, "scale", [0.0]),
    "zero_point": lambda m: setattr(m.subgraphs[0].tensors[0].quantization, "zeroPoint", [300]),
    "order": lambda m: m.subgraphs[0].operators.reverse(),
    "written_twice": lambda m: m.subgraphs[0].operators.append(m.subgraphs[0].operators[0]),
    "options": lambda m: setattr(m.subgraphs[0].operators[0], "builtinOptions", None),
    "input_twice": lambda m: setattr(m.subgraphs[0], "inputs", [0, 0]),
    "input_constant": lambda m: setattr(m.subgraphs[0], "inputs", [0, 2]),
    "input_missing": lambda m: setattr(m.subgraphs[0], "inputs", []),
    "output_index": lambda m: setattr(m.subgraphs[0], "outputs", [77]),
    "long_name": lambda m: setattr(m.signatureDefs[0].outputs[0], "name", b"n" * 500),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damaged_model(case: str) -> None:
    model = schema.ModelT.InitFromPackedBuf(two_heads(), 0)
    DAMAGE[case](model)
    with pytest.raises(InputError, match=r"damaged|input") as caught:
        compile_model(packed(model), "host")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "junk", [b"", b"TFL3", b"\0" * 64, b"\x08\0\0\0TFL3" + b"\xff" * 64, b"PK\x03\x04" * 99]
)
def test_not_a_model(junk: bytes) -> None:
    with pytest.raises(InputError):
        compile_model(junk, "host")


def mutants(script: str, seed: int, count: int) -> dict[str, Any]:
    """What `script` of tests/support prints; a process of its own, so that its memory is bounded."""
    path = [str(ROOT / "host"), str(ROOT / "tests" / "support")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "tests" / "support" / script), str(seed), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=3600)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def assert_survives(seed: int, count: int) -> None:
    """Every mutant ends in a program or one line, within seconds and 1 GB (which mutants.py sees to)."""
    outcomes = mutants("mutants.py", seed, count)["outcomes"]
    assert sum(outcomes.values()) == count
    assert outcomes["compiled"] > count // 20
    assert outcomes["ModelRefused"] > count // 20


@pytest.mark.parametrize("seed", range(2))
def test_mutated_files_end_in_a_program_or_one_line(seed: int) -> None:
    assert_survives(seed, 2000)


def test_mutated_models_that_compile_give_the_bytes_of_tflite_micro() -> None:
    result = mutants("mutants_compared.py", 1, 25)
    assert not result["failures"], f"of mutants_compared.py 1: {result}"
    assert result["outcomes"]["same"] > 15


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 20))
def test_many_mutated_files_end_in_a_program_or_one_line(seed: int) -> None:
    assert_survives(seed, 10_000)


@pytest.mark.soak
def test_many_mutated_models_that_compile_give_the_bytes_of_tflite_micro() -> None:
    result = mutants("mutants_compared.py", 100, 5000)
    assert not result["failures"], f"of mutants_compared.py 100: {result}"


def run_cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aurora", "compile", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_command_refuses_with_its_exit_code_and_json(tmp_path: Path) -> None:
    model, out = tmp_path / "m.tflite", tmp_path / "out"
    model.write_bytes(dynamic_range())
    done = run_cli(str(model), "--board", "mps2_an386", "--out", str(out), "--json")
    assert done.returncode == 20
    refused = json.loads(done.stdout)["refused"]
    assert (refused["op"], refused["tensor"]) == ("FULLY_CONNECTED", "x")
    assert "dynamic-range" in refused["reason"]
    assert len(done.stderr.splitlines()) == 1
    assert not out.exists()


def test_command_writes_five_files_and_touches_no_others(tmp_path: Path) -> None:
    model, out = tmp_path / "m.tflite", tmp_path / "out"
    model.write_bytes(two_heads())
    done = run_cli(str(model), "--board", "mps2_an386", "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    program = compile_model(two_heads(), "cortex-m4f")
    assert record["layout_id"] == program.layout_id.hex()
    assert (out / "constants.bin").read_bytes() == program.constants
    assert json.loads((out / "layout.json").read_text())["layout_id"] == record["layout_id"]
    (out / "mine.txt").write_text("mine")
    done = run_cli(str(model), "--board", "mps2_an386", "--out", str(out))
    assert done.returncode == 10
    assert "mine.txt" in done.stderr
    assert (out / "mine.txt").exists()


@pytest.mark.parametrize("content", [None, b""])
def test_command_names_a_missing_or_empty_file(tmp_path: Path, content: bytes | None) -> None:
    model = tmp_path / "m.tflite"
    if content is not None:
        model.write_bytes(content)
    done = run_cli(str(model), "--board", "mps2_an386", "--out", str(tmp_path / "out"))
    assert done.returncode == 10
    assert str(model) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aurora.commands.compile import command

    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    model, out = tmp_path / "m.tflite", tmp_path / "out"
    model.write_bytes(two_heads())
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WriteFailed, match="No space left"):
        command.main([str(model), "--board", "mps2_an386", "--out", str(out)], standalone_mode=False)
    assert [path.name for path in tmp_path.iterdir()] == ["m.tflite"]


def test_constants_beyond_a_slot_are_said(tmp_path: Path) -> None:
    """The program is written all the same: a board with larger slots may take it."""
    rng = np.random.default_rng(1)
    file = TfliteFile()
    x, y = file.tensor((1, 600), 0.1), file.tensor((1, 300), 0.1)
    file.dense(rng, x, 600, y)
    model = tmp_path / "m.tflite"
    model.write_bytes(file.bytes([x], [y]))
    done = run_cli(str(model), "--board", "mps2_an386", "--out", str(tmp_path / "out"), "--json")
    assert done.returncode == 0
    assert "do not fit a slot" in done.stderr
    assert json.loads(done.stdout)["fits_slot"] is False


def test_command_takes_the_layout_of_a_deployed_program(tmp_path: Path) -> None:
    model, other = tmp_path / "m.tflite", tmp_path / "n.tflite"
    model.write_bytes(two_heads(1))
    other.write_bytes(two_heads(2))
    first, second = tmp_path / "first", tmp_path / "second"
    assert run_cli(str(model), "--board", "mps2_an386", "--out", str(first)).returncode == 0
    layout = str(first / "layout.json")
    done = run_cli(str(other), "--board", "mps2_an386", "--out", str(second), "--for-layout", layout)
    assert done.returncode == 0, done.stderr
    assert (second / "program.c").read_bytes() == (first / "program.c").read_bytes()
    other.write_bytes(two_heads(2, hidden=20))
    for what in (layout, json.loads((first / "layout.json").read_text())["layout_id"]):
        done = run_cli(
            str(other), "--board", "mps2_an386", "--out", str(second), "--for-layout", what, "--json"
        )
        assert done.returncode == 20
        assert json.loads(done.stdout)["refused"]["reason"]
    (tmp_path / "bad.json").write_text("[1")
    for bad in ("bad.json", "missing.json"):
        done = run_cli(str(other), "--board", "mps2_an386", "--out", str(second), "--for-layout",
                       str(tmp_path / bad))  # fmt: skip
        assert done.returncode == 10
        assert len(done.stderr.splitlines()) == 1
