"""What was computed of a unit's windows: the same arrays for board and host, and their comparison."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.device.messages import DriftReport, Hello
from aurora.device.session import Inference
from aurora.drift.stats import ChannelStats
from aurora.errors import PackIncompatible, PackWrongChain, PackWrongClass
from aurora.pack.read import Pack
from aurora.spec.link import code_number, codes

STATES = "link/states.def"
# refusals of pack/errors.def that have an exit code of their own
REFUSALS = {"CLASS": PackWrongClass, "CHAIN": PackWrongChain, "FEATURES": PackWrongChain}


@dataclass(frozen=True)
class Answers:
    """What was computed of w windows, by the board or by the host.

    Rows of features are zero where a window could not be read, rows of calibrated, inputs and outputs where
    the network did not run: while calibrating, and on windows that say nothing of the machine.
    """

    state: NDArray[np.uint8]  # [w] states.def
    flags: NDArray[np.uint32]  # [w] bits of flags.def
    features: NDArray[np.float32]  # [w, F]
    calibrated: NDArray[np.float32]  # [w, F]
    inputs: NDArray[np.int8]  # [w, F]
    outputs: NDArray[np.int8]  # [w, O]
    fault_class: NDArray[np.int16]  # [w] -1: none said
    votes: NDArray[np.uint8]  # [w]
    alarm: NDArray[np.bool_]  # [w]

    @staticmethod
    def empty(windows: int, features: int, outputs: int) -> Answers:
        """All zero, nothing said."""
        return Answers(
            state=np.zeros(windows, np.uint8),
            flags=np.zeros(windows, np.uint32),
            features=np.zeros((windows, features), np.float32),
            calibrated=np.zeros((windows, features), np.float32),
            inputs=np.zeros((windows, features), np.int8),
            outputs=np.zeros((windows, outputs), np.int8),
            fault_class=np.full(windows, -1, np.int16),
            votes=np.zeros(windows, np.uint8),
            alarm=np.zeros(windows, np.bool_),
        )

    @property
    def monitored(self) -> NDArray[np.bool_]:
        """[w]: the windows of which the model said something and that were sound."""
        watching: NDArray[np.bool_] = self.state == code_number(STATES, "MONITORING")
        return watching


GROUPS = {
    "features": ("features", "calibrated", "flags"),
    "inputs": ("inputs",),
    "outputs": ("outputs",),
    "decisions": ("state", "fault_class", "votes", "alarm"),
}


def bytes_differing(board: Answers, host: Answers) -> dict[str, int]:
    """Bytes in which the two differ, by group; arrays of another shape count whole."""
    assert {name for names in GROUPS.values() for name in names} == {field.name for field in fields(Answers)}
    return {
        group: sum(_differing(getattr(board, name), getattr(host, name)) for name in names)
        for group, names in GROUPS.items()
    }


def _differing(a: NDArray[Any], b: NDArray[Any]) -> int:
    if a.shape != b.shape or a.dtype != b.dtype:
        return max(a.nbytes, b.nbytes, 1)
    return int(np.count_nonzero(np.frombuffer(a.tobytes(), np.uint8) != np.frombuffer(b.tobytes(), np.uint8)))


class AnswerRows:
    """``answers`` of a board, filled window by window."""

    def __init__(self, windows: int, features: int, outputs: int) -> None:
        self.answers = Answers.empty(windows, features, outputs)

    def take(self, row: int, inference: Inference) -> None:
        """What the board said of window ``row``, with vectors."""
        said, answers = inference.prediction, self.answers
        for name in ("state", "flags", "fault_class", "votes", "alarm"):
            getattr(answers, name)[row] = getattr(said, name)
        _put(answers.features, row, inference.features)
        _put(answers.calibrated, row, inference.calibrated)
        _put(answers.inputs, row, inference.input)
        _put(answers.outputs, row, inference.output)


def _put(into: NDArray[np.generic], row: int, vector: bytes) -> None:
    """A vector that the board did not compute stays zero; another length is no answer of this model."""
    if vector:
        values = np.frombuffer(vector, into.dtype)
        if values.shape != into.shape[1:]:
            raise PackIncompatible(
                f"the board sent {len(values)} values where the model has {into.shape[1]}",
                hint="build it again",
            )
        into[row] = values


def channel_stats(report: DriftReport, name: str) -> ChannelStats:
    """A board's drift report as the statistics that merge; raises InputError where its counts contradict."""
    return ChannelStats(
        name=name,
        bins=np.frombuffer(report.bins, "<u4").astype(np.int64),
        n=report.value_count,
        mean=report.mean,
        m2=report.m2,
        m3=report.m3,
        m4=report.m4,
        missing=report.missing,
        saturated=report.saturated,
    )


def refuse_other_pack(hello: Hello, pack: Pack, where: object = "") -> None:
    """Return if the board runs this very pack, else raise with the board's own reason."""
    if hello.pack_state:
        known = codes("pack/errors.def").get(-hello.pack_state)
        name, words = (known.name, known.words) if known else (f"code {hello.pack_state}", "refused")
        raise REFUSALS.get(name, PackIncompatible)(
            f"the board refuses the pack: {words} (PACK_E_{name})", where=where, hint="aurora pack show FILE"
        )
    if hello.pack_id != pack.pack_id:
        raise PackIncompatible(
            f"the board runs pack {hello.pack_id.hex()}, not {pack.pack_id.hex()}",
            where=where,
            hint="load it again",
        )
