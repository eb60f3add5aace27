"""One request, one answer, over a line that may lose, damage, repeat or delay anything.

Every request has an id that every reply repeats: what carries another id is late or repeated, and ignored.
A request without an answer is sent again under the same id; the board then repeats its answer and does
nothing twice. Waits and attempts are bounded.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from dataclasses import dataclass

from aurora.device.codec import OtherVersion, Refused, encode
from aurora.device.framing import FrameDecoder, encode_frame
from aurora.device.line import Line
from aurora.device.messages import ErrorReply, Hello, Prediction, Reply, Vector, decode_reply
from aurora.errors import AuroraError, DeviceRefused, LinkDead, NotOurDevice, VersionMismatch
from aurora.spec.link import LINK_MAJOR, codes

TIMEOUT_SECONDS = 3.0
ATTEMPTS = 5
BUSY_SECONDS = 0.05  # pause before asking a busy board again
_REQUEST_ID_SPAN = 0xFFFFFFFF


class BoardRefused(DeviceRefused):
    """The board's error message; ``code`` is its name in errors.def, ``detail`` its number."""

    def __init__(self, request: str, reply: ErrorReply, where: str) -> None:
        known = codes("link/errors.def").get(reply.error_code)
        self.code = known.name if known else f"code {reply.error_code}"
        self.detail = reply.detail
        words = f"{known.words} ({known.detail}: {reply.detail})" if known else f"for reason {self.code}"
        hint = f"see {self.code} in firmware/lib/link/SPEC.md"
        super().__init__(f"the board refused {request}: {words}", where=where, hint=hint)


@dataclass(frozen=True)
class Answer:
    """The reply that ended a request, and the vectors that came before it."""

    reply: Reply
    vectors: tuple[Vector, ...]


class Exchange:
    """Requests and replies over one line."""

    def __init__(self, line: Line, *, timeout_s: float = TIMEOUT_SECONDS, attempts: int = ATTEMPTS) -> None:
        self.line, self.timeout_s, self.attempts = line, timeout_s, attempts
        self.frames = FrameDecoder()
        self._messages: deque[Reply] = deque()
        self._bytes_received = 0
        self._messages_received = 0
        # a random start: the board may still hold the answer to an id of an earlier session
        self._last_id = secrets.randbelow(_REQUEST_ID_SPAN)

    def ask(self, request: str, *accepted: type[Reply], **fields: object) -> Answer:
        """Send a request until one of the ``accepted`` replies is complete, and return it.

        Raises DeviceRefused with the board's reason, LinkDead where no answer comes, NotOurDevice where
        what comes is not ours, VersionMismatch where a hello is of another major version.
        """
        self._last_id = self._last_id % _REQUEST_ID_SPAN + 1  # 1 to 0xFFFFFFFF: 0 means unasked
        frame = encode_frame(encode(request, request_id=self._last_id, **fields))
        vectors: dict[tuple[int, int], Vector] = {}
        for _ in range(self.attempts):
            self.line.write(frame)
            reply = self._await(request, accepted, vectors)
            if reply is not None:
                return Answer(reply, tuple(vectors.values()))
        raise self._no_answer(request)

    @property
    def last_id(self) -> int:
        """The id of the latest request."""
        return self._last_id

    def next_message(self, seconds: float) -> Reply | None:
        """The next message of the board, whatever it answers; None where none comes in time."""
        deadline = time.monotonic() + seconds
        while not self._messages:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._receive(self.line.read(left))
        return self._messages.popleft()

    def _receive(self, data: bytes) -> None:
        self._bytes_received += len(data)
        for payload in self.frames.feed(data):
            try:
                self._messages.append(decode_reply(payload))
            except OtherVersion as hello:
                raise VersionMismatch(
                    f"the firmware speaks version {hello.major} of the link, this host version {LINK_MAJOR}",
                    where=self.line.url,
                    hint="flash firmware of this Aurora, or use the Aurora that built it",
                ) from hello
            except Refused:
                continue  # a message of a later version, or not one of ours
            self._messages_received += 1

    def _await(
        self, request: str, accepted: tuple[type[Reply], ...], vectors: dict[tuple[int, int], Vector]
    ) -> Reply | None:
        """One attempt's wait: the reply, or None where it is time to ask again."""
        deadline = time.monotonic() + self.timeout_s
        while (message := self.next_message(deadline - time.monotonic())) is not None:
            if isinstance(message, Hello) and message.request_id == 0:
                return None  # the board has just started: it knows nothing of the request
            if message.request_id != self._last_id:
                continue
            if isinstance(message, ErrorReply):
                refusal = BoardRefused(request, message, self.line.url)
                if refusal.code != "BUSY":
                    raise refusal
                time.sleep(BUSY_SECONDS)
                return None
            if isinstance(message, Vector):
                vectors[message.vector_kind, message.offset] = message
            elif isinstance(message, accepted):
                complete = not isinstance(message, Prediction) or len(vectors) == message.vector_count
                return message if complete else None
        return None

    def _no_answer(self, request: str) -> AuroraError:
        where, tries = self.line.url, f"{self.attempts} tries of {self.timeout_s:g} s"
        if self._messages_received:
            return LinkDead(f"the board stopped answering ({request}, {tries})", where=where, hint="reset it")
        if self._bytes_received:
            return NotOurDevice(
                f"{self._bytes_received} bytes arrived, but no Aurora firmware speaks", where=where,
                hint="check port and baud rate, or flash the board",
            )  # fmt: skip
        return LinkDead(f"nothing answers ({tries})", where=where, hint="is it powered, and the right port?")
