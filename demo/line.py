"""The line between an office and the province: a TCP proxy on loopback that really drops.

While the line is cut, open connections are reset and new ones are refused at once, as when the router loses its link.
It counts bytes both ways, so the story can say what travelled. It knows nothing of what it carries.
"""

import contextlib
import select
import socket
import struct
import threading
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 64 * 1024
# A thread that waits inside recv would keep a closed connection alive, so waiting is done in short looks.
_LOOK_S = 0.05
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Line:
    """A line from a port of its own to `target_port`, both on 127.0.0.1; starts connected."""

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._lock = threading.Lock()
        self._open: set[_Connection] = set()
        self._listener: socket.socket | None = None
        self.bytes_up = 0
        self.bytes_down = 0
        self.port = 0
        self.restore()

    @property
    def is_up(self) -> bool:
        """Whether connections pass at this moment."""
        return self._listener is not None

    def restore(self) -> None:
        """Bring the line back on the same port."""
        if self._listener is not None:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Cut the line: reset what is open, refuse what comes."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # shutdown wakes the accepting thread; close alone would leave it waiting on some systems.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for connection in self._open:
                connection.reset()
            self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target, timeout=10)
            except OSError:
                _reset(near)
                continue
            far.settimeout(None)
            self._begin(listener, _Connection(near, far))

    def _begin(self, listener: socket.socket, connection: "_Connection") -> None:
        with self._lock:
            if self._listener is not listener:
                connection.reset()
                return
            self._open.add(connection)
        for is_up in (True, False):
            threading.Thread(target=self._carry, args=(connection, is_up), daemon=True).start()

    def _carry(self, connection: "_Connection", is_up: bool) -> None:
        near, far = connection.near, connection.far
        source, target = (near, far) if is_up else (far, near)
        try:
            while data := _receive(source):
                self._count(len(data), is_up)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except (OSError, ValueError):  # ValueError: closed under us by a cut
            connection.reset()
        with self._lock:
            connection.directions -= 1
            if not connection.directions:
                connection.close()
                self._open.discard(connection)

    def _count(self, size: int, is_up: bool) -> None:
        with self._lock:
            if is_up:
                self.bytes_up += size
            else:
                self.bytes_down += size


class _Connection:
    """The two ends of one connection, carried in two directions until both have ended."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near, self.far = near, far
        self.directions = 2

    def reset(self) -> None:
        """Drop both ends as a lost link does."""
        _reset(self.near)
        _reset(self.far)

    def close(self) -> None:
        """Say goodbye in order, where that is still possible."""
        self.near.close()
        self.far.close()


def _receive(source: socket.socket) -> bytes:
    """What comes next; empty when the other side has ended."""
    while not select.select([source], [], [], _LOOK_S)[0]:
        continue
    return source.recv(_CHUNK_BYTES)


def _reset(connection: socket.socket) -> None:
    """Close at once with a reset, not with an orderly goodbye (so without `shutdown`, which would say one)."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    connection.close()
