"""QEMU's control channel: JSON lines over a socket that QEMU inherits (QMP specification, docs/interop)."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

from aurora.errors import EmulatorFailed

MAX_LINE_BYTES = 1 << 20


class Qmp:
    """Our end of the socket; every call is bounded by ``timeout_s`` and raises EmulatorFailed."""

    def __init__(self, connection: socket.socket, timeout_s: float) -> None:
        self._socket, self._timeout_s, self._buffer = connection, timeout_s, b""
        self._next_message()  # the greeting
        self.execute("qmp_capabilities")

    def execute(self, command: str) -> Any:
        """Run one command without arguments and return its result."""
        try:
            self._socket.sendall(json.dumps({"execute": command}).encode() + b"\n")
        except OSError as error:
            raise EmulatorFailed("QEMU's control channel is closed", where=command) from error
        while True:
            message = self._next_message()
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise EmulatorFailed(f"QEMU refused: {message['error'].get('desc', '')}", where=command)

    def close(self) -> None:
        """Close our end."""
        self._socket.close()

    def _next_message(self) -> dict[str, Any]:
        deadline = time.monotonic() + self._timeout_s
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or len(self._buffer) > MAX_LINE_BYTES:
                raise EmulatorFailed(f"QEMU did not answer within {self._timeout_s:g} s")
            self._socket.settimeout(left)
            try:
                received = self._socket.recv(65536)
            except TimeoutError:
                continue
            except OSError as error:
                raise EmulatorFailed("QEMU's control channel broke") from error
            if not received:
                raise EmulatorFailed("QEMU closed its control channel")
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n")
        message = json.loads(line)
        assert isinstance(message, dict)
        return message
