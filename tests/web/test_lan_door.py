"""The door to the office network over real sockets on loopback: two PCs meet, and nothing else is to be had there."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from demo.processes import free_port
from edge_node.files.capture import Captured
from edge_node.files.service import Placed, attach
from edge_node.lan.door import Application, Door
from edge_node.lan.peers import DONE, add_peer, list_peers, parse_address, switch
from edge_node.lan.rhythm import Rhythm
from edge_node.lan.service import meet_all
from edge_node.lan.throttle import ADDRESSES_MAX, ALLOWED, REFUSAL_COSTS, Throttle
from edge_node.projection.lists import count_dossiers
from edge_node.scheduler import Schedule
from edge_node.services import Services
from sync_protocol.limits import LAN_MESSAGE_BYTES_MAX
from tests.support.pair import Commune, found_commune


@pytest.fixture(scope="module")
def commune(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commune]:
    made = found_commune(tmp_path_factory.mktemp("commune"))
    for _ in range(2):
        made.add()
    for pc in made.pcs:
        pc.sync()
        pc.line.is_down = True
    yield made
    made.close()


def on_loopback(services: Services) -> Services:
    config = replace(services.config, lan_host="127.0.0.1", lan_port=free_port())
    return replace(services, config=config)


@pytest.fixture
def address(commune: Commune) -> Iterator[str]:
    services = on_loopback(commune.pcs[1].services)
    door = Door(services)
    door.unlock()
    yield f"127.0.0.1:{services.config.lan_port}"
    door.close()
    assert not door.is_open


def test_two_pcs_meet_over_the_network(commune: Commune, address: str) -> None:
    here, there = commune.pcs
    there.receive()
    add_peer(here.db, address)
    before = count_dossiers(here.db)
    meetings = meet_all(here.db, here.services)
    assert [met.problem for met in meetings] == [None]
    assert count_dossiers(here.db) == before + 1
    scan = Captured(name="scan.pdf", type="pdf", content=b"%PDF-" + bytes(300_000), pages=0)
    attach(here.db, here.services, here.lan, here.receive(), [scan], Placed())
    assert meet_all(here.db, here.services)[0].files == 1
    peer = list_peers(here.db)[0]
    assert (peer.outcome, peer.device) == (DONE, there.services.keyring.device.public.id)
    assert meet_all(here.db, here.services)[0].rounds == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/dossiers"), ("GET", "/api/v1/dossiers"), ("GET", "/login"), ("GET", "/health"),
        ("GET", "/static/app.css"), ("POST", "/lan/v1/hello"), ("GET", "/lan/v1/round"), ("PUT", "/lan/v1/round"),
        ("GET", "/lan/v1/../../etc/passwd"), ("POST", "/sync"),
    ],
)  # fmt: skip
def test_nothing_else_is_behind_the_door(address: str, method: str, path: str) -> None:
    answer = requests.request(method, f"http://{address}{path}", timeout=5)
    assert (answer.status_code, answer.content) == (404, b"")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("payload", [b"x", b"\0" * 200, b"\xff" * 5_000])
def test_what_is_no_message_is_refused(address: str, payload: bytes) -> None:
    answer = requests.post(f"http://{address}/lan/v1/round", data=payload, timeout=5)
    assert answer.status_code in (403, 400)
    assert answer.json()["code"].startswith("ROUND_")


def test_what_is_too_large_is_refused_before_it_is_read(address: str) -> None:
    payload = b"\0" * (LAN_MESSAGE_BYTES_MAX + 1)
    try:
        answer = requests.post(f"http://{address}/lan/v1/round", data=payload, timeout=5)
    except requests.ConnectionError:
        return  # the connection was closed while it was still being sent
    assert answer.status_code == 413


def test_who_asks_too_often_waits() -> None:
    seconds = 0.0
    throttle = Throttle(lambda: seconds)
    assert all(throttle.allows("10.0.0.1") for _ in range(ALLOWED))
    assert not throttle.allows("10.0.0.1")
    assert throttle.allows("10.0.0.2")
    for _ in range(ALLOWED // REFUSAL_COSTS):
        throttle.count_refusal("10.0.0.2")
    assert not throttle.allows("10.0.0.2")
    seconds = 61.0
    assert throttle.allows("10.0.0.1")
    for number in range(2 * ADDRESSES_MAX):
        throttle.allows(f"a{number}")
    assert len(throttle._costs) <= ADDRESSES_MAX


def test_a_stranger_is_soon_not_answered_at_all(commune: Commune) -> None:
    application = Application(commune.pcs[1].services)
    said: list[str] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/admin", "REMOTE_ADDR": "10.9.9.9"}
    for _ in range(ALLOWED // REFUSAL_COSTS + 1):
        list(application(environ, lambda status, headers: said.append(status)))
    assert said[0].startswith("404") and said[-1].startswith("429")


def test_the_door_opens_and_closes_as_it_is_switched(commune: Commune) -> None:
    pc = commune.pcs[0]
    services = on_loopback(pc.services)
    schedule = Schedule(services)
    url = f"http://127.0.0.1:{services.config.lan_port}/lan/v1/hello"
    schedule.lan_tick(pc.db)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=2)
    switch(pc.db, on=True)
    schedule.lan_tick(pc.db)
    assert requests.get(url, timeout=5).status_code == 200
    switch(pc.db, on=False)
    schedule.lan_tick(pc.db)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=2)


def test_news_make_the_next_meeting_sooner_and_failures_later() -> None:
    rhythm = Rhythm().after(now=100.0, is_done=True, here=b"a")
    assert not rhythm.is_due(now=110.0, every_s=20, here=b"a")
    assert rhythm.is_due(now=103.0, every_s=20, here=b"b")
    assert rhythm.is_due(now=120.0, every_s=20, here=b"a")
    failing = rhythm
    for number in range(9):
        failing = failing.after(now=200.0 + number, is_done=False, here=b"a")
    assert not failing.is_due(now=300.0, every_s=20, here=b"b")
    assert failing.is_due(now=208.0 + 120.0, every_s=20, here=b"a")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("192.168.1.20", "192.168.1.20:8481"), (" 192.168.1.20:9000 ", "192.168.1.20:9000"), ("QUAY-2", "quay-2:8481"),
        ("http://quay2.local:8481/", "quay2.local:8481"), ("192.168.1.999", None), ("https://x", None), ("a b", None),
        ("quay:0", None), ("quay:99999", None), ("", None), ("user@host", None), ("[::1]:8481", None), ("x/y", None),
    ],
)  # fmt: skip
def test_addresses_as_people_type_them(typed: str, address: str | None) -> None:
    assert parse_address(typed, port=8481) == address
