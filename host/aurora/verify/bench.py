"""`aurora bench`: models x boards, measured and held against the peers' counts.

Rows are what build/bench/engine.json holds; ``ratio`` is ours over the peer's instructions, so below 1 is
better. A model that is refused on a board is listed apart, with the reason.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aurora.compile.model_file import read_model_file
from aurora.errors import InputError, ModelRefused
from aurora.files import write_atomic
from aurora.spec.board import load_board
from aurora.spec.project import project_root
from aurora.verify.profile import write_profile
from aurora.verify.verdict import Verdict, verify_model

BOARDS = ("mps2_an386", "mps2_an385", "mps2_an500", "mps2_an505", "mps3_an547")
PEER_CORES = {"cortex-m3": "m3", "cortex-m4f": "m4", "cortex-m7f": "m7", "cortex-m55f": "m55"}
PEER_ENGINES = ("tflm_cmsisnn", "cmsisnn_direct")  # the second where the first's outputs are wrong
PEER_FIGURES = ("instructions", "code_bytes", "ram_bytes")
EXACT = "20/20"
MAX_PEERS_BYTES = 1 << 20


@dataclass
class Bench:
    """What a bench gives: rows as in engine.json, refusals, and why no peers were compared, if so."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    no_peers: str | None = None

    def document(self) -> dict[str, Any]:
        """engine.json."""
        return {"rows": self.rows, "refused": self.refused, "no_peers": self.no_peers}


def shared_folder() -> Path:
    """Models and peers' figures that are not part of the checkout: $AURORA_SHARED, else ../shared."""
    named = os.environ.get("AURORA_SHARED")
    return Path(named) if named else project_root().parent / "shared"


def default_models() -> list[Path]:
    """Every .tflite of the shared folder; empty where there is none."""
    return sorted((shared_folder() / "tflite").glob("*.tflite"))


def read_peers(path: Path) -> dict[str, Any]:
    """The peers' figures by model; raises InputError where the file is none."""
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(MAX_PEERS_BYTES))
        models = dict(document["models"].items())
        for model in models:
            for core in PEER_CORES:
                peer = peer_of(models, model, core)
                if peer is not None and not all(peer[name] > 0 for name in PEER_FIGURES):
                    raise ValueError(peer)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError("holds no peers' figures", where=path, hint="leave --peers out") from error
    return models


def run_bench(
    models: Sequence[Path],
    boards: Sequence[str],
    *,
    inputs: int,
    peers: Path | None,
    profiles: Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Bench:
    """Verify and measure each model on each board. ``profiles`` is a folder for one text file a pair.

    Raises what verify_model raises, but for refusals, which are listed; a board or a file that is none is
    told before anything is measured.
    """
    result = Bench()
    known: dict[str, Any] = {}
    if peers is not None and peers.is_file():
        known = read_peers(peers)
    else:
        result.no_peers = f"no peers' figures at {peers}" if peers else "none asked for"
    known_boards = [load_board(board_id) for board_id in boards]
    files = [(path, read_model_file(path)) for path in models]
    for path, tflite in files:
        for board_id, board in zip(boards, known_boards, strict=True):
            try:
                verdict = verify_model(
                    tflite, board, name=path.stem, inputs=inputs, profile=profiles is not None
                )
            except InputError as error:
                raise error if error.where else InputError(error.what, where=path, hint=error.hint) from error
            except ModelRefused as error:
                result.refused.append({"model": path.stem, "board": board_id, "op": error.op,
                                       "tensor": error.tensor, "reason": error.what})  # fmt: skip
                progress(f"{path.stem} on {board_id}: refused, {error.what}")
                continue
            result.rows.append(_row(verdict, known))
            progress(f"{path.stem} on {board_id}: {verdict.instructions:,} instructions, "
                     f"{verdict.exact}/{verdict.inputs} exact")  # fmt: skip
            if profiles is not None and verdict.profile is not None:
                write_profile(verdict.profile, profiles / f"profile_{path.stem}_{board_id}.txt")
    return result


def _row(verdict: Verdict, peers: dict[str, Any]) -> dict[str, Any]:
    peer = peer_of(peers, verdict.model, verdict.core)
    theirs = peer["instructions"] if peer else None
    sizes = verdict.sizes
    return {
        "model": verdict.model,
        "board": verdict.board,
        "core": verdict.core,
        "instructions": verdict.instructions,
        "weighted_cycles": verdict.weighted_cycles,
        "code_bytes": sizes.code,
        "constants_bytes": sizes.constants,
        "ram_bytes": sizes.ram(verdict.stack_bytes),
        "init_instructions": verdict.init_instructions,
        "exact": verdict.exact,
        "inputs": verdict.inputs,
        "peer_instructions": theirs,
        "ratio": round(verdict.instructions / theirs, 4) if theirs else None,
        "engine_bytes": sizes.engine,
        "program_bytes": sizes.program,
        "libc_bytes": sizes.libc,
        "arena_bytes": sizes.arena,
        "blocks_bytes": sizes.blocks,
        "static_bytes": sizes.static_ram,
        "stack_bytes": verdict.stack_bytes,
        "peer_code_bytes": peer["code_bytes"] if peer else None,
        "peer_ram_bytes": peer["ram_bytes"] if peer else None,
    }


def peer_of(peers: dict[str, Any], model: str, core: str) -> dict[str, Any] | None:
    """TFLite Micro with CMSIS-NN on the same core, or CMSIS-NN alone where that one's outputs are wrong."""
    engines = peers.get(model, {}).get(PEER_CORES.get(core, ""), {})
    for name in PEER_ENGINES:
        peer = engines.get(name)
        if peer and peer.get("exact") == EXACT:
            return dict(peer)
    return None


def write_bench(result: Bench, folder: Path) -> None:
    """engine.json, engine.md and engine.png in ``folder``."""
    from aurora.verify.table import markdown, picture

    write_atomic(folder / "engine.json", json.dumps(result.document(), indent=1) + "\n")
    write_atomic(folder / "engine.md", markdown(result))
    if any(row["ratio"] for row in result.rows):
        write_atomic(folder / "engine.png", picture(result))
