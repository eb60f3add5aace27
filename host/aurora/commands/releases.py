"""What the commands that write releases share: the model's description, the target, the progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from aurora.signals.dataset import DataSet, Unit
    from aurora.spec.model import ModelSpec


def refuse_existing(target: Path, derived_toml: Path | None, replace: bool) -> None:
    """Before the work, not after it; a model.toml that someone may have edited is not overwritten either."""
    from aurora.errors import InputError

    if not replace and target.exists():
        raise InputError("already exists", where=target, hint="give --release X.Y.Z or --replace")
    if not replace and derived_toml is not None and derived_toml.exists():
        raise InputError(
            "already exists", where=derived_toml, hint="train it with --model, or give --replace"
        )
    _refuse_unwritable(target)


def _refuse_unwritable(target: Path) -> None:
    """WriteFailed where no folder can be made on the way to ``target``; nothing stays behind."""
    import tempfile

    from aurora.files import write_failed

    try:
        above = next(folder for folder in target.absolute().parents if folder.exists())
        with tempfile.TemporaryDirectory(dir=above, prefix=".aurora-"):
            pass
    except OSError as error:
        raise write_failed(target, error) from error


def spec_for(
    dataset: DataSet,
    model: str | None,
    name: str | None,
    out: Path,
    version: str | None,
    *,
    test_units: Sequence[Unit] = (),
) -> ModelSpec:
    """The model that ``--model`` names, else one derived from the data set and from what the ``test_units``
    of another one lack; raises InputError."""
    from dataclasses import replace

    from aurora.spec.model import load_model_toml
    from aurora.train.derive import derive_spec

    if model is None:
        return derive_spec(dataset, name or dataset.name, version or "1.0.0", test_units=test_units)
    path = Path(model) if model.endswith(".toml") else out / model / "model.toml"
    spec = load_model_toml(path)
    return replace(spec, version=version or spec.version, name=name or spec.name)


@contextmanager
def progress_bar() -> Iterator[Callable[[float, str], None]]:
    """A progress bar on stderr that takes (share done, what is being done)."""
    import sys

    shown = 0
    with click.progressbar(
        length=1000, file=sys.stderr, item_show_func=lambda what: what, show_pos=False
    ) as bar:

        def tell(share: float, what: str) -> None:
            nonlocal shown
            now = max(shown, int(share * 1000))
            bar.update(now - shown, what)
            shown = now

        yield tell
