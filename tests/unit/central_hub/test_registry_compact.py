"""What the province states about a PC for its papers: made with its enrolment, and held by the roots."""

from __future__ import annotations

from pathlib import Path

import pytest

from central_hub.journal.service import own_log
from central_hub.registry.compact import REGISTRY_FILE, state_registry
from central_hub.settings import hub_epoch
from central_hub.store.record_log import HubLogStore
from signing.compact import CompactChain
from signing.keys import SigningKey
from tests.support.hub import Desk, ProvinceHub, found_province


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


def stated_for_paper(hub: ProvinceHub, desk: Desk) -> str | None:
    """The member of the device's key statement in the province's log."""
    with hub.services.engine.connect() as connection:
        store = HubLogStore(connection, hub.services.opened, now_ms=0)
        records = store.span(own_log(hub.services, hub_epoch(connection), hub.services.province), 0)
    found = [
        (record.content or {}).get("compact")
        for record in records
        if record.header.facts.get("key") == desk.log.device.public.hex
    ]
    assert len(found) == 1
    return found[0]


def test_a_new_pc_gets_what_its_papers_need(hub: ProvinceHub) -> None:
    desk = hub.enrol("20242")
    text = stated_for_paper(hub, desk)
    assert text is not None
    bundle = hub.services.keys.bundle
    device = CompactChain.from_hex(text).verify(roots=bundle.roots, threshold=bundle.threshold)
    assert (device.key, device.unit) == (desk.log.device.public, "20242")
    assert device.unit_name == hub.services.units.name("20242")


def test_a_hub_whose_roots_said_nothing_for_paper_enrols_as_before(hub: ProvinceHub) -> None:
    (hub.services.config.keys / REGISTRY_FILE).unlink()
    assert stated_for_paper(hub, hub.enrol("20242")) is None


def test_a_statement_of_other_roots_is_not_handed_on(hub: ProvinceHub) -> None:
    state_registry(
        hub.services.config.keys,
        registry=hub.services.keys.registry.public,
        province="48",
        bundle_version=1,
        roots=[SigningKey.from_seed(bytes(32))],
    )
    assert stated_for_paper(hub, hub.enrol("20242")) is None
