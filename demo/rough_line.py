"""A bad line: slow, far away, lossy, silent, and cut again and again; a TCP proxy on loopback.

Bytes leave at a rate per direction and arrive half a round trip later; opening a connection costs a round trip. A
connection may be reset after so many bytes (both directions together), and all are reset every so many seconds. It counts
what was taken from each side, so re-sent bytes show. A lost segment is seen as a program sees it: TCP sends it again a
round trip later, and all that follows waits for it. A connection may fall silent: open at both ends, and nothing passes.
"""

import contextlib
import queue
import socket
import struct
import threading
import time
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 4 * 1024
_AHEAD_S = 0.2
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_SEGMENT_BYTES = 1_460
_RETRANSMIT_S = 0.2
"""The least time that TCP waits before it sends again what was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roughness:
    """What a line is like. 0 means: not at all.

    Attributes:
        bytes_per_s: rate in each direction.
        round_trip_s: from a request to its answer, without the work.
        reset_after_bytes: a connection is reset once it has carried so much.
        cut_every_s: all connections are reset so often.
        loss: the share of segments that are lost once.
        silent_after_bytes: a connection carries so much (both directions together) and then nothing, without an end.
        silent_times: that many connections fall silent, the first ones; later ones carry on.
    """

    bytes_per_s: int = 0
    round_trip_s: float = 0.0
    reset_after_bytes: int = 0
    cut_every_s: float = 0.0
    loss: float = 0.0
    silent_after_bytes: int = 0
    silent_times: int = 0


class RoughLine:
    """A line from a port of its own to `target_port`, both on 127.0.0.1; `seed` decides which segments are lost."""

    def __init__(self, target_port: int, roughness: Roughness, *, seed: int = 0) -> None:
        self._target = ("127.0.0.1", target_port)
        self._chance = Random(seed)
        self.roughness = roughness
        self.bytes_up = 0
        self.bytes_down = 0
        self.resets = 0
        self.losses = 0
        self.silences = 0
        self._lock = threading.Lock()
        self._open: set[_Connection] = set()
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        if roughness.cut_every_s:
            threading.Thread(target=self._cut_now_and_then, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._reset_all()

    def count(self, size: int, *, is_up: bool) -> None:
        """Note bytes that one side handed over."""
        with self._lock:
            if is_up:
                self.bytes_up += size
            else:
                self.bytes_down += size

    def lose(self, size: int) -> int:
        """How many of the segments that make so many bytes are lost."""
        if not self.roughness.loss:
            return 0
        with self._lock:
            segments = -(-size // _SEGMENT_BYTES)
            lost = sum(self._chance.random() < self.roughness.loss for _ in range(segments))
            self.losses += lost
        return lost

    def may_fall_silent(self) -> bool:
        """Whether one more connection falls silent; counts it."""
        with self._lock:
            if self.silences >= self.roughness.silent_times:
                return False
            self.silences += 1
        return True

    def forget(self, connection: "_Connection", *, was_reset: bool) -> None:
        """A connection has ended."""
        with self._lock:
            self._open.discard(connection)
            self.resets += was_reset

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._begin, args=(near,), daemon=True).start()

    def _begin(self, near: socket.socket) -> None:
        if self._ended.wait(self.roughness.round_trip_s):
            _reset(near)
            return
        try:
            far = socket.create_connection(self._target, timeout=10)
        except OSError:
            _reset(near)
            return
        far.settimeout(None)
        connection = _Connection(self, near, far)
        with self._lock:
            self._open.add(connection)
        connection.start()

    def _cut_now_and_then(self) -> None:
        while not self._ended.wait(self.roughness.cut_every_s):
            self._reset_all()

    def _reset_all(self) -> None:
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            connection.reset()


class _Connection:
    """Two ends, and in each direction one thread that takes and one that delivers later."""

    def __init__(self, line: RoughLine, near: socket.socket, far: socket.socket) -> None:
        self._line, self._near, self._far = line, near, far
        self._carried = 0
        self._is_reset = False
        self._is_silent = False
        self._running = 2
        self._lock = threading.Lock()

    def start(self) -> None:
        """Carry in both directions until both have ended."""
        for is_up in (True, False):
            late: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
            source, target = (self._near, self._far) if is_up else (self._far, self._near)
            threading.Thread(target=self._take, args=(source, late, is_up), daemon=True).start()
            threading.Thread(target=self._deliver, args=(target, late), daemon=True).start()

    def reset(self) -> None:
        """Drop both ends as a lost link does."""
        with self._lock:
            if self._is_reset:
                return
            self._is_reset = True
        for end in (self._near, self._far):
            # shutdown wakes whoever waits inside recv; the linger option still makes the close a reset.
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RD)
            end.close()
        self._line.forget(self, was_reset=True)

    def _take(
        self, source: socket.socket, late: "queue.SimpleQueue[tuple[float, bytes]]", is_up: bool
    ) -> None:
        rough = self._line.roughness
        free = time.monotonic()
        try:
            while data := source.recv(_CHUNK_BYTES):
                self._line.count(len(data), is_up=is_up)
                free = max(free, time.monotonic()) + (
                    len(data) / rough.bytes_per_s if rough.bytes_per_s else 0
                )
                free += self._line.lose(len(data)) * max(rough.round_trip_s, _RETRANSMIT_S)
                is_used_up = self._is_used_up(len(data))
                if not self._is_silent:
                    late.put((free + rough.round_trip_s / 2, data))
                if is_used_up:
                    self.reset()
                    break
                time.sleep(max(0.0, free - time.monotonic() - _AHEAD_S))
        except OSError:
            self.reset()
        late.put((0.0, b""))

    def _is_used_up(self, size: int) -> bool:
        rough = self._line.roughness
        with self._lock:
            self._carried += size
            if rough.silent_after_bytes and not self._is_silent and self._carried > rough.silent_after_bytes:
                self._is_silent = self._line.may_fall_silent()
            return bool(rough.reset_after_bytes) and self._carried > rough.reset_after_bytes

    def _deliver(self, target: socket.socket, late: "queue.SimpleQueue[tuple[float, bytes]]") -> None:
        try:
            while True:
                due, data = late.get()
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    break
                time.sleep(max(0.0, due - time.monotonic()))
                target.sendall(data)
        except OSError:
            self.reset()
        with self._lock:
            self._running -= 1
            is_over = not self._running and not self._is_reset
        if is_over:
            self._near.close()
            self._far.close()
            self._line.forget(self, was_reset=False)


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    connection.close()
