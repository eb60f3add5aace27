"""The engine's C: clean under strict warnings for host and Cortex-M, and under sanitizers."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from aurora.compile import compile_model
from aurora.compress.tflm import TflmInterpreter
from engine_exact import input_blocks
from engine_host import KERNELS, LIB, ROOT, write_program
from m3_network import m3_forms
from tflite_networks import every_kernel, every_other_kernel, m4_chain, m4_forms, m4_image, two_heads

WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wcast-qual",
            "-Wundef", "-Werror", "-O2", f"-I{LIB}"]  # fmt: skip
COMPILERS = {
    "host": ["gcc"],
    "m4": ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"],
    "m3": ["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb"],
    "m0": ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb"],
}
SANITIZERS = ["-g", "-O1", "-std=c11", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
              "-fno-omit-frame-pointer", f"-I{LIB}"]  # fmt: skip
MAIN = Path(__file__).parent / "nn_kernels" / "sanitised.c"


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("trace", [False, True], ids=["release", "trace"])
def test_no_warnings(compiler: str, trace: bool, tmp_path: Path) -> None:
    source = write_program(compile_model(every_kernel(), "host"), tmp_path)
    sources = [source] if trace else [source, *KERNELS]
    for number, path in enumerate(sources):
        command = [
            *COMPILERS[compiler],
            *WARNINGS,
            f"-I{tmp_path}",
            "-c",
            str(path),
            "-o",
            str(tmp_path / f"{number}.o"),
        ]
        subprocess.run(command + ["-DNN_TRACE"] * trace, check=True)


def test_kernels_are_formatted() -> None:
    files = [str(path) for path in sorted((LIB / "nn" / "kernels").rglob("*.[ch]"))] + [
        str(LIB / "nn" / "nn.h")
    ]
    subprocess.run(["clang-format", "--dry-run", "-Werror", *files], check=True, cwd=ROOT)


MODELS = {
    "every_kernel": every_kernel,
    "every_other_kernel": every_other_kernel,
    "two_heads": two_heads,
    "m4_forms": m4_forms,
    "m4_chain": m4_chain,
    "m4_image": m4_image,
    "m3_forms": m3_forms,
}
CASES = [(model, core) for model in MODELS for core in ("host", "cortex-m4f") if model != "m3_forms"]


@pytest.mark.parametrize("model, core", [*CASES, ("m3_forms", "cortex-m3"), ("m4_image", "cortex-m3")])
def test_clean_under_sanitizers(model: str, core: str, tmp_path: Path) -> None:
    tflite = MODELS[model]()
    program = compile_model(tflite, core)
    source = write_program(program, tmp_path)
    binary = tmp_path / "sanitised"
    command = ["gcc", *SANITIZERS, "-DNN_TRACE", f"-I{tmp_path}", str(MAIN), str(source), *map(str, KERNELS)]
    subprocess.run([*command, "-o", str(binary)], check=True)
    inputs = input_blocks(program, 60)
    (tmp_path / "data.bin").write_bytes(program.constants + inputs.tobytes())
    done = subprocess.run(
        [str(binary), str(tmp_path / "data.bin")], capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    outputs = np.frombuffer(done.stdout, np.int8).reshape(len(inputs), -1)
    assert np.array_equal(outputs, TflmInterpreter(tflite, arena_bytes=1 << 20).run(inputs))


def test_program_and_kernels_use_no_heap_and_no_stdio(tmp_path: Path) -> None:
    """The engine takes memcpy and its kin from the C library, and 64-bit helpers of the compiler."""
    compiler = COMPILERS["m4"]
    undefined: set[str] = set()
    for number, path in enumerate([write_program(compile_model(every_kernel(), "host"), tmp_path), *KERNELS]):
        result = tmp_path / f"{number}.o"
        subprocess.run(
            [*compiler, *WARNINGS, f"-I{tmp_path}", "-c", str(path), "-o", str(result)], check=True
        )
        text = subprocess.run(
            ["arm-none-eabi-nm", "-u", str(result)], capture_output=True, text=True, check=True
        )
        undefined |= {line.split()[-1] for line in text.stdout.splitlines()}
    assert {name for name in undefined if not name.startswith(("nn_", "__aeabi_"))} <= {
        "memcpy",
        "memmove",
        "memset",
    }
