"""Messages of the board as lines for people: plain words, with units."""

from __future__ import annotations

import struct
from functools import singledispatch

from aurora.device.messages import (
    Ack,
    CalibrationPiece,
    DriftReport,
    ErrorReply,
    Health,
    Hello,
    Prediction,
    Reply,
    Vector,
)
from aurora.spec.link import codes


def describe(message: Reply) -> str:
    """One line saying what the message says; codes that this host does not know are shown as numbers."""
    return _line(message)


def _words(file: str, number: int) -> str:
    known = codes(file).get(number)
    return known.words if known else f"code {number}"


@singledispatch
def _line(message: Reply) -> str:
    return repr(message)


@_line.register
def _(message: Hello) -> str:
    pack = f"pack {message.pack_id.hex()} runs"
    if message.pack_state:
        pack = f"no pack runs: {_words('pack/errors.def', -message.pack_state)}"
    return (
        f"hello: board {message.board_id}, firmware {message.build_id.hex()}, "
        f"link {message.link_major}.{message.link_minor}, start {message.boot_id:08x}, {pack}, "
        f"windows of {message.window_axes} x {message.window_n} samples, {message.feature_count} features, "
        f"calibrated on {message.calibration_count} of {message.calibration_target} windows"
    )


@_line.register
def _(message: Prediction) -> str:
    odd = [code.words for bit, code in codes("link/flags.def").items() if message.flags >> bit & 1]
    scores = struct.unpack(f"{len(message.scores)}b", message.scores)
    fault = f"fault type {message.fault_class}" if message.fault_class >= 0 else "no fault type"
    source, state = _words("link/sources.def", message.source), _words("link/states.def", message.state)
    return (
        f"prediction {message.sequence}: window {message.window_sequence} ({source}), {state}, "
        f"{'ALARM' if message.alarm else 'no alarm'} "
        f"({message.votes} votes), {fault}, outputs {' '.join(map(str, scores)) or 'none'}"
        f"{'; ' if odd else ''}{', '.join(odd)}"
    )


@_line.register
def _(message: Vector) -> str:
    kind, end = _words("link/vectors.def", message.vector_kind), message.offset + len(message.chunk)
    return f"{kind}: bytes {message.offset}-{end} of {message.total_bytes}"


@_line.register
def _(message: Ack) -> str:
    status = _words("link/acks.def", message.status)
    return f"request {message.request_id}: {status}, next byte {message.next_offset}"


@_line.register
def _(message: DriftReport) -> str:
    return (
        f"drift of channel {message.channel} (of {message.channel_count}), interval {message.interval_id}: "
        f"{message.value_count} values, mean {message.mean:.6g}, {message.saturated} saturated, "
        f"{message.missing} without a value"
    )


@_line.register
def _(message: CalibrationPiece) -> str:
    return (
        f"calibration on {message.calibration_count} of {message.calibration_target} windows: "
        f"bytes {message.offset}-{message.offset + len(message.chunk)} of {message.total_bytes}"
    )


@_line.register
def _(message: Health) -> str:
    failed = message.selftest_failed
    cause, state = _words("link/resets.def", message.reset_cause), _words("link/states.def", message.state)
    return (
        f"health: up {message.uptime_ms / 1000:.3f} s (start: {cause}), {state}, "
        f"{message.windows_processed} windows, {message.frames_ok} good and {message.frames_bad} bad frames, "
        f"stack {message.stack_used_bytes} B used, {message.ram_free_bytes} B free, "
        f"self-tests {f'failed: {failed:#x}' if failed else 'passed'}"
    )


@_line.register
def _(message: ErrorReply) -> str:
    known = codes("link/errors.def").get(message.error_code)
    detail = f" ({known.detail}: {message.detail})" if known else f" ({message.detail})"
    return f"request {message.request_id} refused: {_words('link/errors.def', message.error_code)}{detail}"
