"""The lane of TFLite Micro's users: what is generated compiles against a double of its interface.

TFLite Micro itself comes from no registry reached here: the real library is linked only where a user has it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from aurora.compile.tflm_lane import RESOLVERS, compile_tflm, resolver_header, tflm_files
from aurora.compress.tflm import TflmInterpreter, smallest_arena
from aurora.errors import ModelRefused
from tflite_file import TfliteFile
from tflite_networks import conv_net, two_heads

ROOT = Path(__file__).resolve().parents[2]
DOUBLE = Path(__file__).with_name("tflm_double")


def twins() -> bytes:
    """One input of 8 bytes; outputs named so that ours come in the other order than the file's."""
    file, rng = TfliteFile(), np.random.default_rng(1)
    x = file.tensor((1, 8), 0.05, 0)
    total, flipped = file.tensor((1, 1), 0.1, 0), file.tensor((1, 8), 0.1, 0)
    file.dense(rng, x, 8, total)
    file.dense(rng, x, 8, flipped)
    return file.bytes([x], [total, flipped], {"total": total, "flipped": flipped})


def test_the_adapter_runs_over_a_double_of_the_interpreter(tmp_path: Path) -> None:
    program, resolver = compile_tflm(twins(), "cortex-m4f")
    assert [port.name for port in program.outputs] == ["flipped", "total"]
    assert program.constants.startswith(twins()) and len(program.constants) % 256 == 0
    (tmp_path / "program.h").write_text(program.header)
    (tmp_path / "program.c").write_text(program.source)
    (tmp_path / "tflm_resolver.h").write_text(resolver)
    paths = [f"-I{folder}" for folder in (tmp_path, ROOT / "firmware" / "lib", DOUBLE)]
    warnings = ["-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
    made, lane = str(tmp_path / "program.o"), str(tmp_path / "lane")
    adapter = str(ROOT / "firmware" / "lib" / "nn" / "tflm" / "adapter.cc")
    commands = [
        ["gcc", "-std=c11", *warnings, *paths, "-c", str(tmp_path / "program.c"), "-o", made],
        ["g++", "-std=c++17", *warnings, *paths, adapter, str(DOUBLE / "main.cc"), made, "-o", lane],
        [lane],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    assert done.stdout == "ok\n"


def test_the_resolver_holds_each_operation_once_and_for_int8_alone() -> None:
    header = resolver_header(conv_net(1), "net")
    added = re.findall(r"resolver\.(\w+)\((.*)\) !=", header)
    assert [name for name, _ in added] == ["AddAveragePool2D", "AddConv2D", "AddDepthwiseConv2D",
                                           "AddFullyConnected", "AddSoftmax"]  # fmt: skip
    assert all(argument.endswith("_INT8()") for _, argument in added)
    assert "kTflmOperations = 5;" in header


def test_an_operation_without_entry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RESOLVERS, "SOFTMAX")
    with pytest.raises(ModelRefused, match="SOFTMAX"):
        resolver_header(conv_net(1), "net")


def test_the_arena_is_enough_and_hardly_more() -> None:
    tflite = two_heads()
    arena = smallest_arena(tflite)
    TflmInterpreter(tflite, arena_bytes=arena).run(np.zeros((1, 12), np.int8))
    assert arena < 8192
    (given,) = re.findall(r"kTflmArenaBytes = (\d+);", resolver_header(tflite, "net"))
    assert arena < int(given) < arena + 1024 and int(given) % 16 == 0


def test_the_array_is_the_model_in_c_and_in_cplusplus(tmp_path: Path) -> None:
    tflite = two_heads()
    for name, text in tflm_files(tflite, "net").items():
        (tmp_path / name).write_text(text)
    for compiler in (["gcc", "-std=c11"], ["g++", "-std=c++11", "-x", "c++"]):
        command = [*compiler, "-Wall", "-Wextra", "-Werror", "-c", "model_data.c", "-o", "model_data.o"]
        subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    extract = ["objcopy", "-O", "binary", "-j", ".rodata", "model_data.o", "data.bin"]
    subprocess.run(extract, cwd=tmp_path, check=True, timeout=60)
    assert tflite in (tmp_path / "data.bin").read_bytes()


@pytest.mark.emulated
@pytest.mark.parametrize(
    ("folder", "reason"),
    [("", "TFLM_DIR is not set"), ("empty", "holds no libtensorflow-microlite.a"), ("two", "more than once")],
)
def test_without_one_library_the_build_says_so_in_one_line(folder: str, reason: str, tmp_path: Path) -> None:
    for core in ("cortex-m4", "cortex-m55"):
        (tmp_path / "two" / core).mkdir(parents=True)
        (tmp_path / "two" / core / "libtensorflow-microlite.a").touch()
    settings = {**os.environ, "PLATFORMIO_CORE_DIR": str(ROOT / ".pio" / "core"), "PLATFORMIO_NO_ANSI": "1",
                "PLATFORMIO_BUILD_DIR": str(tmp_path / "build"),
                "TFLM_DIR": str(tmp_path / folder) if folder else ""}  # fmt: skip
    command = [sys.executable, "-m", "platformio", "run", "-d", str(ROOT), "-e", "mps2_an386_tflm"]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("aurora: ")]
    assert done.returncode != 0 and len(said) == 1
    assert reason in said[0]


def test_the_lane_is_no_default_environment() -> None:
    text = (ROOT / "platformio.ini").read_text()
    assert re.search(r"^default_envs = mps2_an386$", text, re.MULTILINE)


def test_the_command_writes_all_three_files_beside_its_own(tmp_path: Path) -> None:
    model, out = tmp_path / "net.tflite", tmp_path / "out"
    model.write_bytes(two_heads())
    command = [sys.executable, "-m", "aurora", "compile", str(model), "--board", "mps2_an386", "--tflm"]
    for _ in range(2):  # the second run replaces what the first wrote
        subprocess.run([*command, "--out", str(out)], check=True, capture_output=True, timeout=120)
    assert {"tflm_resolver.h", "model_data.h", "model_data.c", "program.c"} <= {p.name for p in out.iterdir()}


def test_the_build_generates_the_lane_for_a_release(tmp_path: Path) -> None:
    from aurora.build.generate import TFLM, generate

    direct = generate("mps2_an386", None, tmp_path / "a")
    lane = generate("mps2_an386", None, tmp_path / "b", engine=TFLM)
    assert direct != lane  # another build id
    assert "nn_tflm_run" in (tmp_path / "b" / "program.c").read_text()
    assert (tmp_path / "b" / "tflm_resolver.h").is_file() and not (
        tmp_path / "a" / "tflm_resolver.h"
    ).exists()
