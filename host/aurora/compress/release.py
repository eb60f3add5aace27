"""A release: one trained model with everything that later stages need, in one folder whose hashes hold.

release.json    what it is: heads, metrics, split by unit, seed, versions, provenance, limits, and the
                SHA-256 of every other file
model.toml      the spec it was made from, with the form that was chosen
model.tflite    full int8, batch 1, outputs bound by name
chain.bin       the chain with normalisation: its int8 features are the network's input
decision.json   offsets, thresholds and votes: spec.decision.Decision
baseline.npz    histogram bins and validation rows for drift: baseline.DriftData
golden.npz      "inputs" int8 [g, F] and "outputs" int8 [g, bytes], from TFLite Micro
model_data.h/.c the model as TFLite Micro takes it
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.compress.baseline import DriftData
from aurora.compress.int8 import Head, read_quantisation
from aurora.errors import InputError
from aurora.files import folder_atomic, sha256_hex, write_atomic
from aurora.spec.chain import check_chain, features_id
from aurora.spec.decision import Decision
from aurora.spec.model import ModelSpec, load_model_toml

RELEASE_FILE, RELEASE_FORMAT, RELEASE_VERSION = "release.json", "aurora-release", 1
FILES = ("model.toml", "model.tflite", "chain.bin", "decision.json", "baseline.npz", "golden.npz")
#: made from the others for TFLite Micro's users: hashed, and checked where present, but not needed
EXPORTS = ("model_data.h", "model_data.c")
MAX_FILE_BYTES = 64 << 20


@dataclass(frozen=True)
class Release:
    """A release read from ``path``, hashes checked. ``document`` is release.json.

    ``golden_inputs`` is int8 [g, F], ``golden_outputs`` int8 [g, bytes]. ``id`` is the SHA-256 of
    release.json, which holds those of all other files.
    """

    path: Path
    id: str
    document: dict[str, Any]
    spec: ModelSpec
    tflite: bytes
    chain: bytes
    decision: Decision
    golden_inputs: NDArray[np.int8]
    golden_outputs: NDArray[np.int8]
    drift: DriftData

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def version(self) -> str:
        return self.spec.version

    @property
    def features_id(self) -> bytes:
        """32 bytes, computed from the chain itself."""
        return features_id(self.chain)

    @property
    def heads(self) -> tuple[Head, ...]:
        """Where each head lies in the output block, read from the model itself."""
        return read_quantisation(self.tflite)[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """The fault types in output order; empty without that head."""
        return self.spec.labels.fault_types


def write_release(
    path: Path, files: dict[str, bytes], document: dict[str, Any], *, replace: bool = False
) -> Release:
    """Write the folder whole or not at all and read it back.

    ``files`` has an entry for each of FILES and EXPORTS. Raises InputError where ``path`` exists and not
    ``replace``, WriteFailed on a full disk.
    """
    assert set(files) == {*FILES, *EXPORTS}, sorted(set(files) ^ {*FILES, *EXPORTS})
    if path.exists() and not (replace and (path / RELEASE_FILE).is_file()):
        raise InputError(
            "already exists", where=path, hint="raise the version in model.toml or give --replace"
        )
    with folder_atomic(path, replace=replace) as folder:
        for name, content in files.items():
            write_atomic(folder / name, content)
        hashes = {name: sha256_hex(folder / name) for name in sorted(files)}
        whole = {"format": RELEASE_FORMAT, "version": RELEASE_VERSION, **document, "files": hashes}
        write_atomic(folder / RELEASE_FILE, json.dumps(whole, indent=1, allow_nan=False) + "\n")
        load_release(folder)  # what is published has passed the gate that its readers apply
    return load_release(path)


def load_release(path: Path | str) -> Release:
    """Read a release folder; raises InputError naming the file that is missing, altered or malformed."""
    path = Path(path)
    text = _read(path, RELEASE_FILE)
    document = _json_object(path / RELEASE_FILE, text)
    if document.get("format") != RELEASE_FORMAT or document.get("version") != RELEASE_VERSION:
        raise InputError(
            "is not a release that this Aurora reads", where=path / RELEASE_FILE, hint="train again"
        )
    hashes = document.get("files")
    if not isinstance(hashes, dict) or set(hashes) != {*FILES, *EXPORTS}:
        raise InputError(
            "does not list the files of a release", where=path / RELEASE_FILE, hint="train again"
        )
    contents = {name: _read_hashed(path, name, hashes[name]) for name in FILES}
    for name in EXPORTS:
        if (path / name).exists():
            _read_hashed(path, name, hashes[name])
    check_chain(contents["chain.bin"], path / "chain.bin")
    golden = _arrays(path / "golden.npz", contents["golden.npz"])
    inputs, outputs = golden.get("inputs"), golden.get("outputs")
    if inputs is None or outputs is None or inputs.dtype != np.int8 or outputs.dtype != np.int8:
        raise InputError(
            "does not hold int8 inputs and outputs", where=path / "golden.npz", hint="train again"
        )
    return Release(
        path=path,
        id=hashlib.sha256(text).hexdigest(),
        document=document,
        spec=load_model_toml(path / "model.toml"),
        tflite=contents["model.tflite"],
        chain=contents["chain.bin"],
        decision=Decision.from_dict(_json_object(path / "decision.json", contents["decision.json"])),
        golden_inputs=inputs,
        golden_outputs=outputs,
        drift=DriftData.from_arrays(_arrays(path / "baseline.npz", contents["baseline.npz"])),
    )


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for its writer
            raise InputError("is not a file", where=path, hint="train again")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError("is larger than any release's", where=path)
        return path.read_bytes()
    except OSError as error:
        hint = "name a folder that `aurora train` wrote"
        raise InputError("no release here: file is missing", where=path, hint=hint) from error


def _read_hashed(folder: Path, name: str, expected: str) -> bytes:
    content = _read(folder, name)
    if hashlib.sha256(content).hexdigest() != expected:
        what = "was altered: its hash is not the one in release.json"
        raise InputError(what, where=folder / name, hint="train again")
    return content


def _json_object(path: Path, text: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("is not JSON", where=path, hint="train again") from error
    if not isinstance(loaded, dict):
        raise InputError("is not a JSON object", where=path, hint="train again")
    return loaded


def _arrays(path: Path, content: bytes) -> dict[str, NDArray[Any]]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError("is not a NumPy archive", where=path, hint="train again") from error
