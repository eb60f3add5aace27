"""A made-up comparison with every kind of figure, for the report's tests: no training, no emulator."""

from typing import Any

import numpy as np
from aurora.compress.int8 import Head
from aurora.shrink.compare import ArmOutputs, Bench, judge_seeds
from aurora.shrink.comparison import Arm, ArmCost, Comparison, Device, ParetoPoint, Timeline
from aurora.spec.model import DecisionSpec
from aurora.train.metrics import FAILS_HEAD, FAULT_HEAD
from aurora.train.table import UnitTable
from train_samples import table as train_table

HORIZON_S, STEP_S = 20 * 3600.0, 3600.0
TEST, VALIDATION = ("t1", "t2", "t3", "t4"), ("v1", "v2")
HEADS = (Head(FAILS_HEAD, 0, 1, 0.05, 3), Head(FAULT_HEAD, 1, 3, 0.05, -2))
#: how well each arm tells: the teacher best, the pruned student worst
SKILL = {"teacher": 2.5, "plain": 1.8, "distilled": 1.9, "pruned": 1.2, "ptq": 1.8}


def table(name: str, *, fails: bool, windows: int = 120) -> UnitTable:
    """A unit of one window an hour; a failing one fails at its end, of fault type 1 or 2."""
    ttf = time_to_failure(fails, windows)
    late = np.arange(windows) >= windows - 40
    fault = np.where(late & fails, 1 + int(name[-1]) % 2, 0).astype(np.int16)
    return train_table(
        name,
        np.zeros((windows, 2)),
        (ttf <= HORIZON_S).astype(np.float32),
        fault,
        weight=np.full(windows, STEP_S),
        scored=np.arange(windows) >= 5,
    )


def time_to_failure(fails: bool, windows: int = 120) -> np.ndarray:
    ttf = np.arange(windows, 0, -1) * STEP_S if fails else np.full(windows, np.inf)
    return ttf.astype(np.float32)


def bench() -> Bench:
    """Four test and two validation units; t4 and v2 never fail."""
    failing = {name: name not in ("t4", "v2") for name in (*TEST, *VALIDATION)}
    return Bench(
        tables={name: table(name, fails=fails) for name, fails in failing.items()},
        ttf_s={name: time_to_failure(fails) for name, fails in failing.items()},
        decision=DecisionSpec(),
        horizon_s=HORIZON_S,
    )


def outputs(arm: str, seed: int, *, int8: bool = False) -> ArmOutputs:
    """Noisy logits that point the right way by the arm's skill."""
    rng = np.random.default_rng([seed, sorted(SKILL).index(arm)])
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, rows in bench().tables.items():
        fails = SKILL[arm] * (2 * rows.fails - 1) + rng.normal(0, 1, len(rows.fails))
        fault = SKILL[arm] * np.eye(3)[rows.fault] + rng.normal(0, 1, (len(rows.fault), 3))
        logits = {FAILS_HEAD: fails[:, None].astype(np.float32), FAULT_HEAD: fault.astype(np.float32)}
        if int8:
            logits = {head.name: head.quantised(logits[head.name]) for head in HEADS}
        found[name] = logits
    return ArmOutputs(
        test={name: found[name] for name in TEST},
        validation={name: found[name] for name in VALIDATION},
        heads=HEADS if int8 else (),
    )


def arm(name: str, *, precision: str = "float", seeds: int = 5, cost: ArmCost | None = None) -> Arm:
    """An arm of SKILL judged with several seeds."""
    made = {seed: outputs(name, seed, int8=precision == "int8") for seed in range(1, seeds + 1)}
    ships = name != "teacher"
    return Arm(name, precision, judge_seeds(made, bench()), cost, ships, note=f"{name} for a test")


def comparison(**changes: Any) -> Comparison:
    """Teacher, plain, distilled, pruned and ptq; no qat; the ptq arm ships and ran on a board."""
    small = ArmCost("predicted", 1270, 5200, 9000, 1500, 4000)
    pruned = ArmCost("predicted", 600, 3100, 7000, 1200, 2000)
    arms = (
        arm("teacher"),
        arm("plain", cost=small),
        arm("distilled", cost=small),
        arm("pruned", cost=pruned),
        arm("ptq", precision="int8", cost=small),
    )
    rng = np.random.default_rng(4)
    scores = np.clip(np.r_[rng.normal(-40, 20, 80), rng.normal(60, 20, 20)], -128, 127)
    values: dict[str, Any] = {
        "model": "sample", "release": "1.0.0", "board": "mps2_an386",
        "budget": {"instructions": 5000, "flash": 10_000}, "arms": arms, "chosen": "ptq",
        "reason": "its validation score is the highest among the arms under the budget.",
        "test_units": TEST, "limits": ("Simulated machines, no turbine was measured.",),
        "absent": {"qat": "not asked for", "linear": "not asked for", "device": "no emulator in this test"},
        "asked": "at most 1 % of the calm time in alarm", "facts": {"data": "a made-up fleet"},
        "timeline": Timeline(
            "t1", tuple(float(i) * STEP_S for i in range(100)), tuple(int(s) for s in scores),
            tuple(bool(s > 20) for s in scores), 20, HORIZON_S, 100 * STEP_S,
        ),
        "pareto": tuple(
            ParetoPoint(f"trial {i}", 0.8 + 0.02 * i, 6000 + 900 * i, 1000 + 90 * i, 1500 + 700 * i,
                        front=i != 2, chosen=i == 4)
            for i in range(6)
        ),
        "device": Device("mps2_an386", 480, 0, 40, 40, 3912, 8890, 1464),
    }  # fmt: skip
    return Comparison(**{**values, **changes})
