"""The host must not judge a board by C of another version than the board's."""

import shutil
from pathlib import Path

import pytest
from aurora.build.extension import COMPILED_IN, refuse_stale_extension
from aurora.errors import BuildFailed

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in COMPILED_IN:
        shutil.copytree(ROOT / "firmware" / "lib" / name, tmp_path / "firmware" / "lib" / name)
    return tmp_path


def test_the_sources_it_was_built_from_are_taken(checkout: Path) -> None:
    refuse_stale_extension(checkout)


@pytest.mark.parametrize("name", COMPILED_IN)
def test_a_changed_source_is_named(checkout: Path, name: str) -> None:
    changed = sorted((checkout / "firmware" / "lib" / name).glob("*.c"))[0]
    changed.write_text(changed.read_text() + "\n")
    with pytest.raises(BuildFailed, match=rf"{changed.name}.*another version.*make setup"):
        refuse_stale_extension(checkout)


def test_an_added_source_is_named(checkout: Path) -> None:
    (checkout / "firmware" / "lib" / "drift" / "added.c").write_text("int added;\n")
    with pytest.raises(BuildFailed, match=r"added\.c"):
        refuse_stale_extension(checkout)
