"""A unit's windows through an emulated board, compared byte for byte with what the host expects.

The windows are preloaded into the board's memory, as if its sensor had them. A board that holds only some
of them is started again for the rest: its self-calibration is carried over the link, and the drift intervals
of its starts are merged here, as those of a board in the field would be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from aurora.build.extension import refuse_stale_extension
from aurora.build.firmware import BuildResult
from aurora.demo.answers import AnswerRows, Answers, bytes_differing, channel_stats, refuse_other_pack
from aurora.demo.expected import Recorded, Reference
from aurora.device.messages import Health, Hello
from aurora.device.session import Calibration, Session
from aurora.device.windows import windows_blocks, windows_capacity
from aurora.drift.stats import DriftReport, merge_reports
from aurora.emulator import open_emulator
from aurora.errors import InputError, PackIncompatible
from aurora.pack.read import parse_pack
from aurora.spec.project import project_root

#: called with the number of windows just done
Progress = Callable[[int], None]


@dataclass(frozen=True)
class BoardRun:
    """What a board made of a unit's windows, and what the host expected.

    ``bytes_differing`` by group: features, inputs, outputs, decisions. ``drift`` has one report per interval
    that was asked for, merged over the board's starts; ``drift_equal``: all are the host's, bit for bit.
    """

    board: Answers
    host: Answers
    bytes_differing: dict[str, int]
    drift: tuple[DriftReport, ...]
    drift_equal: bool
    starts: tuple[int, ...]  # the windows before which the board was started again
    hello: Hello
    health: Health  # at the end of the last start
    seconds: float

    @property
    def windows(self) -> int:
        return len(self.board.state)

    @property
    def differing(self) -> int:
        """All bytes that differ; a drift report that differs counts as one."""
        return sum(self.bytes_differing.values()) + (not self.drift_equal)


def run_board(
    firmware: BuildResult,
    pack: Path,
    tflite: bytes,
    recorded: Recorded,
    rate_hz: float,
    *,
    ends: Sequence[int] = (),
    most_per_start: int | None = None,
    progress: Progress | None = None,
) -> BoardRun:
    """Run all of ``recorded`` (a signals.dataset.Unit serves) on the board of ``firmware``.

    ``ends``: ascending windows before which drift is read and a new interval begins; the last interval ends
    with the last window. ``most_per_start`` bounds the windows of one start of the board further than its
    memory does. Raises what emulator and session raise, and PackIncompatible, PackWrongClass or
    PackWrongChain where the board refuses the pack.
    """
    began = time.monotonic()
    windows = len(recorded.rpm)
    if any(begin >= end for begin, end in pairwise([0, *ends, windows])):
        raise InputError(f"drift intervals {[*ends]} do not lie within {windows} windows")
    refuse_stale_extension(project_root())
    reference = Reference(parse_pack(pack.read_bytes(), where=pack), tflite)
    run = _Run(firmware, pack, reference, recorded, rate_hz, [*ends, len(recorded.rpm)], progress)
    room = windows_capacity(firmware.board, firmware.elf, reference.info.n, reference.info.axes)
    step = min(room, most_per_start or room)
    starts = tuple(range(0, len(recorded.rpm), step))
    for first in starts:
        run.start(first, min(first + step, len(recorded.rpm)))
    expected = reference.expect(recorded, rate_hz, starts[1:], ends)
    drift = tuple(merge_reports(parts) for parts in run.reports)
    assert run.hello is not None and run.health is not None, "a unit has at least one window"
    return BoardRun(
        board=run.rows.answers,
        host=expected.answers,
        bytes_differing=bytes_differing(run.rows.answers, expected.answers),
        drift=drift,
        drift_equal=drift == expected.drift,
        starts=starts[1:],
        hello=run.hello,
        health=run.health,
        seconds=time.monotonic() - began,
    )


class _Run:
    """What the starts of one board have in common."""

    def __init__(
        self, firmware: BuildResult, pack: Path, reference: Reference, recorded: Recorded, rate_hz: float,
        ends: list[int], progress: Progress | None,
    ) -> None:  # fmt: skip
        self.firmware, self.pack, self.reference = firmware, pack, reference
        self.recorded, self.rate_hz = recorded, rate_hz
        self.ends, self.progress = ends, progress
        self.rows = AnswerRows(len(recorded.rpm), reference.info.feature_count, reference.output_bytes)
        self.reports: list[list[DriftReport]] = [[] for _ in ends]
        self.calibration: Calibration | None = None
        self.hello: Hello | None = None
        self.health: Health | None = None

    def start(self, first: int, last: int) -> None:
        """Boot the board with windows ``first`` to ``last`` and take them all."""
        rows = slice(first, last)
        speed = np.nan_to_num(np.asarray(self.recorded.rpm[rows], np.float32))
        blocks = windows_blocks(
            self.firmware.board, self.firmware.elf, self.recorded.samples[rows], self.recorded.scale_g[rows],
            self.rate_hz, speed, first_sequence=first,
        )  # fmt: skip
        with (
            open_emulator(self.firmware, pack=self.pack, windows=blocks) as emulator,
            Session(emulator.url) as session,
        ):
            refuse_other_pack(session.board, self.reference.pack, self.pack)
            if self.calibration is not None:
                session.calibration_set(self.calibration.count, self.calibration.sums)
            for begin, end, interval in self._spans(first, last):
                self._take(session, begin, end)
                self.reports[interval].append(self._report(session))
                if end == self.ends[interval]:
                    session.drift_reset()
            self.calibration = session.calibration_get()
            self.hello, self.health = session.hello(), session.health()

    def _spans(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """The parts of this start that lie in one drift interval each."""
        for interval, end in enumerate(self.ends):
            begin = max(first, self.ends[interval - 1] if interval else 0)
            if begin < min(end, last):
                yield begin, min(end, last), interval

    def _take(self, session: Session, begin: int, end: int) -> None:
        for row in range(begin, end):
            inference = session.acquire()
            if inference.prediction.window_sequence != row:
                raise PackIncompatible(
                    f"the board answers window {inference.prediction.window_sequence} instead of {row}",
                    where=session.url,
                    hint="start it again",
                )
            self.rows.take(row, inference)
            if self.progress is not None:
                self.progress(1)

    def _report(self, session: Session) -> DriftReport:
        names = self.reference.baseline.names
        reports = session.drift_reports()
        stats = tuple(channel_stats(report, name) for report, name in zip(reports, names, strict=True))
        # every window of the interval was counted or missed; those before calibration belong to none
        return DriftReport(stats, stats[0].n + stats[0].missing, self.reference.pack.pack_id.hex())
