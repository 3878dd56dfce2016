"""PCs that announce themselves: colleagues are met by themselves, strangers wait for the unit administrator."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_node.journal import require_office
from edge_node.lan.found import SEEN_MS, Found, candidates, short_id, take_found
from edge_node.lan.lookout import AGAIN_S, Lookout
from edge_node.lan.peers import add_peer, list_peers, read_unheard, switch
from tests.support.node import Browser, create_app
from tests.support.pair import Commune, Pc, founded_office

HERE, MOVED = "192.168.1.20:8481", "192.168.1.77:8481"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Commune:
    return founded_office(tmp_path_factory.mktemp("commune"))


@pytest.fixture
def commune(founded: Commune, tmp_path: Path) -> Iterator[Commune]:
    made = founded.copied(tmp_path / "commune")
    yield made
    made.close()


def device(pc: Pc) -> str:
    return require_office(pc.db).device


def hear(pc: Pc, *announced: tuple[str, str]) -> None:
    office = require_office(pc.db)
    found = [Found(unit=office.unit, short=short_id(who), address=where) for who, where in announced]
    take_found(pc.db, pc.services, office, found)


def test_a_colleague_is_known_at_once_and_by_its_whole_key(commune: Commune) -> None:
    here, there = commune.pcs
    hear(here, (device(there), HERE))
    peer = list_peers(here.db)[0]
    assert (peer.address, peer.device, peer.is_found) == (HERE, device(there), True)
    assert candidates(here.db) == []


def test_a_colleague_that_was_found_moves_and_a_typed_address_stays(commune: Commune) -> None:
    here, there = commune.pcs
    hear(here, (device(there), HERE))
    hear(here, (device(there), MOVED))
    assert [peer.address for peer in list_peers(here.db)] == [MOVED]
    add_peer(here.db, MOVED)
    hear(here, (device(there), HERE))
    assert [peer.address for peer in list_peers(here.db)] == [MOVED]


def test_a_stranger_is_shown_until_it_is_accepted_or_not_heard_of_any_more(commune: Commune) -> None:
    here, _ = commune.pcs
    hear(here, ("ee" * 16, HERE))
    assert list_peers(here.db) == [] and [each.short for each in candidates(here.db)] == ["eeeeeeee"]
    switch(here.db, on=True)
    app = create_app(here.services.config, here.services)
    app.config.update(TESTING=True, PROPAGATE_FAULTS=True)
    chief = Browser(app.test_client(), None).log_in(here.chief)  # type: ignore[arg-type]
    assert "Máy lạ tự giới thiệu" in chief.get("/lan") and "eeeeeeee" in chief.get("/lan")
    chief.post("/lan/peers", {"address": HERE})
    assert [peer.address for peer in list_peers(here.db)] == [HERE] and candidates(here.db) == []
    hear(here, ("ee" * 16, MOVED))
    assert candidates(here.db)
    commune.clock.advance(SEEN_MS + 1)
    hear(here)
    assert candidates(here.db) == []


def test_a_device_that_is_cut_off_is_not_met_by_itself(
    commune: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = commune.pcs
    status = here.services.status.status(here.db)
    cut = replace(status, revoked={**status.revoked, device(there): object()})  # type: ignore[dict-item]
    monkeypatch.setattr(type(here.services.status), "status", lambda self, db: cut)
    hear(here, (device(there), HERE))
    assert list_peers(here.db) == []


def test_a_network_that_lets_no_announcement_through_is_said_and_tried_again(
    commune: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = commune.pcs
    now, tries = [0.0], []
    services = replace(here.services, monotonic=lambda: now[0])
    lookout = Lookout(services)

    def refuse(said: object) -> None:
        tries.append(said)
        raise OSError("no multicast")

    monkeypatch.setattr(lookout, "_discovery", type("Mute", (), {"open": staticmethod(refuse)})())
    lookout.look(here.db, require_office(here.db))
    lookout.look(here.db, require_office(here.db))
    assert len(tries) == 1 and read_unheard(here.db) == "no multicast"
    now[0] += AGAIN_S
    lookout.look(here.db, require_office(here.db))
    assert len(tries) == 2
