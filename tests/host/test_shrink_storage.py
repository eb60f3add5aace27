"""The search's file is hostile until compared: what is not this search's study is refused in one line."""

import fcntl
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from aurora.errors import InputError
from aurora.shrink import search as searching
from aurora.shrink.space import space
from aurora.shrink.study import open_memory
from fast_search import SEED, InOrder, task_of
from train_samples import small_fleet


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_fleet(tmp_path_factory.mktemp("fleet") / "data").path


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A study of three finished trials."""
    storage = tmp_path_factory.mktemp("study") / "study.db"
    run(data, storage, 3)
    return storage.read_bytes()


def run(data: Path, storage: Path, trials: int = 3, seed: int = SEED, board: str = "mps2_an386") -> InOrder:
    task = replace(task_of(data), board=board)
    runner = InOrder()
    with open_memory(storage, searching.identity(task, seed), space(task.spec.chain)) as memory:
        searching.search(task, seed, trials, memory, runner)
    return runner


def text(storage: Path, whole: bytes) -> None:
    storage.write_text("trial,score\n1,0.9\n" * 100)


def folder(storage: Path, whole: bytes) -> None:
    storage.mkdir()


def foreign(storage: Path, whole: bytes) -> None:
    with closing(sqlite3.connect(storage)) as database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")
        database.commit()


def truncated(storage: Path, whole: bytes) -> None:
    storage.write_bytes(whole[: len(whole) // 2])


def scrambled(storage: Path, whole: bytes) -> None:
    storage.write_bytes(whole[:4096] + bytes(byte ^ 0x5A for byte in whole[4096:]))


def changed(*statements: str):
    def change(storage: Path, whole: bytes) -> None:
        storage.write_bytes(whole)
        with closing(sqlite3.connect(storage)) as database:
            for statement in statements:
                assert database.execute(statement).rowcount, statement
            database.commit()

    return change


HOSTILE = {
    "a table of text": (text, "not an SQLite database"),
    "a folder": (folder, "is not a file"),
    "another program's database": (foreign, "another program's"),
    "cut in half": (truncated, ""),
    "scrambled": (scrambled, ""),
    "another study's name": (changed("UPDATE studies SET study_name = 'resnet'"), "holds the study 'resnet'"),
    "an identity that is none": (
        changed("UPDATE study_user_attributes SET value_json = '7' WHERE key = 'identity'"), "another search"
    ),
    "another value than its cost says": (
        changed("UPDATE trial_values SET value = 99 WHERE objective = 1"), ""
    ),
    "a cost of another shape": (
        changed("UPDATE study_user_attributes SET value_json = '{\"cost\": 5}' WHERE key LIKE 'result%'"), ""
    ),
    "other parameters": (
        changed("UPDATE trial_params SET param_value = 64 WHERE param_name = 'width_0'"),
        "none that this search",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "named"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_file_is_one_line(data: Path, finished: bytes, tmp_path: Path, make, named: str) -> None:
    storage = tmp_path / "study.db"
    make(storage, finished)
    before = storage.read_bytes() if storage.is_file() else None
    with pytest.raises(InputError) as refused:
        run(data, storage, 5)
    line = str(refused.value)
    assert str(storage) in line and named in line and "\n" not in line
    assert before is None or named == "" or storage.read_bytes() == before, "a refused file was written to"


@pytest.mark.parametrize(("changes", "named"), [({"seed": 5}, "seed"), ({"board": "mps2_an385"}, "board")])
def test_another_search_is_refused(data: Path, finished: bytes, tmp_path: Path, changes, named: str) -> None:
    storage = tmp_path / "study.db"
    storage.write_bytes(finished)
    with pytest.raises(InputError, match=f"another search: its {named} differ"):
        run(data, storage, 5, **changes)


def test_other_data_is_another_search(data: Path, finished: bytes, tmp_path: Path) -> None:
    manifest = (data / "manifest.json").read_text()
    try:
        (data / "manifest.json").write_text(manifest.replace('"synthetic"', '"synthetic "', 1))
        storage = tmp_path / "study.db"
        storage.write_bytes(finished)
        with pytest.raises(InputError, match="another search: its data"):
            run(data, storage, 5)
    finally:
        (data / "manifest.json").write_text(manifest)


def test_an_empty_file_becomes_a_study(data: Path, tmp_path: Path) -> None:
    storage = tmp_path / "odd name, 100% #1?.db"
    storage.touch()
    assert run(data, storage).ran == [0, 1, 2] and run(data, storage).ran == []
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".db"] == [storage.name]


def test_a_second_search_waits_for_nothing(data: Path, tmp_path: Path) -> None:
    with (tmp_path / "study.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another search works on this file"):
            run(data, tmp_path / "study.db")
