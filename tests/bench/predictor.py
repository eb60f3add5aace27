"""Fits the predictor's coefficients to measured layers, and says how well it then predicts.

    python tests/bench/predictor.py            check predictions, build/bench/predictor.json
    python tests/bench/predictor.py --fit      measure everything anew and write coefficients.json
    python tests/bench/predictor.py --fit m4   the same for one core variant

Measured are the networks of predictor_nets.py and, where there is one, the models of the shared folder, each
with 20 seeded inputs; a layer's figure is its median. To be run again whenever a kernel changes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from aurora.compile import compile_model  # noqa: E402
from aurora.compile.predict import kernel_key, predict_steps, trips  # noqa: E402
from aurora.errors import AuroraError  # noqa: E402
from aurora.files import write_atomic  # noqa: E402
from aurora.spec.board import load_board  # noqa: E402
from aurora.verify.bench import default_models  # noqa: E402
from aurora.verify.image import build_image  # noqa: E402
from aurora.verify.inputs import seeded_inputs  # noqa: E402
from aurora.verify.machine import INFERENCE, run_image  # noqa: E402
from aurora.verify.profile import layers_of  # noqa: E402
from predictor_nets import networks  # noqa: E402

BOARDS = {"m3": "mps2_an385", "m4": "mps2_an386", "m55": "mps3_an547", "portable": "mps2_an385"}
CORES = {"portable": "cortex-m0plus"}  # compiled for, where it is not the board's own core
INPUTS = 20
COEFFICIENTS = ROOT / "host" / "aurora" / "compile" / "predict" / "coefficients.json"
FLOOR = 20  # instructions: smaller layers weigh no more than these
OWN_NETS_WEIGHT, SHARED_WEIGHT = 0.3, 1.0  # of a layer's own relative error
WHOLE_WEIGHT = 10.0  # of a layer's error relative to the whole model


def measure(tflite: bytes, name: str, variant: str) -> dict[str, Any] | None:
    """Medians of one model; None where the engine refuses it or it does not fit."""
    board = load_board(BOARDS[variant])
    try:
        program = compile_model(tflite, CORES.get(variant, board.core), name=name)
        with tempfile.TemporaryDirectory() as folder:
            image = build_image(program, board, Path(folder))
            run = run_image(image, seeded_inputs(program.inputs, INPUTS), count=INFERENCE)
            spent = np.array([[layer.instructions for layer in layers_of(image, c)] for c in run.counts])
    except AuroraError as error:
        print(f"{variant} {name}: left out, {error}", flush=True)
        return None
    medians = np.median(spent, axis=0)
    steps = [
        {"key": kernel_key(step), "trips": trips(step, program.constants), "measured": float(value)}
        for step, value in zip(program.layout["steps"], medians, strict=False)
    ]
    print(f"{variant} {name}: {np.median(run.instructions()):,.0f}", flush=True)
    return {"model": name, "median": float(np.median(run.instructions())), "steps": steps,
            "predicted": predict_steps(program.layout, program.constants)}  # fmt: skip


def shared(variant: str) -> Iterator[dict[str, Any]]:
    """Figures of the shared folder's models."""
    for path in default_models():
        figures = measure(path.read_bytes(), path.stem, variant)
        if figures is not None:
            yield figures


def fit(measured: list[tuple[dict[str, Any], float]]) -> dict[str, dict[str, float]]:
    """Non-negative costs of each kernel's loops with the smallest relative errors; model and its weight."""
    from scipy.optimize import nnls

    layers: dict[str, list[tuple[dict[str, float], float, float]]] = defaultdict(list)
    for model, weight in measured:
        for step in model["steps"]:
            layers[step["key"]].append(
                (step["trips"], step["measured"], weight / max(step["measured"], FLOOR))
            )
            if weight == SHARED_WEIGHT:  # what matters in a model is its share of the whole
                layers[step["key"]].append((step["trips"], step["measured"], WHOLE_WEIGHT / model["median"]))
    costs = {}
    for key, rows in sorted(layers.items()):
        names = sorted({name for counts, _, _ in rows for name in counts})
        counts = np.array([[row[0].get(name, 0.0) for name in names] for row in rows])
        goal = np.array([row[1] for row in rows])
        weight = np.array([row[2] for row in rows])
        size = np.maximum(counts.max(axis=0), 1e-9)
        found, _ = nnls(counts / size * weight[:, None], goal * weight, maxiter=100 * len(names))
        costs[key] = {
            name: float(f"{value:.6g}") for name, value in zip(names, found / size, strict=True) if value
        }
    return costs


def main() -> None:
    """Fit if asked to, else check every model of the shared folder."""
    if "--fit" in sys.argv[1:]:
        costs = json.loads(COEFFICIENTS.read_text())
        for variant in [name for name in BOARDS if name in sys.argv[1:]] or BOARDS:
            own = [measure(tflite, name, variant) for name, tflite in networks()]
            if None in own:
                sys.exit(f"some of the networks above did not run on {BOARDS[variant]}: nothing is written")
            figures = [(model, OWN_NETS_WEIGHT) for model in own if model is not None]
            costs[variant] = fit(figures + [(model, SHARED_WEIGHT) for model in shared(variant)])
        write_atomic(COEFFICIENTS, json.dumps(costs, indent=1, sort_keys=True) + "\n")
        print(f"written to {COEFFICIENTS}; run this again without --fit to check")
        return
    rows = []
    for variant in [name for name in BOARDS if name in sys.argv[1:]] or BOARDS:
        for model in shared(variant):
            known = [value for value in model["predicted"] if value is not None]
            error = sum(known) / model["median"] - 1 if len(known) == len(model["steps"]) else None
            rows.append({"model": model["model"], "variant": variant, "measured": model["median"],
                         "predicted": sum(known), "error": error})  # fmt: skip
    for row in rows:
        error = "no prediction" if row["error"] is None else f"{100 * row['error']:+.2f} %"
        print(f"{row['variant']:9} {row['model']:40} {row['measured']:14,.0f} {row['predicted']:14,} {error}")
    write_atomic(ROOT / "build" / "bench" / "predictor.json", json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
