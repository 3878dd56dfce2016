"""PCs that announce themselves: colleagues are met by themselves, strangers wait for the unit administrator."""

from dataclasses import replace

import pytest

from edge_node.journal import require_office
from edge_node.lan.found import SEEN_MS, Found, candidates, short_id, take_found
from edge_node.lan.lookout import AGAIN_S, Lookout
from edge_node.lan.peers import add_peer, list_peers, read_unheard, switch
from tests.support.node import browse
from tests.support.pair import Commune, Pc

HERE, MOVED = "192.168.1.20:8481", "192.168.1.77:8481"


def device(pc: Pc) -> str:
    return require_office(pc.db).device


def hear(pc: Pc, *announced: tuple[str, str]) -> None:
    office = require_office(pc.db)
    found = [Found(unit=office.unit, short=short_id(who), address=where) for who, where in announced]
    take_found(pc.db, pc.services, office, found)


def test_a_colleague_is_known_at_once_and_by_its_whole_key(two_pcs: Commune) -> None:
    here, there = two_pcs.pcs
    hear(here, (device(there), HERE))
    peer = list_peers(here.db)[0]
    assert (peer.address, peer.device, peer.is_found) == (HERE, device(there), True)
    assert candidates(here.db) == []


def test_a_colleague_that_was_found_moves_and_a_typed_address_stays(two_pcs: Commune) -> None:
    here, there = two_pcs.pcs
    hear(here, (device(there), HERE))
    hear(here, (device(there), MOVED))
    assert [peer.address for peer in list_peers(here.db)] == [MOVED]
    add_peer(here.db, MOVED)
    hear(here, (device(there), HERE))
    assert [peer.address for peer in list_peers(here.db)] == [MOVED]


def test_a_stranger_is_shown_until_it_is_accepted_or_not_heard_of_any_more(two_pcs: Commune) -> None:
    here, _ = two_pcs.pcs
    hear(here, ("ee" * 16, HERE))
    assert list_peers(here.db) == [] and [each.short for each in candidates(here.db)] == ["eeeeeeee"]
    switch(here.db, on=True)
    chief = browse(here, here.chief)
    assert "Máy lạ tự giới thiệu" in chief.get("/lan") and "eeeeeeee" in chief.get("/lan")
    chief.post("/lan/peers", {"address": HERE})
    assert [peer.address for peer in list_peers(here.db)] == [HERE] and candidates(here.db) == []
    hear(here, ("ee" * 16, MOVED))
    assert candidates(here.db)
    two_pcs.clock.advance(SEEN_MS + 1)
    hear(here)
    assert candidates(here.db) == []


def test_a_device_that_is_cut_off_is_not_met_by_itself(
    two_pcs: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = two_pcs.pcs
    status = here.services.status.status(here.db)
    cut = replace(status, revoked={**status.revoked, device(there): object()})  # type: ignore[dict-item]
    monkeypatch.setattr(type(here.services.status), "status", lambda self, db: cut)
    hear(here, (device(there), HERE))
    assert list_peers(here.db) == []


def test_a_network_that_lets_no_announcement_through_is_said_and_tried_again(
    two_pcs: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = two_pcs.pcs
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
