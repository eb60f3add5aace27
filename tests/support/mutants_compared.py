"""Mutants that still compile, against TFLite Micro: python mutants_compared.py SEED COUNT prints JSON.

TFLite Micro takes its process down on some damaged models, so each is run in a forked child: first there,
then in the engine. A model that TFLite Micro does not run has no answer to compare with; one that it runs
must give the same bytes, or be refused.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from aurora.compile import compile_model
from aurora.compress.tflm import TflmInterpreter
from aurora.errors import AuroraError
from engine_exact import ARENA_BYTES, input_blocks
from engine_host import HostEngine, kernel_objects
from mutants import models, of_tables

SECONDS, ROWS = 20, 4
NO_ANSWER, SAME, OTHER = "no answer", "same", "other"


def run_one(data: bytes, folder: Path, objects: list[Path], verdict: int) -> None:
    """In the child: what TFLite Micro gives, then what the engine gives; the verdict goes to a pipe."""
    program = compile_model(data, "host")
    inputs = input_blocks(program, ROWS)
    oracle = TflmInterpreter(data, arena_bytes=ARENA_BYTES)
    expected = oracle.run(inputs)
    os.write(verdict, pickle.dumps(OTHER))  # from here on, silence is a failure
    actual = HostEngine(program, folder, objects).run(inputs)
    os.write(verdict, pickle.dumps(SAME if np.array_equal(actual, expected) else OTHER))


def judge(data: bytes, folder: Path, objects: list[Path]) -> str:
    """NO_ANSWER, SAME or OTHER."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            signal.alarm(SECONDS)
            run_one(data, folder, objects, writer)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    verdict, at = NO_ANSWER, 0
    while at < len(said):
        verdict = pickle.loads(said[at:])
        at += len(pickle.dumps(verdict))
    return verdict


def compiles(data: bytes) -> bool:
    try:
        compile_model(data, "host")
    except AuroraError:
        return False
    return True


def campaign(seed: int, count: int) -> dict[str, Any]:
    """``count`` mutants that compile; ``failures`` numbers those with other bytes than TFLite Micro's."""
    outcomes: Counter[str] = Counter()
    failures: list[int] = []
    with tempfile.TemporaryDirectory() as name:
        folder, number, left = Path(name), 0, count
        objects = kernel_objects(folder)
        while left:
            rng = np.random.default_rng([seed, number])
            model = models()[number % len(models())]
            data = of_tables(rng, model)
            if compiles(data):
                verdict = judge(data, folder / str(number), objects)
                outcomes[verdict] += 1
                left -= 1
                if verdict == OTHER:
                    failures.append(number)
            number += 1
    return {"outcomes": dict(outcomes), "failures": failures, "tried": number}


if __name__ == "__main__":
    print(json.dumps(campaign(int(sys.argv[1]), int(sys.argv[2]))))
