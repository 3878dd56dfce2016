"""The province orders an erasure: who may, what must be given, and what its pages say afterwards."""

from pathlib import Path

import pytest
from sqlalchemy import select

from central_hub.erasure.service import ORDERED
from central_hub.store.engine import reading
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import EVENT
from sync_protocol.record import BodyState
from tests.support.hub import NOW_MS, Desk, ProvinceHub, found_province, receive

DECISION = {"ground": "authority_decision", "number": "20/QĐ-UBND", "date": "22/11/2026", "understood": "1"}


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def desk(hub: ProvinceHub) -> Desk:
    return hub.enrol("20242")


@pytest.fixture
def dossier(hub: ProvinceHub, desk: Desk) -> str:
    found = receive(desk, NOW_MS - 3_600_000, 1)
    hub.deliver(desk)
    hub.judge()
    return found


def state(hub: ProvinceHub, dossier: str) -> BodyState:
    with reading(hub.services.engine) as connection:
        return HubLogStore(connection, hub.services.opened).dossier_records(dossier)[0].body_state


def test_an_administrator_orders_it_and_everybody_sees_why(hub: ProvinceHub, dossier: str) -> None:
    browser = hub.browser("quantri")
    assert f"/erasure/{dossier}" in browser.page(f"/statistics/dossiers/{dossier}")
    assert "91/2025/QH15" in browser.page(f"/erasure/{dossier}")
    assert browser.post(f"/erasure/{dossier}", **DECISION).status_code == 302
    assert state(hub, dossier) is BodyState.ERASED
    hub.judge()
    page = hub.browser("thongke").page(f"/statistics/dossiers/{dossier}")
    assert "20/QĐ-UBND" in page and "Toàn bộ nội dung" in page and "/erasure/" not in page
    with reading(hub.services.engine) as connection:
        events = connection.execute(select(EVENT).where(EVENT.c.action == ORDERED)).all()
    assert [event.actor for event in events] == ["quantri"] and "20/QĐ-UBND" in events[0].subject


@pytest.mark.parametrize("field", DECISION)
def test_it_needs_the_decision_and_a_confirmation(hub: ProvinceHub, dossier: str, field: str) -> None:
    form = {name: text for name, text in DECISION.items() if name != field}
    answer = hub.browser("quantri").post(f"/erasure/{dossier}", **form)
    assert answer.status_code == 422 and f"error-{field}" in answer.text
    assert state(hub, dossier) is BodyState.PRESENT


@pytest.mark.parametrize("login", ["thongke", "kiemtra", "khoa"])
def test_no_other_role_may(hub: ProvinceHub, dossier: str, login: str) -> None:
    browser = hub.browser(login)
    assert browser.get(f"/erasure/{dossier}").status_code == 403
    assert browser.post(f"/erasure/{dossier}", **DECISION).status_code == 403
    assert state(hub, dossier) is BodyState.PRESENT


@pytest.mark.parametrize("dossier_id", ["0" * 32, "x", "../0"])
def test_an_unknown_dossier_is_not_found(hub: ProvinceHub, dossier_id: str) -> None:
    browser = hub.browser("quantri")
    assert browser.get(f"/erasure/{dossier_id}").status_code == 404
    assert browser.post(f"/erasure/{dossier_id}", **DECISION).status_code == 404
