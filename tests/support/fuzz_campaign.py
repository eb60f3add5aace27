"""Running a fuzzer written in C: seed, rounds and the files it mutates on its command line."""

from __future__ import annotations

import subprocess


def campaign(fuzzer: list[str], seed: int, rounds: int) -> tuple[int, int]:
    """(accepted, refused) of the mutated inputs; a crash fails the test with the command that repeats it."""
    command = [fuzzer[0], str(seed), str(rounds), *fuzzer[1:]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr[-3000:]}"
    accepted, refused = map(int, done.stdout.split())
    return accepted, refused
