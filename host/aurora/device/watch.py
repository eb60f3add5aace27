"""Following a board: every message it sends, as it comes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from aurora.device.exchange import BoardRefused, Exchange
from aurora.device.line import BAUD, Line
from aurora.device.messages import Health, Hello, Prediction, Reply
from aurora.spec.link import LINK_MAJOR, LINK_MINOR, codes

HEALTH_EVERY = 100  # predictions between two looks at the board's health
LISTEN_SECONDS = 1.0  # pause where there is nothing to acquire
IDLE_STATES = ("NO_MODEL", "NO_SENSOR")
IDLE_REFUSALS = ("NO_MODEL", "NO_WINDOW")


def watch(url: str, *, baud: int = BAUD, timeout_s: float = 3.0) -> Iterator[Reply]:
    """Yield the board's hello, then one prediction after the other as its sensor gives windows.

    The board speaks when it is asked, so this asks: for windows while its sensor has any, for its health
    every HEALTH_EVERY predictions and whenever the sensor gives nothing. Unasked messages (a hello after a
    reset) come through as well. Endless; close the generator to give the port back. Raises as Session does.
    """
    line = Line(url, baud=baud)
    try:
        exchange = Exchange(line, timeout_s=timeout_s)
        yield exchange.ask("hello_request", Hello, link_major=LINK_MAJOR, link_minor=LINK_MINOR).reply
        yield from _follow(exchange)
    finally:
        line.close()


def _follow(exchange: Exchange) -> Iterator[Reply]:
    predictions = 0
    while True:
        idle = True
        try:
            reply = exchange.ask("acquire", Prediction, with_vectors=False).reply
        except BoardRefused as refusal:
            if refusal.code not in IDLE_REFUSALS:
                raise
        else:
            yield reply
            predictions += 1
            idle = isinstance(reply, Prediction) and _state(reply) in IDLE_STATES
        if idle or predictions % HEALTH_EVERY == 0:
            yield exchange.ask("health_query", Health).reply
        deadline = time.monotonic() + LISTEN_SECONDS * idle
        while idle and (unasked := exchange.next_message(deadline - time.monotonic())) is not None:
            yield unasked


def _state(prediction: Prediction) -> str:
    known = codes("link/states.def").get(prediction.state)
    return known.name if known else ""
