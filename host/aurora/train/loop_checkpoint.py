"""The state of a training on disk: whole or absent, and only for the training that wrote it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.files import write_atomic
from aurora.signals.storage import npz_bytes, read_npz_columns
from aurora.train.loop_nets import Stack

HINT = "remove the file to start that training anew"


@dataclass(frozen=True)
class State:
    """After ``epoch`` epochs: weights and Adam's two moments, each float32 [seeds, weights]."""

    epoch: int
    weights: NDArray[np.float32]
    mean: NDArray[np.float32]
    square: NDArray[np.float32]


def fingerprint(start: Stack, *parts: bytes) -> bytes:
    """SHA-256 of where a training starts and of whatever else decides its course."""
    digest = hashlib.sha256()
    for name in sorted(start):
        digest.update(name.encode() + b"\0" + np.ascontiguousarray(start[name]).tobytes())
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.digest()


def save_state(path: Path, mark: bytes, state: State) -> None:
    """Replace ``path``; raises WriteFailed."""
    arrays = {"mark": np.frombuffer(mark, np.uint8), "epoch": np.array([state.epoch]),
              "weights": state.weights, "mean": state.mean, "square": state.square}  # fmt: skip
    write_atomic(path, npz_bytes(arrays))


def load_state(path: Path, mark: bytes, start: State) -> State:
    """The state in ``path``, ``start`` where there is no such file.

    Raises InputError where the file is damaged or was written by another training.
    """
    if not path.exists():
        return start
    moments = ("<f4", start.weights.shape)
    found = read_npz_columns(path, {"mark": ("u1", (len(mark),)), "epoch": ("<i8", (1,)),
                                    "weights": moments, "mean": moments, "square": moments})  # fmt: skip
    if found["mark"].tobytes() != mark:
        raise InputError("is the checkpoint of another training", where=path, hint=HINT)
    epoch = int(found["epoch"][0])
    sound = epoch >= 0 and all(np.isfinite(found[name]).all() for name in ("weights", "mean", "square"))
    if not sound:
        raise InputError("is a damaged checkpoint", where=path, hint=HINT)
    return State(epoch, found["weights"], found["mean"], found["square"])
