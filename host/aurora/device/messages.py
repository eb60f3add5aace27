"""What the board says, as frozen dataclasses: one class for each reply of aurora.cddl, with its fields.

The CDDL stays the only home of types and limits; a test compares every class here with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from aurora.device.codec import decode
from aurora.spec.link import link_schema


@dataclass(frozen=True)
class Hello:
    """What the board is and what it can run. ``request_id`` 0: unasked, after a start."""

    request_id: int
    link_major: int
    link_minor: int
    boot_id: int
    board_id: str
    class_id: int
    build_id: bytes
    layout_id: bytes
    features_version: int
    features_n_max: int
    features_workspace_bytes: int
    pack_major: int
    pack_minor: int
    slot_bytes: int
    slot_erase_bytes: int
    pack_state: int
    pack_id: bytes
    window_n: int
    window_axes: int
    feature_count: int
    output_bytes: int
    calibration_target: int
    calibration_count: int


@dataclass(frozen=True)
class Vector:
    """A piece of features, calibrated features, int8 inputs or outputs (``vector_kind``: vectors.def)."""

    request_id: int
    vector_kind: int
    total_bytes: int
    offset: int
    chunk: bytes


@dataclass(frozen=True)
class Prediction:
    """What the model says of one window; ``scores`` are its int8 outputs, ``fault_class`` -1 says none."""

    request_id: int
    boot_id: int
    sequence: int
    source: int
    window_sequence: int
    state: int
    flags: int
    fault_class: int
    scores: bytes
    alarm: bool
    votes: int
    pack_id: bytes
    build_id: bytes
    vector_count: int


@dataclass(frozen=True)
class Ack:
    """A request was taken (``status``: acks.def), or from which byte on to continue."""

    request_id: int
    status: int
    next_offset: int


@dataclass(frozen=True)
class DriftReport:
    """One channel's interval: 32 uint32 counts in ``bins``, and moments as sums of powers about the mean."""

    request_id: int
    channel: int
    channel_count: int
    boot_id: int
    interval_id: int
    value_count: int
    bins: bytes
    mean: float
    m2: float
    m3: float
    m4: float
    saturated: int
    missing: int
    pack_id: bytes
    build_id: bytes


@dataclass(frozen=True)
class CalibrationPiece:
    """A piece of the self-calibration: a float64 sum over ``calibration_count`` windows per feature."""

    request_id: int
    calibration_target: int
    calibration_count: int
    total_bytes: int
    offset: int
    chunk: bytes


@dataclass(frozen=True)
class Health:
    """The board's own state."""

    request_id: int
    boot_id: int
    uptime_ms: int
    state: int
    windows_processed: int
    frames_ok: int
    frames_bad: int
    stack_used_bytes: int
    ram_free_bytes: int
    reset_cause: int
    selftest_failed: int


@dataclass(frozen=True)
class ErrorReply:
    """The board refuses (``error_code``: errors.def, which also says what ``detail`` is)."""

    request_id: int
    error_code: int
    detail: int


Reply = Hello | Vector | Prediction | Ack | DriftReport | CalibrationPiece | Health | ErrorReply

CLASSES: dict[str, type[Reply]] = {
    "hello": Hello, "vector": Vector, "prediction": Prediction, "ack": Ack, "drift_report": DriftReport,
    "calibration": CalibrationPiece, "health": Health, "error": ErrorReply,
}  # fmt: skip


def decode_reply(payload: bytes) -> Reply:
    """The message in one frame from the board; raises codec.Refused."""
    message, values = decode(payload, link_schema().towards(board=False))
    return CLASSES[message.name](**values)
