"""Lines that lead nowhere: each gives one error line, with an exit code of its own."""

from __future__ import annotations

import gc
import os
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from aurora.device.framing import encode_frame
from aurora.device.line import Line
from aurora.device.session import Session
from aurora.device.testing import FakeBoard, Faults
from aurora.errors import AuroraError, LinkBusy, LinkDead, NotOurDevice, VersionMismatch

SHORT = {"timeout_s": 0.1, "attempts": 2}


def greet(url: str) -> AuroraError:
    """The error that a session at this URL ends with."""
    with pytest.raises(AuroraError) as caught, Session(url, **SHORT):
        pass
    assert "\n" not in str(caught.value)
    assert url in str(caught.value)
    assert caught.value.hint
    return caught.value


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A TCP server whose one connection is handled by ``talk``; yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(2)
                    talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"socket://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join()


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def echo(connection: socket.socket) -> None:
    while data := connection.recv(4096):
        connection.sendall(data)


def modem(connection: socket.socket) -> None:
    while connection.recv(4096):
        connection.sendall(b"\r\nERROR\r\n")


def hang_up(connection: socket.socket) -> None:
    connection.recv(4096)


def break_off(connection: socket.socket) -> None:
    """Close with a TCP reset, as a server does that was killed."""
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = greet(f"socket://127.0.0.1:{port}")
    assert isinstance(error, LinkDead)
    assert error.exit_code == 40


@pytest.mark.parametrize("url", ["/dev/no-such-port", "nonsense://1", "socket://", "/etc/hostname"])
def test_urls_that_cannot_be_opened(url: str) -> None:
    assert isinstance(greet(url), LinkDead)


def test_nothing_answers() -> None:
    with server(silent) as url:
        error = greet(url)
    assert isinstance(error, LinkDead)
    assert "nothing answers" in str(error)


@pytest.mark.parametrize("talk", [hang_up, break_off])
def test_the_other_end_goes_away(talk: Callable[[socket.socket], None]) -> None:
    with server(talk) as url:
        error = greet(url)
    gc.collect()  # a socket left open would warn here
    assert isinstance(error, LinkDead)
    assert "broke" in str(error)


@pytest.mark.parametrize("talk", [echo, modem])
def test_something_else_answers(talk: Callable[[socket.socket], None]) -> None:
    with server(talk) as url:
        error = greet(url)
    assert isinstance(error, NotOurDevice)
    assert error.exit_code == 42


def test_a_looped_cable_is_not_our_device() -> None:
    assert isinstance(greet("loop://"), NotOurDevice)


def test_firmware_of_another_major_version() -> None:
    with FakeBoard(Faults(link_major=2)) as board:
        error = greet(board.url)
    assert isinstance(error, VersionMismatch)
    assert error.exit_code == 43
    assert "version 2" in str(error)


def test_a_port_that_another_holds() -> None:
    controller, terminal = os.openpty()
    try:
        url = os.ttyname(terminal)
        line = Line(url)
        try:
            error = greet(url)
        finally:
            line.close()
        assert isinstance(error, LinkBusy)
        assert error.exit_code == 41
        Line(url).close()  # given back: it can be had again
    finally:
        os.close(controller)
        os.close(terminal)


def test_a_port_is_given_back_where_nothing_answers() -> None:
    controller, terminal = os.openpty()
    try:
        url = os.ttyname(terminal)
        error = greet(url)  # while it is held, so are the frames of the session that failed
        assert isinstance(error, LinkDead)
        Line(url).close()
    finally:
        os.close(controller)
        os.close(terminal)


def test_a_board_behind_a_pty() -> None:
    """The same session over a terminal device, which is what a real serial port is."""
    controller, terminal = os.openpty()
    board = FakeBoard()
    ending = threading.Event()

    def serve() -> None:
        while not ending.is_set():
            if not select.select([controller], [], [], 0.02)[0]:
                continue
            for answer in board.answers(os.read(controller, 4096)):
                os.write(controller, encode_frame(answer))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with Session(os.ttyname(terminal)) as session:
            assert session.acquire().prediction.sequence == 0
    finally:
        ending.set()
        thread.join()
        os.close(controller)
        os.close(terminal)


def test_a_board_that_falls_silent_in_a_session() -> None:
    board = FakeBoard()
    with board, Session(board.url, **SHORT) as session:
        board.faults = Faults(drop=1.0)
        with pytest.raises(LinkDead, match="stopped answering"):
            session.acquire()
