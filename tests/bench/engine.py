"""Engine: every model of the shared folder on one board of each core, against the peers' counts.

    python tests/bench/engine.py             build/bench/engine.json, .md, .png and a profile of each pair
    python tests/bench/engine.py --readme    the README's table, measured anew

Counts are instructions, and cycles by a manual's table: not milliseconds of a chip.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from aurora.commands.bench import command
from aurora.files import write_atomic
from aurora.verify.bench import default_models, run_bench, shared_folder
from aurora.verify.table import README_BOARDS, README_MARKS, README_MODELS, readme_table
from aurora.verify.verdict import DEFAULT_INPUTS

README = Path(__file__).resolve().parents[2] / "README.md"
BEFORE = "\n`make demo DATA="  # the table's place where the README has none yet


def write_readme(models: list[Path]) -> None:
    """Measure the README's models on its two boards and put the table between its marks."""
    chosen = [path for path in models if path.stem in README_MODELS]
    result = run_bench(chosen, README_BOARDS, inputs=DEFAULT_INPUTS,
                       peers=shared_folder() / "tflite" / "peers.json", progress=print)  # fmt: skip
    table, text = readme_table(result.rows), README.read_text()
    between = re.compile(f"{re.escape(README_MARKS[0])}.*?{re.escape(README_MARKS[1])}", re.DOTALL)
    if between.search(text):
        text = between.sub(lambda _: table, text)
    else:
        intro = "Networks on the engine, byte for byte TFLite Micro's (peer: TFLite Micro with CMSIS-NN):"
        text = text.replace(BEFORE, f"\n{intro}\n\n{table}\n{BEFORE}", 1)
    write_atomic(README, text)


def main() -> None:
    """Without the shared folder there is nothing to run."""
    models = default_models()
    if not models:
        print(f"skipped: no models in {shared_folder()} (AURORA_SHARED names another folder)")
    elif "--readme" in sys.argv[1:]:
        write_readme(models)
    else:
        command.main([*sys.argv[1:], "--profile"], standalone_mode=False)


if __name__ == "__main__":
    main()
