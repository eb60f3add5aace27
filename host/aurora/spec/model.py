"""models/<name>/model.toml: signal, chain, labels, decision and training of one model.

The file is the one place where these are written; everything later (chain bytes, network, thresholds,
pack) is made from it and carries what it needs of it.
"""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aurora.errors import InputError
from aurora.files import is_plain_name, write_atomic
from aurora.spec.chain import ChainSpec
from aurora.spec.signal import SignalSpec
from aurora.spec.toml_table import FLOAT32_MAX
from aurora.spec.toml_text import toml_text

__all__ = [
    "DecisionSpec", "LabelSpec", "ModelSpec", "SignalSpec", "TrainingSpec", "dump_model_toml",
    "load_model_toml", "model_from_dict", "model_to_dict", "model_toml_text",
]  # fmt: skip

FORMS = ("auto", "linear", "dense", "graded")
DEFAULT_SPREAD = 0.3


@dataclass(frozen=True)
class LabelSpec:
    """What the heads tell: which fault (empty: no such head), fails within ``horizon_s`` (None: no head)."""

    fault_types: tuple[str, ...] = ()
    horizon_s: float | None = None

    def __post_init__(self) -> None:
        names = self.fault_types
        if len(names) == 1 or len(names) > 32 or len(set(names)) != len(names):
            raise InputError(f"labels.fault_types is {list(names)}", hint="name 2 to 32 types, each once")
        if not all(map(is_plain_name, names)):
            raise InputError(
                f"labels.fault_types is {list(names)}", hint="use letters, digits, '.', '_', '-'"
            )
        if self.horizon_s is not None and not (math.isfinite(self.horizon_s) and self.horizon_s > 0):
            raise InputError(f"labels.horizon_s is {self.horizon_s}", hint="give seconds above zero")


@dataclass(frozen=True)
class DecisionSpec:
    """The alarm: raised by ``raise_votes`` of the last ``windows``, cleared below ``clear_votes`` of them.

    A window votes when its score reaches the threshold, and the threshold is the lowest that keeps the
    alarm on for at most ``false_alarm_fraction`` of the time in which validation units do not fail within
    the horizon. While the alarm is on, scores down to ``hysteresis_logit`` below the threshold vote too.
    Where ``false_alarms_per_turbine_year`` is given, the alarm may not rise more often than that in such
    time either.
    """

    false_alarm_fraction: float = 0.01
    windows: int = 5
    raise_votes: int = 3
    clear_votes: int = 2
    hysteresis_logit: float = 0.5
    false_alarms_per_turbine_year: float | None = None

    def __post_init__(self) -> None:
        yearly = self.false_alarms_per_turbine_year
        if yearly is not None and not (math.isfinite(yearly) and yearly >= 0):
            raise InputError(
                f"decision.false_alarms_per_turbine_year is {yearly}", hint="give 0 or more, or leave it out"
            )
        if not 0 < self.false_alarm_fraction < 1:
            raise InputError(
                f"decision.false_alarm_fraction is {self.false_alarm_fraction}", hint="0 < it < 1"
            )
        if not (math.isfinite(self.hysteresis_logit) and self.hysteresis_logit >= 0):
            raise InputError(f"decision.hysteresis_logit is {self.hysteresis_logit}", hint="give 0 or more")
        if not 1 <= self.clear_votes <= self.raise_votes <= self.windows <= 32:
            raise InputError(
                f"decision asks {self.raise_votes} of {self.windows}, cleared below {self.clear_votes}",
                hint="1 <= clear_votes <= raise_votes <= windows <= 32",
            )


@dataclass(frozen=True)
class TrainingSpec:
    """How the network is fitted. ``form`` "auto" compares the candidates inside the training units.

    ``hidden`` are the widths of the dense form's layers; ``l2`` weighs the squared weights; the input is
    clamped to +-``clamp_sigma`` standard deviations, which is also the int8 input's range. The graded form
    (train/graded.py) is linear; its ``l2`` weighs the logit's noise, ``spread`` softens the horizon (left
    out: 0.3).
    """

    form: str = "auto"
    hidden: tuple[int, ...] = (16,)
    epochs: int = 50
    batch: int = 128
    learning_rate: float = 0.003
    l2: float = 0.01
    clamp_sigma: float = 4.0
    seed: int = 1
    spread: float | None = None

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise InputError(f"training.form is {self.form!r}", hint=f"use one of {', '.join(FORMS)}")
        if not 1 <= len(self.hidden) <= 4 or not all(1 <= width <= 256 for width in self.hidden):
            raise InputError(
                f"training.hidden is {list(self.hidden)}", hint="1 to 4 layers of 1 to 256 units"
            )
        if self.spread is not None and self.form not in ("auto", "graded"):
            raise InputError(
                f"training.spread is {self.spread}, the {self.form} form has none", hint="leave it out"
            )
        positive = {"epochs": self.epochs, "batch": self.batch, "learning_rate": self.learning_rate,
                    "clamp_sigma": self.clamp_sigma,
                    "spread": DEFAULT_SPREAD if self.spread is None else self.spread}  # fmt: skip
        for name, value in positive.items():
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"training.{name} is {value}", hint="give a number above zero")
        if not (math.isfinite(self.l2) and self.l2 >= 0) or self.seed < 0:
            raise InputError("training.l2 and training.seed must not be negative", hint="give 0 or more")


@dataclass(frozen=True)
class ModelSpec:
    """One model as a user describes it; ``version`` names the next release."""

    name: str
    version: str
    signal: SignalSpec
    chain: ChainSpec
    labels: LabelSpec
    decision: DecisionSpec = field(default_factory=DecisionSpec)
    training: TrainingSpec = field(default_factory=TrainingSpec)

    def __post_init__(self) -> None:
        if not is_plain_name(self.name):
            raise InputError(f"model name {self.name!r}", hint="use letters, digits, '.', '_' and '-'")
        if not re.fullmatch(r"\d{1,5}\.\d{1,5}\.\d{1,5}", self.version):
            raise InputError(f"model version {self.version!r}", hint="three numbers, like 1.0.0")


def load_model_toml(path: Path) -> ModelSpec:
    """The model that ``path`` describes; raises InputError naming file, table and key."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(error.strerror or str(error), where=path, hint="give a model.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not TOML: {error}", where=path, hint="see models/turbine/model.toml") from error
    try:
        return model_from_dict(document)
    except InputError as error:
        raise InputError(error.what, where=path, hint="see models/turbine/model.toml") from error


def model_from_dict(document: dict[str, Any]) -> ModelSpec:
    """The inverse of ``model_to_dict``; raises InputError on a missing, unknown or ill-typed key."""
    tables = {"signal": SignalSpec, "labels": LabelSpec, "decision": DecisionSpec, "training": TrainingSpec}
    unknown = set(document) - set(tables) - {"name", "version", "chain"}
    if unknown:
        raise InputError(f"unknown key {sorted(unknown)[0]!r}")
    missing = {"name", "version", "signal", "chain"} - set(document)
    if missing:
        raise InputError(f"{sorted(missing)[0]!r} is missing")
    parts = {key: _table(kind, key, document.get(key, {})) for key, kind in tables.items()}
    name, version, chain = document["name"], document["version"], document["chain"]
    if not (isinstance(name, str) and isinstance(version, str) and isinstance(chain, dict)):
        raise InputError("name and version are text, chain is a table")
    return ModelSpec(name=name, version=version, chain=ChainSpec.from_dict(chain), **parts)


def _table(kind: Any, table: str, values: Any) -> Any:
    if not isinstance(values, dict):
        raise InputError(f"{table} is not a table")
    known = {item.name: str(item.type) for item in dataclasses.fields(kind)}
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise InputError(f"{table} has an unknown key {key!r}")
        checked[key] = _value(f"{table}.{key}", known[key], value)
    try:
        return kind(**checked)
    except TypeError as error:
        raise InputError(f"{table}: {str(error).split('__init__() ')[-1]}") from error


def _value(where: str, kind: str, value: Any) -> Any:
    """``value`` as the annotated type; TOML's integers serve as floats, its lists as tuples."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "int" and number and isinstance(value, int):
        return value
    if kind.startswith("float") and number and abs(value) <= FLOAT32_MAX:
        return float(value)
    if kind == "str" and isinstance(value, str):
        return value
    if kind.startswith("tuple") and isinstance(value, list):
        item: type = int if "int" in kind else str
        if all(type(part) is item for part in value):
            return tuple(value)
    raise InputError(f"{where} is {value!r}, expected {kind}")


def model_to_dict(spec: ModelSpec) -> dict[str, Any]:
    """The tables of model.toml, in the order in which they are written."""
    document: dict[str, Any] = {"name": spec.name, "version": spec.version}
    document["signal"] = dataclasses.asdict(spec.signal)
    document["chain"] = spec.chain.to_dict()
    for key in ("labels", "decision", "training"):
        document[key] = dataclasses.asdict(getattr(spec, key))
    return document


def dump_model_toml(spec: ModelSpec, path: Path) -> None:
    """Write ``spec`` as TOML, atomically; ``load_model_toml`` gives an equal spec back."""
    write_atomic(path, model_toml_text(spec))


def model_toml_text(spec: ModelSpec) -> str:
    """``spec`` as the text of a model.toml."""
    return toml_text(model_to_dict(spec))
