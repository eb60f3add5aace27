"""Damaged models, and what the compiler makes of them: python mutants.py SEED COUNT prints one JSON object.

Half of the mutants have bytes changed, half have well-formed tables with wrong contents (shapes, types,
scales, operands, options), which come much further. The process is bounded: 1 GB, seconds per model.
Anything but a program or one line ends it with a traceback that names the mutant.
"""

from __future__ import annotations

import json
import resource
import signal
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from aurora.compile import compile_model
from aurora.errors import InputError, ModelRefused
from tflite_file import packed
from tflite_networks import conv_net, every_kernel, every_other_kernel, moves, two_heads

MEMORY_BYTES, SECONDS = 1 << 30, 10
WORDS = [0, 1, 2, 255, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000]
NUMBERS = [-(1 << 31), -2, -1, 0, 1, 2, 3, 5, 7, 64, 255, 65536, (1 << 31) - 1]
SCALES = [0.0, -1.0, float("nan"), float("inf"), 1e-38, 1e-9, 1e-3, 0.5, 1.0, 300.0, 1e30]
ENCODING_ERRORS = (struct.error, TypeError, ValueError, OverflowError, AttributeError)
CORES = ["host", "cortex-m4f", "cortex-m55"]


@cache
def models() -> list[bytes]:
    return [two_heads(), conv_net(1), every_kernel(), every_other_kernel(), moves()]


def mutant(rng: np.random.Generator) -> bytes:
    """One damaged model."""
    data = models()[int(rng.integers(len(models())))]
    return of_bytes(rng, data) if rng.random() < 0.5 else of_tables(rng, data)


def of_bytes(rng: np.random.Generator, model: bytes) -> bytes:
    """Truncated, with words overwritten, or with blocks exchanged."""
    data = np.frombuffer(model, np.uint8).copy()
    kind = int(rng.integers(5))
    if kind == 0:
        return data[: rng.integers(0, len(data))].tobytes()
    if kind == 1:
        a, b = rng.integers(0, len(data) - 16, 2)
        data[a : a + 16] = data[b : b + 16].copy()
        return data.tobytes()
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(0, len(data) - 4))
        word = int(rng.choice([*WORDS, int(rng.integers(0, 1 << 32))]))
        data[at : at + 4] = np.frombuffer(word.to_bytes(4, "little"), np.uint8)
    return data.tobytes()


def of_tables(rng: np.random.Generator, model: bytes) -> bytes:
    """A well-formed file with one to three wrong entries."""
    tree = schema.ModelT.InitFromPackedBuf(model, 0)
    for _ in range(int(rng.integers(1, 4))):
        CHANGES[int(rng.integers(len(CHANGES)))](rng, tree)
    try:
        return packed(tree)
    except ENCODING_ERRORS:
        return model


def _any(rng: np.random.Generator, values: Any) -> Any:
    return values[int(rng.integers(len(values)))]


def _tensor(rng: np.random.Generator, tree: Any) -> Any:
    return _any(rng, tree.subgraphs[0].tensors)


def _operator(rng: np.random.Generator, tree: Any) -> Any:
    return _any(rng, tree.subgraphs[0].operators)


def _shape(rng: np.random.Generator, tree: Any) -> None:
    tensor = _tensor(rng, tree)
    shape = [int(size) for size in (tensor.shape if tensor.shape is not None else [])]
    kind = int(rng.integers(3))
    if kind == 0 and shape:
        shape[int(rng.integers(len(shape)))] = int(_any(rng, NUMBERS))
    elif kind == 1:
        shape = [int(size) for size in rng.permutation(shape)]
    else:
        shape = shape[1:] if rng.random() < 0.5 else [1, *shape]
    tensor.shape = shape


def _type(rng: np.random.Generator, tree: Any) -> None:
    _tensor(rng, tree).type = int(rng.integers(0, 20))


def _scale(rng: np.random.Generator, tree: Any) -> None:
    quantisation = _tensor(rng, tree).quantization
    if quantisation is not None and quantisation.scale is not None and len(quantisation.scale):
        quantisation.scale = np.array(quantisation.scale)
        quantisation.scale[int(rng.integers(len(quantisation.scale)))] = _any(rng, SCALES)


def _zero_point(rng: np.random.Generator, tree: Any) -> None:
    quantisation = _tensor(rng, tree).quantization
    if quantisation is not None:
        quantisation.zeroPoint = [int(_any(rng, NUMBERS))] * int(rng.integers(0, 3))
        quantisation.quantizedDimension = int(rng.integers(0, 5))


def _no_scale(rng: np.random.Generator, tree: Any) -> None:
    _tensor(rng, tree).quantization = None


def _operand(rng: np.random.Generator, tree: Any) -> None:
    operator = _operator(rng, tree)
    name = "inputs" if rng.random() < 0.7 else "outputs"
    values = [int(value) for value in getattr(operator, name)]
    if values:
        values[int(rng.integers(len(values)))] = int(rng.integers(-2, len(tree.subgraphs[0].tensors) + 1))
    setattr(operator, name, values[: int(rng.integers(1, len(values) + 1))] if rng.random() < 0.2 else values)


def _code(rng: np.random.Generator, tree: Any) -> None:
    if rng.random() < 0.5:
        _operator(rng, tree).opcodeIndex = int(rng.integers(0, len(tree.operatorCodes)))
    else:
        code = _any(rng, tree.operatorCodes)
        code.builtinCode = int(rng.integers(0, 150))
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)


def _option(rng: np.random.Generator, tree: Any) -> None:
    options = _operator(rng, tree).builtinOptions
    if options is not None and vars(options):
        name = _any(rng, sorted(vars(options)))
        if isinstance(getattr(options, name), (int, bool)):
            setattr(options, name, int(_any(rng, NUMBERS)))


def _buffer(rng: np.random.Generator, tree: Any) -> None:
    buffer = _any(rng, tree.buffers)
    if buffer.data is not None and len(buffer.data):
        data = np.array(buffer.data, np.uint8)
        if rng.random() < 0.2:
            data = data[: int(rng.integers(0, len(data)))]
        else:
            data[rng.integers(0, len(data), 3)] = rng.integers(0, 256, 3)
        buffer.data = data


def _ports(rng: np.random.Generator, tree: Any) -> None:
    graph = tree.subgraphs[0]
    name = "inputs" if rng.random() < 0.5 else "outputs"
    values = [int(value) for value in getattr(graph, name)]
    values[int(rng.integers(len(values)))] = int(rng.integers(0, len(graph.tensors)))
    setattr(graph, name, values)


def _variable(rng: np.random.Generator, tree: Any) -> None:
    tensor = _tensor(rng, tree)
    tensor.isVariable = not tensor.isVariable


def _dropped(rng: np.random.Generator, tree: Any) -> None:
    operators = tree.subgraphs[0].operators
    del operators[int(rng.integers(len(operators)))]


CHANGES: list[Callable[[np.random.Generator, Any], None]] = [
    _shape, _type, _scale, _zero_point, _no_scale, _operand, _code, _option, _option, _buffer, _ports,
    _variable, _dropped,
]  # fmt: skip


def campaign(seed: int, count: int) -> dict[str, Any]:
    """Counts of outcomes, the slowest compilation and the memory used."""
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(count):
        data = mutant(np.random.default_rng([seed, number]))
        begin = time.monotonic()
        signal.alarm(SECONDS)
        try:
            outcomes[_outcome(data, CORES[number % len(CORES)])] += 1
        except BaseException as error:
            raise AssertionError(f"mutant {number} of seed {seed}") from error
        signal.alarm(0)
        slowest = max(slowest, time.monotonic() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"outcomes": dict(outcomes), "slowest_s": slowest, "peak_bytes": peak}


def _outcome(data: bytes, core: str) -> str:
    try:
        compile_model(data, core)
    except (InputError, ModelRefused) as error:
        assert "\n" not in str(error)
        return type(error).__name__
    return "compiled"


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError(f"a model took longer than {SECONDS} s")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGALRM, _too_long)
    print(json.dumps(campaign(int(sys.argv[1]), int(sys.argv[2]))))
