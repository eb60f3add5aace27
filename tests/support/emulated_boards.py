"""Boards in their emulators: one firmware a board, built once, that serves every test of the session.

The small model has as many features for one window length as for another, so one firmware runs its packs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from aurora.build import BuildResult, build_firmware
from aurora.device.session import Session
from aurora.device.windows import windows_blocks
from aurora.emulator import Emulator, open_emulator
from small_model import RATE_HZ, Recording, SmallModel, small_model

AXES = 3


@cache
def model(n: int = 256, seed: int = 1, calibration_windows: int = 6) -> SmallModel:
    return small_model(seed=seed, n=n, axes=AXES, calibration_windows=calibration_windows)


class Boards:
    """Builds and packs below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._builds: dict[str, BuildResult] = {}

    def build(self, board: str) -> BuildResult:
        if board not in self._builds:
            release = self.folder / "release"
            if not release.exists():
                model().release(release)
            self._builds[board] = build_firmware(board, release)
        return self._builds[board]

    def pack(self, board: str, of: SmallModel) -> Path:
        return self.write(of.pack(board))

    def write(self, pack: bytes) -> Path:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.pack"
        path.write_bytes(pack)
        return path

    @contextmanager
    def session(
        self, board: str, pack: Path | None, recorded: Recording | None = None, rows: Sequence[int] = ()
    ) -> Iterator[tuple[Emulator, Session]]:
        """The board running with ``pack`` in its slot and windows ``rows`` at its sensor."""
        build, blocks = self.build(board), ()
        if recorded is not None:
            chosen = list(rows)
            blocks = windows_blocks(
                build.board, build.elf, recorded.samples[chosen], recorded.scale_g[chosen], RATE_HZ,
                recorded.rpm[chosen],
            )  # fmt: skip
        with open_emulator(build, pack=pack, windows=blocks) as emulator, Session(emulator.url) as session:
            yield emulator, session
