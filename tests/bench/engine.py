"""Engine: every model of the shared folder on one board of each core, against the peers' counts.

Writes build/bench/engine.json, .md, .png and a profile of each pair. Counts are instructions, and cycles by a
manual's table: not milliseconds of a chip.
"""

from __future__ import annotations

import sys

from aurora.commands.bench import command
from aurora.verify.bench import default_models, shared_folder


def main() -> None:
    """Run `aurora bench` with profiles on everything; without the shared folder there is nothing to run."""
    if not default_models():
        print(f"skipped: no models in {shared_folder()} (AURORA_SHARED names another folder)")
        return
    command.main([*sys.argv[1:], "--profile"], standalone_mode=False)


if __name__ == "__main__":
    main()
