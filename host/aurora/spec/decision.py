"""The decision of a model: how a window's int8 outputs become a fault class and an alarm.

What it means is written once, in firmware/lib/nn/decision.h, and computed once, by that C: ``decide``
runs it over a recording, the board runs it window by window.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import InputError
from aurora.spec.records import read_records

__all__ = ["Decision", "FailsWithin", "FaultType", "decide"]

RESULT = np.dtype([("fault_class", "<i4"), ("score", "<i4"), ("votes", "<u4"), ("alarm", "<u4")])


@dataclass(frozen=True)
class FaultType:
    """Head whose ``classes`` logits start at byte ``offset`` of the output block; the largest one wins."""

    offset: int
    classes: int


@dataclass(frozen=True)
class FailsWithin:
    """Head of one logit at byte ``offset``; thresholds are int8, in the output's own quantisation.

    The alarm rises when ``raise_votes`` of the last ``windows`` reach ``threshold_on``, and falls when fewer
    than ``clear_votes`` of them reach ``threshold_off``.
    """

    offset: int
    threshold_on: int
    threshold_off: int
    raise_votes: int
    clear_votes: int
    windows: int


@dataclass(frozen=True)
class Decision:
    """Both heads, each None where the model lacks it; ``output_bytes`` is the size of the output block."""

    output_bytes: int
    fault_type: FaultType | None = None
    fails_within: FailsWithin | None = None

    def to_dict(self) -> dict[str, Any]:
        """For decision.json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Any) -> Decision:
        """The inverse; InputError where a key is missing, unknown or not a whole number."""
        try:
            heads = {"fault_type": FaultType, "fails_within": FailsWithin}
            values = {key: heads[key](**record[key]) for key in heads if record.get(key) is not None}
            decision = cls(output_bytes=record["output_bytes"], **values)
            if not record.keys() <= {"output_bytes", *heads}:
                raise TypeError(f"unknown key among {sorted(record)}")
            numbers = [decision.output_bytes, *(n for head in values.values() for n in vars(head).values())]
            if any(type(number) is not int for number in numbers):
                raise TypeError("a value is not a whole number")
        except (AttributeError, KeyError, TypeError) as error:
            raise InputError(f"not a decision record: {error}", hint="train the release again") from error
        return decision

    def to_bytes(self) -> bytes:
        """The decision part of a pack, checked by the C that will read it; raises InputError."""
        from aurora._device import lib

        records = read_records(lib.decision_fields, lib.decision_fields_count)
        try:
            heads = [records["HEAD"].encode(**values) for values in self._heads(lib)]
            part = records["PART"].encode(
                version=lib.DECISION_VERSION, heads=len(heads), output_bytes=self.output_bytes
            ) + b"".join(heads)
        except ValueError as error:
            raise InputError(f"decision out of range: {error}") from error
        _new_state(part)
        return part

    def _heads(self, lib: Any) -> list[dict[str, int]]:
        """Field values of each head; int8 as the unsigned byte that holds it."""
        heads = []
        if self.fault_type is not None:
            unused = dict.fromkeys(("threshold_on", "threshold_off", "raise_votes", "clear_votes", "n"), 0)
            place = {"count": self.fault_type.classes, "offset": self.fault_type.offset}
            heads.append({"kind": lib.DECISION_FAULT_TYPE, **unused, **place})
        if self.fails_within is not None:
            head = self.fails_within
            heads.append(
                {
                    "kind": lib.DECISION_FAILS_WITHIN,
                    "threshold_on": _int8_byte(head.threshold_on),
                    "threshold_off": _int8_byte(head.threshold_off),
                    "raise_votes": head.raise_votes,
                    "clear_votes": head.clear_votes,
                    "n": head.windows,
                    "count": 1,
                    "offset": head.offset,
                }
            )
        return heads


def _int8_byte(value: int) -> int:
    if not -128 <= value <= 127:
        raise ValueError(f"threshold {value} is not an int8")
    return value & 0xFF


def decide(part: bytes, outputs: NDArray[np.int8]) -> NDArray[np.void]:
    """Decisions of consecutive windows, by the board's own C.

    ``outputs`` is int8 [windows, output_bytes] in time order. Returns a structured array [windows] with
    fault_class (-1: no such head), score, votes and alarm. Raises InputError on a bad part or shape.
    """
    from aurora._device import ffi, lib

    state = _new_state(part)
    block = np.ascontiguousarray(outputs)
    if block.dtype != np.int8 or block.ndim != 2 or block.shape[1] != state.info.output_bytes:
        raise InputError(
            f"outputs are {block.dtype} {block.shape}", hint=f"give int8 [windows, {state.info.output_bytes}]"
        )
    results = np.zeros(len(block), RESULT)
    rows = ffi.cast("int8_t *", ffi.from_buffer(block))
    places = ffi.cast("decision_result *", ffi.from_buffer(results))
    for window in range(len(block)):
        lib.decision_step(state, rows + window * block.shape[1], places + window)
    return results


def _new_state(part: bytes) -> Any:
    from aurora._device import ffi, lib

    state = ffi.new("decision_state *")
    code = lib.decision_init(state, part, len(part))
    if code:
        names = [name for name in dir(lib) if name.startswith("DECISION_E_")]
        reason = next(name for name in names if getattr(lib, name) == code)
        raise InputError(f"not a usable decision part ({reason})", hint="see firmware/lib/nn/decision.h")
    return state
