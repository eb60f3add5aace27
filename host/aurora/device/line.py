"""The bytes between host and board, over any pyserial URL: a port, ``socket://``, ``rfc2217://``, a pty."""

from __future__ import annotations

import errno
import io
import select
import socket
import time

import serial

from aurora.errors import LinkBusy, LinkDead

BAUD = 115200  # of real ports; every other kind of URL ignores it
READ_BYTES = 4096
WRITE_SECONDS = 10.0
POLL_SECONDS = 0.002  # for URLs that the system cannot wait on
_HELD = (errno.EBUSY, errno.EAGAIN)  # TIOCEXCL of another program; the lock that pyserial takes


class Line:
    """An open pyserial URL. Every wait is bounded; errors of the line come as LinkDead."""

    def __init__(self, url: str, *, baud: int = BAUD) -> None:
        """Open ``url`` for this process alone; raises LinkBusy where another holds it, or LinkDead."""
        self.url = url
        try:
            self._serial = serial.serial_for_url(
                url, baudrate=baud, timeout=0, write_timeout=WRITE_SECONDS, exclusive=True
            )
        except (serial.SerialException, ValueError, OSError) as error:
            raise _cannot_open(url, error) from error
        try:
            self._descriptor: int | None = self._serial.fileno()
        except (io.UnsupportedOperation, AttributeError):
            self._descriptor = None
        connection = getattr(self._serial, "_socket", None)
        if connection is not None:  # one request, one answer: waiting to fill a packet only costs time
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, seconds: float) -> bytes:
        """What has arrived, waiting at most ``seconds`` for the first byte; empty where nothing came."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                left = deadline - time.monotonic()
                if self._descriptor is not None:
                    select.select([self._descriptor], [], [], max(left, 0))
                data: bytes = self._serial.read(READ_BYTES)
                if data or left <= 0:
                    return data
                if self._descriptor is None:
                    time.sleep(POLL_SECONDS)
        except (serial.SerialException, OSError, ValueError) as error:
            raise self._lost(error) from error

    def write(self, data: bytes) -> None:
        """Send all of ``data``, within WRITE_SECONDS."""
        try:
            self._serial.write(data)
        except (serial.SerialException, OSError, ValueError) as error:
            raise self._lost(error) from error

    def close(self) -> None:
        """Give the port back; harmless twice."""
        # pyserial leaves the socket open where the other end has gone before
        connection = getattr(self._serial, "_socket", None)
        self._serial.close()
        if connection is not None:
            connection.close()

    def _lost(self, error: Exception) -> LinkDead:
        return LinkDead(f"the line broke: {error}", where=self.url, hint="check the cable or the emulator")


def _cannot_open(url: str, error: Exception) -> LinkBusy | LinkDead:
    number = getattr(error, "errno", None)
    if number in _HELD:
        return LinkBusy("another program holds this port", where=url, hint="close it and try again")
    if number == errno.EACCES:
        return LinkDead("no permission to open this port", where=url, hint="join the group dialout")
    return LinkDead(f"cannot be opened: {error}", where=url, hint="is the board or emulator there?")
