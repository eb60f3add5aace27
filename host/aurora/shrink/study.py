"""The search's memory: an Optuna study in an SQLite file that belongs to one search and survives its end.

A trial is written with all its parameters in one transaction before it runs, and with its values when it is
done. The file is hostile until it has been compared: another program's database, another search's, or one
whose trials this search would not have made is refused in one line.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aurora.errors import InputError
from aurora.files import write_failed
from aurora.shrink.cost import Cost
from aurora.shrink.space import Parameters
from aurora.shrink.trial import Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.storages import RDBStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial

STUDY_NAME = "aurora-shrink"
#: of score, instructions, flash
DIRECTIONS: tuple[Literal["minimize", "maximize"], ...] = ("maximize", "minimize", "minimize")
SQLITE_START = b"SQLite format 3\0"
OTHER = "name another --storage, or remove the file"


class Memory:
    """The open study. ``known`` holds every trial that was begun: number -> Trial, None while unfinished."""

    def __init__(self, path: Path, study: Study, distributions: Mapping[str, BaseDistribution]) -> None:
        self._path, self._study, self._distributions = path, study, dict(distributions)
        self.known: dict[int, Trial | None] = {}
        self._parameters: dict[int, Parameters] = {}
        results = study.user_attrs
        for frozen in study.get_trials(deepcopy=False):
            self._parameters[frozen.number] = dict(frozen.params)
            self.known[frozen.number] = _read(frozen, results.get(f"result {frozen.number}"))

    def begin(self, number: int, parameters: Parameters) -> None:
        """Note that this trial runs with these parameters; again and equal for one begun before.

        Raises InputError where the file holds another trial of this number.
        """
        from optuna.trial import TrialState, create_trial

        if number in self._parameters:
            if self._parameters[number] != parameters:
                raise InputError(
                    f"its trial {number} is none that this search makes", where=self._path, hint=OTHER
                )
            return
        with _guarded(self._path):
            self._study.add_trial(
                create_trial(
                    state=TrialState.RUNNING, params=parameters, distributions=self._distributions
                )
            )
        self._parameters[number], self.known[number] = parameters, None

    def finish(self, trial: Trial) -> None:
        """Keep what ``trial`` gave."""
        from optuna.trial import TrialState

        with _guarded(self._path):
            result = {"cost": asdict(trial.cost)} if trial.cost else {"failed": trial.failed}
            self._study.set_user_attr(f"result {trial.number}", result)
            if trial.values is None:
                self._study.tell(trial.number, state=TrialState.FAIL)
            else:
                self._study.tell(trial.number, trial.values)
        self.known[trial.number] = trial


@contextmanager
def open_memory(
    path: Path, identity: Mapping[str, Any], distributions: Mapping[str, BaseDistribution]
) -> Iterator[Memory]:
    """The study in ``path``, made where there is none; no second process gets it meanwhile.

    ``identity`` is what a search depends on, in JSON's types. Raises InputError where the file is no such
    study or one of another identity, WriteFailed where it cannot be written.
    """
    with _locked(path):
        _refuse_foreign(path)
        with quiet_optuna(), _storage(path) as storage:
            with _guarded(path):
                study = _load(path, storage, json.loads(json.dumps(identity)))
                memory = Memory(path, study, distributions)
            yield memory


@contextmanager
def _storage(path: Path) -> Iterator[RDBStorage]:
    """The file as Optuna's storage, closed at the end of the block."""
    import optuna
    from sqlalchemy import URL

    url = URL.create("sqlite", database=str(path.resolve())).render_as_string(hide_password=False)
    with _guarded(path):
        storage = optuna.storages.RDBStorage(url)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _load(path: Path, storage: RDBStorage, identity: dict[str, Any]) -> Study:
    import optuna

    names = optuna.get_all_study_names(storage)
    if names and names != [STUDY_NAME]:
        raise InputError(f"holds the study {names[0][:40]!r}", where=path, hint=OTHER)
    study = optuna.create_study(
        storage=storage, study_name=STUDY_NAME, directions=list(DIRECTIONS), load_if_exists=True
    )
    if not names or (not study.user_attrs and not study.get_trials(deepcopy=False)):
        study.set_user_attr("identity", identity)  # the second: killed just before this line
    held = study.user_attrs.get("identity")
    if held != identity:
        differing = [key for key in identity if not isinstance(held, dict) or held.get(key) != identity[key]]
        what = f"belongs to another search: its {' and '.join(differing) or 'identity'} differ"
        raise InputError(what, where=path, hint=OTHER)
    return study


def _read(frozen: FrozenTrial, result: Any) -> Trial | None:
    """A stored trial; None where it has not finished. Raises ValueError, TypeError or KeyError on values that
    no search writes."""
    from optuna.trial import TrialState

    parameters = dict(frozen.params)
    if frozen.state == TrialState.COMPLETE:
        trial = Trial(frozen.number, parameters, float(frozen.values[0]), Cost(**result["cost"]))
        if trial.values != tuple(frozen.values) or not 0 <= trial.score <= 1:
            raise ValueError(f"trial {frozen.number} contradicts itself")
        return trial
    if frozen.state == TrialState.FAIL:
        return Trial(frozen.number, parameters, failed=str(result["failed"]))
    return None


def _refuse_foreign(path: Path) -> None:
    """InputError for a file that is not SQLite's, or a database without a study: nothing is written there."""
    if not path.exists():
        return
    if not path.is_file():
        raise InputError("is not a file", where=path, hint=OTHER)
    try:
        with path.open("rb") as file:
            start = file.read(len(SQLITE_START))
        if not start:
            return
        if start != SQLITE_START:
            raise InputError("is not an SQLite database", where=path, hint=OTHER)
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = {row[0] for row in rows}
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"cannot be read as a study: {error}", where=path, hint=OTHER) from error
    if tables and "studies" not in tables:
        raise InputError("is another program's database", where=path, hint=OTHER)


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Whatever Optuna and SQLAlchemy say about a file that is not what it should be, as one line."""
    from optuna.exceptions import OptunaError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, OptunaError, RuntimeError, ValueError, TypeError, KeyError, AttributeError,
            IndexError, AssertionError) as error:  # fmt: skip
        reason = (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot be used as a study: {reason[:200]}", where=path, hint=OTHER) from error


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """No chatter, and no warning that its own multi-objective sampler is experimental."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep a second search out of the file; the lock goes with the process."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("w")
    except OSError as error:
        raise write_failed(path, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "wait for its end, or name another --storage"
            raise InputError("another search works on this file", where=path, hint=hint) from None
        yield
