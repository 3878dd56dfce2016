"""The hub's own memory while bombs arrive: what it takes for one hostile message stays bounded, and it goes on answering."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import requests
import zstandard

from demo.processes import Server, free_port
from sync_protocol.wire import decode_answer
from tests.support.hostile import MIB, changed_frame, frame_of, round_bytes, signed_round
from tests.support.hub import NOW_MS, Desk, found_province, receive

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
GROWTH_MB_MAX = 128


@contextmanager
def watched(process: psutil.Process) -> Iterator[list[int]]:
    """The highest resident size of a process while the block runs, in MB."""
    peak, ending = [process.memory_info().rss // MIB], threading.Event()

    def look() -> None:
        while not ending.wait(0.005):
            with suppress(psutil.Error):
                peak[0] = max(peak[0], process.memory_info().rss // MIB)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ending.set()
        thread.join()


def hostile_rounds(desk: Desk, challenge: bytes) -> Iterator[bytes]:
    frame = frame_of(desk)
    zeros = zstandard.compress(bytes(600 * MIB))
    yield bytes(64) + b"\1" + zeros
    yield signed_round(desk, 0, packed=b"\1" + zeros)
    yield signed_round(desk, 0, packed=b"\0" + b"\x91" * (2 * MIB - 100))
    yield signed_round(desk, 0, packed=b"\0\xdd\xff\xff\xff\xff")
    table = {
        "lists": {"listed": [[]] * 7_900_000},
        "objects": {"facts": [[], [0], [[{}] * 7_900_000]]},
        "shapes": {"facts": [[[]] * 7_900_000, [0], []]},
        "nothings": {"facts": [[], [0], [[None] * 7_900_000]]},
        "numbers": {"kind": [0] * 7_900_000},
    }
    for changes in table.values():
        yield round_bytes(desk, challenge=challenge, runs=[changed_frame(frame, {}, changes)])
    bombs = [changed_frame(frame, {"table": zeros, "first": n}) for n in range(30)]
    yield round_bytes(desk, challenge=challenge, runs=bombs)
    yield bytes(2 * MIB)


def test_bombs_do_not_grow_the_hub(tmp_path: Path) -> None:
    """Nine kilobytes that declared 300 MB took 300 MB, whoever sent them; a table of empty lists took a gigabyte."""
    hub = found_province(tmp_path)
    desk = hub.enrol("20242")
    receive(desk, NOW_MS, 1)
    hub.services.engine.dispose()
    port = free_port()
    server = Server(
        "central_hub",
        ["serve", "--http", "--data", str(hub.services.config.data), "--port", str(port)],
        url=f"http://127.0.0.1:{port}",
        log=tmp_path / "hub.log",
    ).start()
    try:
        children = psutil.Process(server.pid).children()
        worker = next(child for child in children if "central_hub.judge" not in child.cmdline())
        url = f"{server.url}/sync/v1/round"
        challenge = decode_answer(requests.post(url, data=round_bytes(desk), timeout=30).content).challenge
        hostile = list(hostile_rounds(desk, challenge))
        before = worker.memory_info().rss // MIB
        with watched(worker) as peak:
            for data in hostile:
                answer = requests.post(url, data=data, timeout=60)
                assert answer.status_code < 500, answer.text[:300]
            endless = requests.post(
                url, data=iter([bytes(MIB)] * 8), timeout=60
            )  # chunked: of no stated length
            assert endless.status_code == 413
        honest = requests.post(
            url, data=round_bytes(desk, challenge=challenge, runs=[frame_of(desk)]), timeout=60
        )
        assert decode_answer(honest.content).problem == "" and decode_answer(honest.content).receipt
        assert worker.is_running() and peak[0] - before < GROWTH_MB_MAX, f"{before} MB grew to {peak[0]} MB"
    finally:
        server.stop()
