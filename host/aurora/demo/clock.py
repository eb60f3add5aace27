"""One progress bar and one stop-watch per stage of the demo."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

STEPS = 1000
LABEL_WIDTH = 34

#: called with (share of the stage done, what is being done)
Tell = Callable[[float, str], None]


class Clock:
    """Seconds by stage, in the order in which they ran."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start = time.monotonic()

    @contextmanager
    def stage(self, name: str, title: str) -> Iterator[Tell]:
        """Show a bar on stderr while the block runs; it is full only when the block ends well."""
        began = time.monotonic()
        with click.progressbar(
            length=STEPS, label=title.ljust(LABEL_WIDTH), file=sys.stderr, item_show_func=lambda what: what
        ) as bar:
            shown = 0

            def tell(share: float, what: str) -> None:
                nonlocal shown
                now = max(shown, min(STEPS, int(share * STEPS)))
                bar.update(now - shown, what)
                shown = now

            yield tell
            tell(1.0, "")
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began

    def rounded(self) -> dict[str, float]:
        """Seconds to a tenth, with the ``total`` since this clock was made."""
        total = time.monotonic() - self._start
        return {name: round(value, 1) for name, value in {**self.seconds, "total": total}.items()}
