"""The line between an office and the province carries bytes, counts them, and really drops."""

import contextlib
import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from demo.line import Line


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def _serve(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        Thread(target=_echo, args=(connection,), daemon=True).start()


def _echo(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        while data := connection.recv(4096):
            connection.sendall(data)


def call(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.settimeout(5)
    return connection


def test_what_is_sent_arrives_and_is_counted(echo: int) -> None:
    with Line(echo) as line, call(line.port) as connection:
        connection.sendall(b"ho so")
        assert connection.recv(100) == b"ho so"
        assert (line.bytes_up, line.bytes_down) == (5, 5)


def test_a_cut_resets_open_connections_and_refuses_new_ones(echo: int) -> None:
    with Line(echo) as line, call(line.port) as connection:
        connection.sendall(b"a")
        assert connection.recv(10) == b"a"
        line.cut()
        assert not line.is_up
        with pytest.raises(ConnectionResetError):
            connection.recv(10)
        with pytest.raises(ConnectionRefusedError):
            call(line.port)


def test_the_line_comes_back_on_the_same_port(echo: int) -> None:
    with Line(echo) as line:
        port = line.port
        line.cut()
        line.restore()
        assert line.port == port
        with call(port) as connection:
            connection.sendall(b"b")
            assert connection.recv(10) == b"b"


def test_a_line_to_nowhere_resets(echo: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]
    # The reset may come before the caller has even finished connecting.
    with Line(nobody) as line, pytest.raises(ConnectionResetError), call(line.port) as connection:
        connection.recv(10)
