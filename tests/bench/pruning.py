"""Structured pruning on the synthetic fleet: half the device instructions, and what that costs in accuracy.

Per seed: a student of 64-32 units; the same pruned to TARGET_SHARE of its instructions (channels by Taylor
saliency, ROUNDS rounds of recovery, target by the compiler's predictor); a small one of the pruned one's
shape, trained plainly from scratch for as many steps as the pruned one had in all; and the unpruned one
trained for that many. All int8 per channel. Instructions are measured on the emulated mps2_an386, every
program byte for byte TFLite Micro's. Accuracy is on test units, as TFLite Micro computes it.

    python tests/bench/pruning.py      writes build/bench/pruning.json; 1 where the requirement is missed
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from typing import Any

from aurora.compile import compile_model
from aurora.compress.int8 import Int8Model
from aurora.compress.prune import PruneSpec
from aurora.compress.prune_student import prune_student
from aurora.compress.quantise import quantise_student, sketch_tflite
from aurora.compress.quantise_spec import QuantSpec
from aurora.compress.student import Student, StudentSpec, fit_student, fit_students
from aurora.files import write_atomic
from aurora.spec.board import Board, load_board
from aurora.train.network import Network
from aurora.verify import verify_model
from student_bench import (
    FIGURES,
    ROOT,
    SEEDS,
    Bench,
    difference,
    fleet_bench,
    int8_figures,
    summary,
    text,
    widths,
)

RESULT = ROOT / "build" / "bench" / "pruning.json"
BOARD = "mps2_an386"
TARGET_SHARE, MOST_SHARE, MOST_LOSS = 0.45, 0.5, 0.01
ROUNDS, RECOVERY_EPOCHS = 4, 10
START = StudentSpec(hidden=(64, 32))
LONG = replace(START, epochs=START.epochs + ROUNDS * RECOVERY_EPOCHS)
VERIFY_INPUTS = 5
ARMS = ("unpruned", "unpruned_as_long", "pruned", "small_from_scratch")


def main() -> int:
    """Exit status 1 where instructions or accuracy miss the requirement, or a byte differs."""
    began = time.monotonic()
    bench, board = fleet_bench(0), load_board(BOARD)
    arms = students(bench, board)
    models = {
        arm: {
            seed: quantise_student(student, bench.chain, bench.training, QuantSpec(), seed)
            for seed, student in zip(SEEDS, made, strict=True)
        }
        for arm, made in arms.items()
    }
    figures = {arm: {seed: int8_figures(model, bench.tests) for seed, model in made.items()}
               for arm, made in models.items()}  # fmt: skip
    measured = {arm: measure(made, board) for arm, made in models.items() if arm != "unpruned_as_long"}
    report = {
        "board": BOARD,
        "hidden": {arm: [widths(student) for student in made] for arm, made in arms.items()},
        "instructions": measured,
        "instructions_share": share(measured, "pruned"),
        "arms": {arm: summary(by_seed) for arm, by_seed in figures.items()},
        "pruned_minus": {
            other: {name: difference(figures["pruned"], figures[other], name) for name in FIGURES}
            for other in ARMS if other != "pruned"
        },
        "seconds": round(time.monotonic() - began, 1),
        "note": "synthetic fleet seed 0, test units, int8 in TFLite Micro; intervals over five seeds",
    }  # fmt: skip
    lost = [-report["pruned_minus"]["unpruned"][name]["mean"] for name in FIGURES]
    exact = all(each["exact"] for arm in measured.values() for each in arm.values())
    report["passed"] = exact and max(report["instructions_share"]) <= MOST_SHARE and max(lost) <= MOST_LOSS
    write_atomic(RESULT, json.dumps(report, indent=1) + "\n")
    show(report)
    return 0 if report["passed"] else 1


def students(bench: Bench, board: Board) -> dict[str, list[Student]]:
    """Arm -> one student a seed."""

    def cost(network: Network) -> int:
        return int(compile_model(sketch_tflite(network), board.core).report["predicted_instructions"])

    unpruned = fit_students(bench.training, bench.heads, START, SEEDS)
    spec = PruneSpec(target_instructions=int(TARGET_SHARE * cost(unpruned[0].network)), rounds=ROUNDS,
                     recovery_epochs=RECOVERY_EPOCHS)  # fmt: skip
    pruned = [prune_student(student, bench.training, bench.heads, spec, seed, cost=cost)
              for student, seed in zip(unpruned, SEEDS, strict=True)]  # fmt: skip
    small = [fit_student(bench.training, bench.heads, replace(LONG, hidden=student.spec.hidden), seed)
             for student, seed in zip(pruned, SEEDS, strict=True)]  # fmt: skip
    long = fit_students(bench.training, bench.heads, LONG, SEEDS)
    made = (unpruned, long, pruned, small)
    return dict(zip(ARMS, made, strict=True))


def measure(models: dict[int, Int8Model], board: Board) -> dict[str, dict[str, Any]]:
    """Seed -> instructions, sizes and whether every byte is right, on the emulated board."""
    found = {}
    for seed, model in models.items():
        verdict = verify_model(model.tflite, board, inputs=VERIFY_INPUTS)
        record = verdict.record()
        sizes = {key: record[key] for key in ("code_bytes", "constants_bytes", "ram_bytes")}
        exact = verdict.exact == verdict.inputs
        found[str(seed)] = {"instructions": verdict.instructions, "exact": exact, **sizes}
    return found


def share(measured: dict[str, dict[str, dict[str, Any]]], arm: str) -> list[float]:
    """Measured instructions of ``arm`` over the unpruned student's, by seed."""
    pairs = [(measured[arm][seed], whole) for seed, whole in measured["unpruned"].items()]
    return [round(ours["instructions"] / whole["instructions"], 4) for ours, whole in pairs]


def show(report: dict[str, Any]) -> None:
    """The figures in a few lines."""
    shares = report["instructions_share"]
    print(
        f"  pruned runs {100 * min(shares):.0f} to {100 * max(shares):.0f} % of the instructions on {BOARD}"
    )
    for arm in ARMS:
        auroc, accuracy = (report["arms"][arm][name]["mean"] for name in FIGURES)
        print(
            f"  {arm}: AUROC {auroc:.4f}, accuracy {accuracy:.4f}, hidden {', '.join(report['hidden'][arm])}"
        )
    for other, found in report["pruned_minus"].items():
        print(f"  pruned - {other}: " + ", ".join(f"{name} {text(found[name])}" for name in FIGURES))
    print(f"  wrote {RESULT.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
