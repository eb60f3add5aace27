"""What the benchmarks of students share: the synthetic fleet as tables, and an int8 model's scores.

Nothing here chooses anything: the chain and the fleet are those of models/turbine, the split is by unit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.compress.int8 import Int8Model
from aurora.compress.judge import by_head
from aurora.compress.student import Student
from aurora.compress.tflm import ARENA_START_BYTES, TflmInterpreter
from aurora.signals.synth.fleet import Fleet, synthesise
from aurora.spec.chain import compile_chain
from aurora.spec.model import load_model_toml
from aurora.train.fit import head_sizes
from aurora.train.interval import Interval, paired_interval, t_interval
from aurora.train.metrics import Scores, score_units
from aurora.train.split import split_units
from aurora.train.table import UnitTable, unit_table

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "turbine" / "model.toml"
SEEDS = (1, 2, 3, 4, 5)
SPLIT_SEED = 1
FIGURES = ("auroc", "accuracy")


@dataclass(frozen=True)
class Bench:
    """Training and test units of one fleet; ``chain`` is not normalised."""

    heads: dict[str, int]
    chain: bytes
    training: list[UnitTable]
    tests: list[UnitTable]


def fleet_bench(seed: int) -> Bench:
    """`aurora data synth --seed SEED`, three in four units to train on."""
    spec = load_model_toml(MODEL)
    chain = compile_chain(spec.chain, spec.signal)
    with tempfile.TemporaryDirectory(prefix="aurora-bench-") as folder:
        dataset = synthesise(Path(folder) / "fleet", Fleet(seed=seed))
        split = split_units(dataset, SPLIT_SEED)
        tables = {unit.id: unit_table(chain, dataset, unit) for unit in dataset.units}
    training = [tables[unit_id] for unit_id in split.train + split.validation]
    return Bench(head_sizes(spec), chain, training, [tables[unit_id] for unit_id in split.test])


def float_figures(model: Any, tests: Sequence[UnitTable]) -> dict[str, float]:
    """Of a student or a teacher: whatever has ``logits``."""
    return _figures(score_units(tests, {table.id: model.logits(table) for table in tests}))


def int8_figures(model: Int8Model, tests: Sequence[UnitTable]) -> dict[str, float]:
    """As TFLite Micro computes it on the bytes of the C features."""
    interpreter = TflmInterpreter(model.tflite, arena_bytes=ARENA_START_BYTES)
    outputs = {table.id: by_head(model, interpreter.run(model.inputs(table))) for table in tests}
    return _figures(score_units(tests, outputs))


def _figures(scores: Scores) -> dict[str, float]:
    found = {"auroc": scores.auroc_mean, "accuracy": scores.accuracy}
    return {name: value for name, value in found.items() if value is not None}


def summary(arm: Mapping[int, Mapping[str, float]]) -> dict[str, Any]:
    """Seed -> figures as means with 95 % intervals over seeds, and the figures themselves."""
    names = next(iter(arm.values())).keys()
    return {name: {**_ends(t_interval([figures[name] for figures in arm.values()])),
                   "per_seed": {str(seed): figures[name] for seed, figures in arm.items()}}
            for name in names}  # fmt: skip


def difference(
    ours: Mapping[int, Mapping[str, float]], theirs: Mapping[int, Mapping[str, float]], name: str
) -> dict[str, Any]:
    """ours - theirs, paired by seed, with its 95 % interval; ``excludes_zero`` is the verdict."""
    found = _ends(paired_interval({seed: figures[name] for seed, figures in ours.items()},
                                  {seed: figures[name] for seed, figures in theirs.items()}))  # fmt: skip
    low, high = found["low"], found["high"]
    return {**found, "excludes_zero": bool(low is not None and (low > 0 or high < 0))}


def _ends(interval: Interval | None) -> dict[str, Any]:
    assert interval is not None
    return {"mean": interval.mean, "low": interval.low, "high": interval.high}


def text(found: Mapping[str, Any]) -> str:
    """A mean with its interval."""
    return f"{found['mean']:+.4f} [{found['low']:+.4f}, {found['high']:+.4f}]"


def widths(student: Student) -> str:
    """Its hidden layers, like 24-20."""
    return "-".join(str(len(layer.bias)) for layer in student.network.hidden)
