"""How a student becomes int8 or int4: clipping by range, percentile and mean square error, PTQ and QAT.

Synthetic fleet of seed 0, five seeds, every figure from TFLite Micro on test units. A wide student shows what
int8 costs, a narrow one what four bits cost. Instructions are the compiler's prediction for a Cortex-M4F.

    python tests/bench/quantise.py      writes build/bench/quantise.json
"""

from __future__ import annotations

import json
import sys
import time
from itertools import product
from typing import Any

from aurora.compile import compile_model
from aurora.compress.quantise import quantise_students
from aurora.compress.quantise_spec import CLIPPINGS, METHODS, WEIGHT_BITS, QuantSpec
from aurora.compress.student import StudentSpec, fit_students
from aurora.files import write_atomic
from student_bench import (
    FIGURES,
    ROOT,
    SEEDS,
    difference,
    fleet_bench,
    float_figures,
    int8_figures,
    summary,
    text,
)

RESULT = ROOT / "build" / "bench" / "quantise.json"
STUDENTS = {"16": StudentSpec(hidden=(16,)), "6": StudentSpec(hidden=(6,))}


def main() -> int:
    """Always 0: this compares, it requires nothing."""
    began, bench = time.monotonic(), fleet_bench(0)
    report: dict[str, Any] = {}
    for name, spec in STUDENTS.items():
        students = fit_students(bench.training, bench.heads, spec, SEEDS)
        plain = {
            seed: float_figures(student, bench.tests) for seed, student in zip(SEEDS, students, strict=True)
        }
        report[name] = {"float": {"figures": summary(plain)}}
        for bits, method, clipping in product(WEIGHT_BITS, METHODS, CLIPPINGS):
            quant = QuantSpec(method, clipping, bits)
            models = quantise_students(students, bench.chain, bench.training, quant, SEEDS)
            arm = {seed: int8_figures(model, bench.tests) for seed, model in zip(SEEDS, models, strict=True)}
            program = compile_model(models[0].tflite, "cortex-m4f")
            report[name][f"int{bits} {method} {clipping}"] = {
                "figures": summary(arm),
                "minus_float": {figure: difference(arm, plain, figure) for figure in FIGURES},
                "tflite_bytes": len(models[0].tflite),
                "constants_bytes": program.report["constants_bytes"],
                "predicted_instructions": program.report["predicted_instructions"],
            }
        show(name, report[name])
    report["seconds"] = round(time.monotonic() - began, 1)
    write_atomic(RESULT, json.dumps(report, indent=1) + "\n")
    print(f"  wrote {RESULT.relative_to(ROOT)}")
    return 0


def show(name: str, arms: dict[str, Any]) -> None:
    """One line an arm."""
    for arm, found in arms.items():
        figures = ", ".join(f"{figure} {found['figures'][figure]['mean']:.4f}" for figure in FIGURES)
        lost = found.get("minus_float", {})
        told = "; ".join(f"{figure} - float {text(each)}" for figure, each in lost.items())
        print(f"  hidden {name}, {arm}: {figures} {told}")


if __name__ == "__main__":
    sys.exit(main())
