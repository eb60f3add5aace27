"""The link's case table put to a board behind any pyserial URL: its replies and its counters must agree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aurora.device.codec import encode
from aurora.device.exchange import Exchange
from aurora.device.framing import encode_frame
from aurora.device.line import Line
from aurora.device.messages import ErrorReply, Health, Reply
from aurora.spec.link import code_number, link_schema

SYNC_ID = 0x5EA1_0000  # ids of the health queries that follow each case; no case uses one like it
SECONDS = 20.0
FORMAT_ERRORS = ("MALFORMED", "UNKNOWN_TYPE", "BAD_FIELD")


def differences(url: str, cases: Iterable[dict[str, Any]], *, byte_by_byte: bool) -> dict[str, str]:
    """Send each case to the board; what it did otherwise than the table says, by the case's name."""
    line = Line(url)
    try:
        exchange = Exchange(line)
        before, _ = _sync(exchange, SYNC_ID)
        found = {}
        for number, case in enumerate(cases, start=1):
            stream = bytes.fromhex(case["bytes"])
            step = 1 if byte_by_byte else max(len(stream), 1)
            for at in range(0, len(stream), step):
                line.write(stream[at : at + step])
            after, replies = _sync(exchange, SYNC_ID + number)
            what = _compare(case, before, after, replies)
            if what:
                found[case["name"]] = what
            before = after
        return found
    finally:
        line.close()


def _sync(exchange: Exchange, request_id: int) -> tuple[Health, list[Reply]]:
    """Ask for the board's health; that, and everything it said before."""
    exchange.line.write(encode_frame(encode("health_query", request_id=request_id)))
    replies: list[Reply] = []
    while (message := exchange.next_message(SECONDS)) is not None:
        if isinstance(message, Health) and message.request_id == request_id:
            return message, replies
        replies.append(message)
    raise AssertionError(f"no health within {SECONDS} s; before it: {replies}")


def _compare(case: dict[str, Any], before: Health, after: Health, replies: list[Reply]) -> str:
    counted = (after.frames_ok - before.frames_ok - 1, after.frames_bad - before.frames_bad)
    expected = (len(case["expect"]), case["frames_bad"])
    if counted != expected:
        return f"counted {counted} good and bad frames, not {expected}"
    refusals = [
        (code_number("link/errors.def", item["refused"]), item["request_id"])
        for item in case["expect"]
        if "refused" in item and not _is_echo(item)
    ]
    codes = {code_number("link/errors.def", name) for name in FORMAT_ERRORS}
    errors = [reply for reply in replies if isinstance(reply, ErrorReply) and reply.error_code in codes]
    if [(error.error_code, error.request_id) for error in errors] != refusals:
        return f"refused with {errors}, not {refusals}"
    accepted = {item["request_id"] for item in case["expect"] if "message" in item}
    answered = {reply.request_id for reply in replies if reply not in errors}
    return "" if answered == accepted else f"answered {answered}, not {accepted}"


def _is_echo(item: dict[str, Any]) -> bool:
    """A board does not answer its own messages: on a line that echoes that would never end."""
    return item["refused"] == "UNKNOWN_TYPE" and item["type"] in link_schema().towards(board=False)
