"""What a model costs on an emulated M4F: `python tests/parity/bench_m4.py MODEL.tflite ... [--profile]`.

Prints, per model: exact instructions of the first inference, weighted cycles (ALU 1, load or store 2,
multiple n + 1, taken branch 3), code bytes of program and kernels, constants, RAM (arena, input, output,
stack) and how many inputs give TFLite Micro's bytes. `--profile` adds the instructions of each function.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support"), str(HERE.parents[1] / "host")]

import engine_board  # noqa: E402
from aurora.compile import Program, compile_model  # noqa: E402
from aurora.compress.tflm import TflmInterpreter  # noqa: E402
from engine_host import extremes, random_inputs  # noqa: E402

HARNESS = {"reset", "put", "semihost", "mark", "create", "paint", "stack_here", "stack_used"}


def listing(elf: Path) -> list[tuple[int, str, str, str]]:
    """(address, function, mnemonic, operands) of every instruction."""
    text = subprocess.run(["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", str(elf)], check=True,
                          capture_output=True, text=True).stdout  # fmt: skip
    rows, function = [], ""
    for line in text.splitlines():
        if head := re.match(r"[0-9a-f]+ <(.+)>:", line):
            function = head[1]
        elif body := re.match(r"\s*([0-9a-f]+):\t(\S+)\s*(.*)", line):
            rows.append((int(body[1], 16), function, body[2], body[3]))
    return rows


def cycles(mnemonic: str, operands: str) -> int:
    """Of one execution, branches not taken."""
    if mnemonic.startswith(("ldm", "stm", "push", "pop", "vldm", "vstm", "vpush", "vpop")):
        inside = operands[operands.find("{") + 1 : operands.find("}")]
        count = 0
        for part in inside.split(","):
            first, _, last = part.strip().partition("-")
            names = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "sl", "fp", "ip"]
            count += names.index(last) - names.index(first) + 1 if last in names else 1
        return count + 1 + (2 if "pc" in inside else 0)
    if mnemonic.startswith(("ldrd", "strd")):
        return 3
    return 2 if mnemonic.startswith(("ldr", "str")) else 1


def is_branch(mnemonic: str) -> bool:
    return bool(re.fullmatch(r"(b|bl|bx|blx|cbz|cbnz|b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le))(\.[nw])?",
                             mnemonic)) or mnemonic.startswith("tb")  # fmt: skip


def weigh(rows: list[tuple[int, str, str, str]], counts: dict[int, int]) -> tuple[int, dict[str, int]]:
    """Weighted cycles, and instructions by function. A conditional branch is taken as often as the next
    instruction runs less often than it; one back to a lower address always."""
    total, functions = 0, {}
    for (at, function, mnemonic, operands), after in zip(rows, [*rows[1:], rows[-1]], strict=True):
        n = counts.get(at, 0)
        if not n or function in HARNESS:
            continue
        functions[function] = functions.get(function, 0) + n
        total += n * cycles(mnemonic, operands)
        if is_branch(mnemonic):
            target = re.match(r"(?:\w+, )?([0-9a-f]+) ", operands)
            always = re.match(r"b(l|x|lx)?(\.[nw])?$", mnemonic)
            back = target and int(target[1], 16) <= at
            taken = n if always or back else max(0, n - counts.get(after[0], 0))
            total += 2 * taken
    return total, functions


def code_bytes(elf: Path) -> dict[str, int]:
    """Bytes of each function outside the harness (.text and .rodata)."""
    text = subprocess.run(["arm-none-eabi-nm", "-S", "--size-sort", str(elf)], check=True,
                          capture_output=True, text=True).stdout  # fmt: skip
    rows = [line.split() for line in text.splitlines()]
    return {row[3]: int(row[1], 16) for row in rows
            if len(row) == 4 and row[2] in "tTrR" and row[3] not in HARNESS}  # fmt: skip


def stack_bytes(folder: Path) -> int:
    return int(np.frombuffer((folder / "stack.bin").read_bytes(), "<u4")[0])


def measure(path: Path, core: str, rows: int, profile: bool, plugin: Path) -> bool:
    tflite = path.read_bytes()
    program: Program = compile_model(tflite, core, name=path.stem)
    size = sum(port.bytes for port in program.inputs)
    ends = extremes(size)
    inputs = np.concatenate(
        [random_inputs(size, rows), ends[np.linspace(0, len(ends) - 1, rows).astype(int)]]
    )
    expected = TflmInterpreter(tflite).run(inputs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        elf = engine_board.build(program, folder)
        symbols = subprocess.run(["arm-none-eabi-nm", str(elf)], check=True, capture_output=True, text=True)
        mark = int(re.search(r"^(\w+) T mark$", symbols.stdout, re.M)[1], 16)
        option = f"{plugin},mark={mark:#x},out={folder}/counts"
        outputs = engine_board.run(program, program.constants, inputs, folder, plugin=option)
        counts = {int(a): int(n) for a, n in
                  (line.split() for line in (folder / "counts").read_text().splitlines())}  # fmt: skip
        weighted, functions = weigh(listing(elf), counts)
        sizes = code_bytes(elf)
        stack = stack_bytes(folder)
    exact = int((outputs == expected).all(axis=1).sum())
    blocks = size + outputs.shape[1]
    instructions = sum(functions.values())
    ram = f"arena {program.arena_bytes:,} in+out {blocks:,} stack {stack:,}"
    print(
        f"{path.stem:28} {instructions:>11,} instr {weighted:>11,} weighted  code {sum(sizes.values()):>6,}"
        f"  const {len(program.constants):>7,}  RAM {program.arena_bytes + blocks + stack:>6,} ({ram})"
        f"  exact {exact}/{len(inputs)}"
    )
    if profile:
        for function, count in sorted(functions.items(), key=lambda item: -item[1]):
            print(f"    {count:>11,}  {sizes.get(function, 0):>6,} B  {function}")
        for function in sizes.keys() - functions.keys():
            print(f"    {0:>11,}  {sizes[function]:>6,} B  {function}")
    return exact == len(inputs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--core", default="cortex-m4f")
    parser.add_argument("--rows", type=int, default=10, help="random inputs, and as many extremes")
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        plugin = Path(name) / "count.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", str(HERE / "features_m4" / "count.c"), "-o",
                        str(plugin)], check=True)  # fmt: skip
        results = [measure(path, args.core, args.rows, args.profile, plugin) for path in args.models]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
