"""Data, split and model of one shrink: said in a few hundred bytes, loaded once by every process that works.

Whole units stand on one side only. The search is judged on ``turns``: groups of validation units, each by a
model that did not train on it. Where the split spares validation units they are the one turn; where units
are too few for that, the training units are left out in turn. The test units take no part: their recordings
are not even read before the arms of the chosen recipe are judged.
"""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from aurora import __version__
from aurora.compress.distill import TeacherSignal
from aurora.compress.produce import PACKAGES
from aurora.errors import InputError
from aurora.files import sha256_hex
from aurora.signals.dataset import DataSet, load_dataset
from aurora.signals.manifest import MANIFEST_FILE
from aurora.spec.board import Board, load_board
from aurora.spec.chain import ChainSpec, compile_chain
from aurora.spec.model import ModelSpec, model_from_dict, model_toml_text
from aurora.train.fit import head_sizes
from aurora.train.split import Split, folds, outcome
from aurora.train.table import UnitTable, unit_table
from aurora.train.teacher import Teacher, TeacherSpec, fit_teacher, signal_of

MOST_TURNS = 4
NO_VERSION = "0.0.0"


@dataclass(frozen=True)
class Task:
    """What a worker process, here or elsewhere, needs to load the same context.

    ``data`` is a folder that has to lie at the same place everywhere; ``manifest_sha256`` tells that it is
    the same data set. ``model`` is the text of a model.toml; ``versions`` are of what decides bytes.
    """

    data: str
    manifest_sha256: str
    model: str
    board: str
    split: Split
    turns: tuple[tuple[str, ...], ...]
    versions: tuple[tuple[str, str], ...]

    @property
    def spec(self) -> ModelSpec:
        """The model as model.toml describes it."""
        return model_from_dict(tomllib.loads(self.model))

    def fit_units(self, turn: int | None) -> tuple[str, ...]:
        """Training units of a turn; of the final model where ``turn`` is None."""
        left_out = () if turn is None else self.turns[turn]
        return tuple(unit for unit in self.split.train if unit not in left_out)


def make_task(dataset: DataSet, spec: ModelSpec, split: Split, board_id: str) -> Task:
    """The task of ``dataset``; the turns follow from the split alone. The version of the release to come is
    no part of it: a search serves several releases."""
    turns: tuple[tuple[str, ...], ...] = (split.validation,)
    if not split.validation:
        outcomes = {unit: outcome(dataset.unit(unit), dataset.horizon_s) for unit in split.train}
        turns = tuple(folds(split.train, outcomes, MOST_TURNS))
    path = dataset.path.resolve()
    return Task(
        data=str(path), manifest_sha256=sha256_hex(path / MANIFEST_FILE), board=board_id, split=split,
        model=model_toml_text(replace(spec, version=NO_VERSION)), turns=turns,
        versions=versions_here(),
    )  # fmt: skip


def versions_here() -> tuple[tuple[str, str], ...]:
    """(name, version) of what decides the bytes of a model in this process."""
    python = (("aurora", __version__), ("python", platform.python_version()))
    return (*python, *((name, metadata.version(name)) for name in PACKAGES))


@dataclass
class Context:
    """The loaded task. Feature tables and teachers are kept: trials share them."""

    task: Task
    dataset: DataSet
    spec: ModelSpec
    board: Board
    heads: dict[str, int]
    _tables: dict[tuple[bytes, str], UnitTable] = field(default_factory=dict)
    _signals: dict[tuple[object, ...], TeacherSignal] = field(default_factory=dict)

    def chain(self, chain: ChainSpec) -> bytes:
        """Its bytes for this signal, without normalisation."""
        return compile_chain(chain, self.spec.signal)

    def tables(self, chain: ChainSpec, units: Iterable[str]) -> list[UnitTable]:
        """Features and labels of ``units``, extracted when first asked for."""
        data = self.chain(chain)
        for unit in (wanted := list(units)):
            if (data, unit) not in self._tables:
                self._tables[data, unit] = unit_table(data, self.dataset, self.dataset.unit(unit))
        return [self._tables[data, unit] for unit in wanted]

    def teacher(self, chain: ChainSpec, spec: TeacherSpec, seed: int, units: Iterable[str]) -> Teacher:
        """A teacher that trained on ``units`` alone."""
        return fit_teacher(self.tables(chain, units), self.heads, spec, seed)

    def signal(
        self, chain: ChainSpec, spec: TeacherSpec, seed: int, units: tuple[str, ...]
    ) -> TeacherSignal:
        """That teacher's answers on the same units, each by members that did not train on the unit."""
        key = (self.chain(chain), repr(spec), seed, units)
        if key not in self._signals:
            teacher = self.teacher(chain, spec, seed, units)
            soft, hint = signal_of(teacher, self.tables(chain, units), unseen=True)
            self._signals[key] = TeacherSignal(soft, hint)
        return self._signals[key]


@lru_cache(maxsize=1)
def context_of(task: Task) -> Context:
    """Load ``task``; the last one stays loaded. Raises InputError where the folder holds other data."""
    pairs = zip(task.versions, versions_here(), strict=True)
    wrong = [f"{name} {mine}, not {asked}" for (name, asked), (_, mine) in pairs if mine != asked]
    if wrong:
        what = f"a worker has {', '.join(wrong)}: it would give other bytes"
        raise InputError(what, hint="install the same versions there")
    path = Path(task.data)
    dataset = load_dataset(path)
    if sha256_hex(path / MANIFEST_FILE) != task.manifest_sha256:
        raise InputError(
            "is not the data set that this work is about", where=path,
            hint="every worker must see the same folder at the same place",
        )  # fmt: skip
    spec = task.spec
    return Context(task, dataset, spec, load_board(task.board), head_sizes(spec))
