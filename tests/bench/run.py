"""`make bench`: every benchmark beside this file in turn; figures go to build/bench, failures are counted."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCHMARKS = ("features", "drift", "femto", "shrink", "pruning", "distil", "quantise", "engine")
LIMIT_S = 3600


def main() -> int:
    """Run the benchmarks named on the command line, or all; 1 where one of them failed."""
    chosen = sys.argv[1:] or BENCHMARKS
    failed = []
    for name in chosen:
        if name not in BENCHMARKS:
            print(f"bench: no benchmark {name!r}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
            return 2
        print(f"== {name}", flush=True)
        began = time.monotonic()
        command = [sys.executable, HERE / f"{name}.py"]
        status = subprocess.run(command, timeout=LIMIT_S, check=False).returncode
        outcome = "ok" if status == 0 else f"FAILED ({status})"
        print(f"== {name}: {outcome} in {time.monotonic() - began:.0f} s", flush=True)
        failed += [name] if status else []
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
