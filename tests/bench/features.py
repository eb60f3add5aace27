"""Features: windows a second on one core of this host, and exact instructions on a Cortex-M4F (QEMU).

Writes build/bench/features.json. Cycles are the manual's, without wait states: not milliseconds of a chip.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "parity"))

import features_board  # noqa: E402
from aurora.features import chain_info, extract  # noqa: E402
from aurora.files import write_atomic  # noqa: E402
from test_features_cost import NOMINAL_RPM, RATE_HZ, job  # noqa: E402

SIZES = ((4096, 3), (2560, 2), (2048, 3), (1024, 3))
WINDOWS, ROUNDS = 500, 5


def windows_per_second(n: int, axes: int) -> float:
    """Of one core's CPU time, the best of some rounds."""
    chain = job(n, axes)[0].chain
    samples = np.random.default_rng(1).normal(0, 1000, (WINDOWS, axes, n)).astype(np.int16)
    scale = np.full((WINDOWS, axes), 1e-3, np.float32)
    seconds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        extract(chain, samples, scale, RATE_HZ, NOMINAL_RPM)
        seconds.append(time.process_time() - began)
    return WINDOWS / min(seconds)


def main() -> None:
    """Measure each size, print a table, write the figures."""
    report = {}
    print("window    host windows/s   M4F instructions   weighted cycles   workspace")
    with tempfile.TemporaryDirectory() as folder:
        for n, axes in SIZES:
            case, features = job(n, axes)
            cost = features_board.cost(Path(folder), case, features)
            rate = windows_per_second(n, axes)
            workspace = chain_info(case.chain).workspace_bytes
            figures = f"{rate:15.0f} {cost.instructions:18,d} {cost.weighted_cycles:17,d} {workspace:11d}"
            print(f"{n:4d}x{axes} {figures}")
            report[f"{n}x{axes}"] = {
                "host_windows_per_second": round(rate),
                "instructions": cost.instructions,
                "weighted_cycles": cost.weighted_cycles,
                "instructions_per_function": cost.per_function,
                "workspace_bytes": workspace,
                "features": features,
            }
    path = ROOT / "build" / "bench" / "features.json"
    write_atomic(path, json.dumps(report, indent=2) + "\n")
    print(f"written to {path}")


if __name__ == "__main__":
    main()
