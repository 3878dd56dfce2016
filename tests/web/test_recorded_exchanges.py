"""What earlier versions said to each other (tests/golden/exchanges) is read by this one, and taken by this one's hub."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from central_hub.app import create_app
from central_hub.files.service import vault_of
from central_hub.judge.service import judge_pending
from central_hub.services import Services
from central_hub.store.engine import reading
from central_hub.store.record_log import HubLogStore
from central_hub.sync.fleet import list_devices
from sync_protocol.chunks import FileTree
from sync_protocol.errors import ProtocolError
from sync_protocol.frame import decode_run
from sync_protocol.wire import open_request
from tests.support.exchanges import RECORDINGS, recorded_hub
from tests.support.exchanges_read import posted, summary, what_came_back
from tests.support.http_line import ask
from tests.support.office import Clock

NAMES = sorted(path.name for path in RECORDINGS.iterdir())
MESSAGES = {
    "/enrol/v1/hello", "/enrol/v1/device", "/sync/v1/round", "/sync/v1/files", "/sync/v1/beacon",
}  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_message_stays_readable(name: str) -> None:
    """Enrolment, rounds, a voucher, files, a beacon, a refused version; rounds and files of the office; a snapshot."""
    found = summary(RECORDINGS / name)
    assert found == json.loads((RECORDINGS / name / "expected.json").read_text(encoding="utf-8"))
    assert {step["path"] for step in found["posted"]} >= MESSAGES
    assert any(step["asked"].get("voucher") for step in found["vouched"])
    assert any(step["asked"].get("refused") == "ROUND_VERSION" for step in found["posted"])
    assert found["lan"]["rounds"] and found["lan"]["files"] and found["stick"]["dossiers"]


@pytest.mark.parametrize("name", NAMES)
def test_the_hub_takes_what_an_earlier_version_posted(name: str, tmp_path: Path, clock: Clock) -> None:
    """The recorded bytes, at the recorded hours, to the recorded hub as this program runs it: from the enrolment to the beacon.

    Challenges, signatures and vouchers hold, since the hub has its keys; what the hub says of its own is drawn anew.
    """
    steps = posted(RECORDINGS / name, "posted")
    clock.now = steps[0]["at"]
    with recorded_hub(RECORDINGS / name, tmp_path, clock) as hub:
        _post(hub, clock, steps)
        _holds_everything(hub, steps)
        (file,) = {file for step in steps if step["path"].endswith("files") for file in _stated(step)}
        assert FileTree.of([vault_of(hub).read(file)]).id == file
        with reading(hub.engine) as connection:
            devices = list_devices(connection, now_ms=clock(), silent_ms=86_400_000)
        (new,) = (each for each in devices if each.name == "Quầy 3")
        assert new.beacon is not None and new.beacon.problem == "ROUND_SIZE"


@pytest.mark.parametrize("name", NAMES)
def test_a_hub_that_was_put_back_takes_the_recorded_voucher(name: str, tmp_path: Path, clock: Clock) -> None:
    steps = posted(RECORDINGS / name, "vouched")
    clock.now = steps[0]["at"]
    with recorded_hub(RECORDINGS / name, tmp_path, clock, is_restored=True) as hub:
        _post(hub, clock, steps)
        _holds_everything(hub, steps)


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_request_that_was_changed_is_refused(name: str, tmp_path: Path, clock: Clock) -> None:
    """The test above would notice: one bit of a recorded round and the hub takes nothing of it."""
    steps = posted(RECORDINGS / name, "posted")
    at = next(n for n, step in enumerate(steps) if step["path"].endswith("round") and _frames(step))
    clock.now = steps[0]["at"]
    with recorded_hub(RECORDINGS / name, tmp_path, clock) as hub:
        _post(hub, clock, steps[:at])
        damaged = bytearray(steps[at]["request"])
        damaged[40] ^= 1
        response = ask(create_app(hub.config, hub).test_client(), steps[at]["path"], bytes(damaged))
        assert (response.status_code, response.json["code"]) == (403, "ROUND_SIGNATURE")


def _post(hub: Services, clock: Clock, steps: list[dict[str, Any]]) -> None:
    app = create_app(hub.config, hub)
    app.testing = True
    browser = app.test_client()
    for number, step in enumerate(steps):
        clock.now = step["at"]
        response = ask(browser, step["path"], step["request"])
        judge_pending(hub)
        assert response.status_code == step["status"], (number, response.get_data(as_text=True)[:300])
        then = what_came_back(step["path"], step["status"], step["answer"])
        now = what_came_back(step["path"], response.status_code, response.data)
        for member in ("problem", "code", "stated", "is_taken", "province"):
            assert now.get(member) == then.get(member), (number, step["path"], member)


def _holds_everything(hub: Services, steps: list[dict[str, Any]]) -> None:
    """Every record of a recorded request is held, byte for byte, and judged."""
    delivered = [
        record
        for step in steps
        if step["path"].endswith("round")
        for frame in _frames(step)
        for record in decode_run(frame).records
    ]
    assert len(delivered) > 3
    with reading(hub.engine) as connection:
        store = HubLogStore(connection, hub.opened)
        logs = {log.id: log for log in store.held_logs()}
        for record in delivered:
            (held,) = store.span(record.header.log, record.header.seq, stop=record.header.seq + 1)
            assert (held.header_bytes, held.signature) == (record.header_bytes, record.signature)
            assert logs[record.header.log].judged > record.header.seq


def _frames(step: dict[str, Any]) -> list[bytes]:
    try:
        return open_request(step["request"]).said.runs
    except ProtocolError:
        return []


def _stated(step: dict[str, Any]) -> Iterator[str]:
    yield from what_came_back(step["path"], step["status"], step["answer"])["stated"]
