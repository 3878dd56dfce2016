"""Routed dossiers at the judge: who may act by what its author had seen, what is listed for whom, and verdicts to both ends."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from central_hub.judge.service import Judge
from central_hub.registry.revocation import Act, revoke_keys
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import FOREIGN, LEG, LOG, SETTING, STANDING
from signing.cuts import Cause
from tests.support.histories import received_facts
from tests.support.hub import DAY_MS, Desk, ProvinceHub, found_province

HOME, OTHER, THIRD = "20242", "20257", "20209"
PERSON = {"fields": {"applicant.name": "Nguyễn Thị Lan"}}


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


def receive(desk: Desk, competent: str) -> tuple[str, str]:
    """A dossier for another unit; returns its id and that of the record."""
    dossier = desk.log.new_dossier()
    facts = received_facts(
        code=f"H17.{desk.unit}-261123-0001", receiving=desk.unit, competent=competent,
        received=desk.log.wall_ms, fields=["applicant.name"], papers=[],
    )  # fmt: skip
    return dossier, desk.log.write("dossier.received", dossier, facts, PERSON).id


def note(desk: Desk, dossier: str, *parents: str) -> str:
    return desk.log.write("dossier.noted", dossier, {}, {"note": "x"}, parents=parents).id


def send(hub: ProvinceHub, *desks: Desk) -> None:
    for desk in desks:
        hub.deliver(desk)
    hub.judge()


def standings(hub: ProvinceHub) -> dict[str, str]:
    with reading(hub.services.engine) as connection:
        return {row.record: row.code for row in connection.execute(select(STANDING))}


def listed(hub: ProvinceHub, unit: str) -> set[str]:
    with reading(hub.services.engine) as connection:
        return set(connection.scalars(select(FOREIGN.c.record).where(FOREIGN.c.unit == unit)))


def said(hub: ProvinceHub, unit: str, kind: str) -> list[dict[str, Any]]:
    """What the hub wrote in its log of a unit."""
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        device = hub.services.keys.hub.public.id
        logs = connection.scalars(select(LOG.c.id).where(LOG.c.commune == unit, LOG.c.device == device)).all()
        return [r.header.facts for log in logs for r in store.span(log, 0) if r.header.kind == kind]


def test_who_is_not_on_the_way_is_refused(hub: ProvinceHub) -> None:
    home, other, third = (hub.enrol(unit) for unit in (HOME, OTHER, THIRD))
    dossier, opening = receive(home, OTHER)
    good, bad = note(other, dossier, opening), note(third, dossier, opening)
    send(hub, third, other, home)
    assert standings(hub) == {bad: "RECORD_UNIT"}
    assert listed(hub, OTHER) == {opening} and listed(hub, HOME) == {good} and listed(hub, THIRD) == set()


def test_what_was_done_before_the_end_was_known_stands(hub: ProvinceHub) -> None:
    home, other = hub.enrol(HOME), hub.enrol(OTHER)
    dossier, opening = receive(home, OTHER)
    back = home.log.write("dossier.amended", dossier, {"fields": [], "set": {"competent": HOME}}).id
    before, after = note(other, dossier, opening), note(other, dossier, back)
    send(hub, home, other)
    assert standings(hub) == {after: "RECORD_UNIT"} and before in listed(hub, HOME)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_order_of_arrival_decides_nothing(hub: ProvinceHub, order: tuple[int, int]) -> None:
    desks = hub.enrol(HOME), hub.enrol(OTHER)
    dossier, opening = receive(desks[0], OTHER)
    note(desks[1], dossier, opening)
    for index in order:
        send(hub, desks[index])
    assert standings(hub) == {}


def test_only_the_home_commune_receives_and_numbers(hub: ProvinceHub) -> None:
    home, other = hub.enrol(HOME), hub.enrol(OTHER)
    dossier, opening = receive(home, OTHER)
    facts = {"code": f"H17.{OTHER}-261123-0009", "provisional": None}
    stolen = other.log.write("dossier.numbered", dossier, facts, parents=(opening,)).id
    send(hub, home, other)
    assert standings(hub) == {stolen: "RECORD_UNIT"}


def test_a_list_names_each_record_once_however_often_the_dossier_changes(hub: ProvinceHub) -> None:
    home = hub.enrol(HOME)
    dossier, opening = receive(home, OTHER)
    ids = [opening]
    for _ in range(3):
        ids.append(note(home, dossier, ids[-1]))
        send(hub, home)
    lists = said(hub, OTHER, "foreign.listed")
    assert [record for facts in lists for record in facts["records"]] == ids
    assert all(facts["unit"] == OTHER and facts["dossier"] == dossier for facts in lists)


def test_a_verdict_goes_to_everybody_who_holds_the_record(hub: ProvinceHub) -> None:
    home = hub.enrol(HOME)
    hub.clock.now += DAY_MS
    since = hub.clock.now - 60_000
    _, opening = receive(home, OTHER)
    send(hub, home)
    with writing(hub.services.engine) as connection:
        revoke_keys(
            connection, hub.services, [home.log.officer.public.id],
            act=Act(actor="khoa", ground="Lộ PIN"), cause=Cause.COMPROMISED, since_ms=since,
        )  # fmt: skip
    hub.judge()
    for unit in (HOME, OTHER):
        told = [(f["record"], f["outcome"]) for f in said(hub, unit, "verdict.given")]
        assert told == [(opening, "pending")]


def test_who_is_given_a_record_that_waits_hears_that_it_waits(hub: ProvinceHub) -> None:
    """Such a record was listed for the next unit after its verdict had gone to the first one alone."""
    home = hub.enrol(HOME)
    dossier, opening = receive(home, OTHER)
    waiting = [home.log.write("dossier.noted", dossier, {}, {"note": "x"}, parents=(opening,), later={}).id]
    send(hub, home)
    waiting.append(home.log.write("weather.seen", dossier, {}, {"x": "y"}, parents=(opening,)).id)
    send(hub, home)
    to = {"fields": [], "set": {"competent": THIRD}}
    home.log.write("dossier.amended", dossier, to, parents=(opening,))
    send(hub, home)
    for unit in (HOME, OTHER, THIRD):
        told = [(f["record"], f["outcome"], f["code"], f["unit"]) for f in said(hub, unit, "verdict.given")]
        assert told == [(each, "pending", "RECORD_VERSION", HOME) for each in waiting]


def test_dossiers_folded_before_the_way_was_read_are_listed_once(hub: ProvinceHub) -> None:
    home = hub.enrol(HOME)
    _, opening = receive(home, OTHER)
    send(hub, home)
    with writing(hub.services.engine) as connection:
        connection.execute(delete(FOREIGN))
        connection.execute(delete(LEG))
        connection.execute(delete(SETTING).where(SETTING.c.name == "folded_by"))
    judge = Judge(hub.services)
    judge.judge_pending()
    judge.close()
    assert listed(hub, OTHER) == {opening}
    with reading(hub.services.engine) as connection:
        assert len(connection.execute(select(LEG)).all()) == 1
