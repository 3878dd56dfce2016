"""Keys cut off at the hub: what stands, what waits for a review, and what the figures make of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from central_hub.accounts.service import Account, find_account
from central_hub.accounts.signer import ensure_stated, unlock_signer
from central_hub.projection.projector import scope_digest
from central_hub.projection.rebuild import rebuild
from central_hub.registry.revocation import (
    Act,
    RevocationInvalid,
    device_cut,
    reinstate_keys,
    replace_device,
    review_records,
    revoke_device,
    revoke_keys,
)
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DOSSIER, STANDING, TALLY
from signing.cuts import Cause
from signing.signatures import Signer
from tests.support.device_log import key_of
from tests.support.hub import DAY_MS, MINUTE_MS, NOW_MS, PASSWORD, Desk, ProvinceHub, found_province, receive

UNIT = "20242"
ACT = Act(actor="khoa", ground="Mất máy ngày 20/11")


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def desk(hub: ProvinceHub) -> Desk:
    """One PC with one dossier, delivered and judged."""
    desk = hub.enrol(UNIT)
    receive(desk, NOW_MS - 3 * DAY_MS, 1)
    send(hub, desk)
    return desk


def send(hub: ProvinceHub, desk: Desk) -> None:
    hub.deliver(desk)
    hub.judge()


def act(hub: ProvinceHub, does: Callable[..., Any], *args: Any, **options: Any) -> Any:
    with writing(hub.services.engine) as connection:
        done = does(connection, hub.services, *args, **{"act": ACT} | options)
    hub.judge()
    return done


def standings(hub: ProvinceHub) -> dict[str, str]:
    with reading(hub.services.engine) as connection:
        return {row.record: row.code for row in connection.execute(select(STANDING))}


def dossiers(hub: ProvinceHub) -> int:
    with reading(hub.services.engine) as connection:
        return connection.scalar(select(func.count()).select_from(DOSSIER)) or 0


def officer(desk: Desk) -> str:
    return desk.log.officer.public.id


def verdicts(hub: ProvinceHub, desk: Desk) -> list[str]:
    """What the hub told the commune of the newest record, in order."""
    record = desk.log.records[-1].id
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        logs = [log for log in store.held_logs(commune=UNIT) if log.device == hub.services.keys.hub.public.id]
        said = [record for log in logs for record in store.span(log.id, 0)]
    return [
        r.header.facts["outcome"]
        for r in said
        if r.header.kind == "verdict.given" and r.header.facts["record"] == record
    ]


def test_what_was_acknowledged_before_a_loss_stands_and_what_comes_later_waits(
    hub: ProvinceHub, desk: Desk
) -> None:
    act(hub, revoke_keys, [officer(desk)], cause=Cause.LOST)
    assert (standings(hub), dossiers(hub)) == ({}, 1)
    receive(desk, NOW_MS - 2 * DAY_MS, 2)
    send(hub, desk)
    assert standings(hub) == {desk.log.records[-1].id: "RECORD_AFTER_CUT"}
    assert (dossiers(hub), verdicts(hub, desk)) == (1, ["pending"])


def test_a_process_that_refused_a_decision_believes_the_next_key_that_is_stated(
    hub: ProvinceHub, desk: Desk
) -> None:
    """It had stated the officer's own key first, in a transaction that was undone. Its number went to the next key, and that
    process took the one for the other until it was started anew."""
    worker = replace(hub.services)  # with a memory of its own
    act(hub, revoke_keys, [officer(desk)], cause=Cause.LOST)

    def signer_of(login: str) -> tuple[Account, Signer]:
        with reading(hub.services.engine) as connection:
            account = find_account(connection, login)
        assert account is not None
        return account, unlock_signer(hub.services, account, PASSWORD)

    refused, one = signer_of("khoa")
    with pytest.raises(RevocationInvalid), writing(worker.engine) as connection:
        ensure_stated(connection, worker, refused, one)
        act_again = Act(actor="khoa", signer=one)
        revoke_keys(connection, worker, [officer(desk)], cause=Cause.LOST, act=act_again)
    stated, other = signer_of("quantri")
    with writing(hub.services.engine) as connection:
        ensure_stated(connection, hub.services, stated, other)
    with reading(worker.engine) as connection:
        trust = worker.trust.current(connection)
    assert trust.statement(other.public.id) is not None and trust.statement(one.public.id) is None


def test_a_review_lets_late_records_stand(hub: ProvinceHub, desk: Desk) -> None:
    act(hub, revoke_keys, [officer(desk)], cause=Cause.LOST)
    receive(desk, NOW_MS - 2 * DAY_MS, 2)
    receive(desk, NOW_MS - DAY_MS, 3)
    send(hub, desk)
    first, second = (record.id for record in desk.log.records[-2:])
    act(hub, review_records, [second], stands=True)
    assert standings(hub) == {first: "RECORD_AFTER_CUT"}
    assert (dossiers(hub), verdicts(hub, desk)) == (2, ["pending", "applied"])
    act(hub, review_records, [first], stands=False)
    assert standings(hub) == {first: "RECORD_REVOKED"}
    with pytest.raises(RevocationInvalid):
        act(hub, review_records, [first], stands=True)


def test_after_the_cut_of_a_retired_key_records_are_refused_for_good(hub: ProvinceHub, desk: Desk) -> None:
    act(hub, revoke_keys, [officer(desk)], cause=Cause.RETIRED)
    receive(desk, NOW_MS - 2 * DAY_MS, 2)
    send(hub, desk)
    assert standings(hub) == {desk.log.records[-1].id: "RECORD_REVOKED"}
    with pytest.raises(RevocationInvalid):
        act(hub, review_records, [desk.log.records[-1].id], stands=True)


def test_a_compromise_takes_back_what_stood_since(hub: ProvinceHub, desk: Desk) -> None:
    """Figures, lists and the digest are then what they would be without the thief's records; a review brings them back."""
    with reading(hub.services.engine) as connection:
        digest = scope_digest(connection, UNIT)
        tally = connection.execute(select(TALLY)).all()
    hub.clock.now += DAY_MS
    since = hub.clock.now - MINUTE_MS
    receive(desk, NOW_MS - DAY_MS, 2)
    send(hub, desk)
    stolen = desk.log.records[-1].id
    assert dossiers(hub) == 2
    act(hub, revoke_keys, [officer(desk)], cause=Cause.COMPROMISED, since_ms=since)
    assert standings(hub) == {stolen: "RECORD_AFTER_CUT"}
    assert (dossiers(hub), verdicts(hub, desk)) == (1, ["pending"])
    with reading(hub.services.engine) as connection:
        assert scope_digest(connection, UNIT) == digest
        assert connection.execute(select(TALLY)).all() == tally
    rebuild(hub.services)
    assert dossiers(hub) == 1
    act(hub, review_records, [stolen], stands=True)
    assert (standings(hub), dossiers(hub)) == ({}, 2)


def test_a_judge_that_starts_anew_changes_nothing(hub: ProvinceHub, desk: Desk) -> None:
    act(hub, revoke_keys, [officer(desk)], cause=Cause.LOST)
    receive(desk, NOW_MS - 2 * DAY_MS, 2)
    send(hub, desk)
    act(hub, review_records, [desk.log.records[-1].id], stands=True)
    before = verdicts(hub, desk)
    assert hub.judge() == 0
    assert (standings(hub), verdicts(hub, desk)) == ({}, before)


def test_a_suspension_can_be_lifted_and_what_waited_stands(hub: ProvinceHub, desk: Desk) -> None:
    act(hub, revoke_device, desk.device, cause=Cause.SUSPENDED)
    receive(desk, NOW_MS - 2 * DAY_MS, 2)
    send(hub, desk)
    assert set(standings(hub).values()) == {"RECORD_AFTER_CUT"}
    act(hub, reinstate_keys, [desk.device, officer(desk)])
    assert (standings(hub), dossiers(hub)) == ({}, 2)
    with pytest.raises(RevocationInvalid):
        act(hub, reinstate_keys, [desk.device])


def test_a_revoked_pc_takes_its_officers_along_even_under_keys_nobody_named(
    hub: ProvinceHub, desk: Desk
) -> None:
    """What a thief signs in the PC's own log waits, whatever other key signs there."""
    act(hub, revoke_device, desk.device, cause=Cause.LOST)
    with reading(hub.services.engine) as connection:
        revoked = hub.services.status.current(connection).revoked
    assert set(revoked) == {desk.device, officer(desk)}
    desk.log.write("log.opened", facts=dict(desk.log.records[0].header.facts), signer=desk.log.device)
    send(hub, desk)
    assert set(standings(hub).values()) == {"RECORD_AFTER_CUT"}


def test_replacing_a_pc_is_one_action(hub: ProvinceHub, desk: Desk) -> None:
    issued = act(hub, replace_device, desk.device)
    assert (issued.unit, issued.device_name) == (UNIT, desk.name)
    receive(desk, NOW_MS - 2 * DAY_MS, 2)
    send(hub, desk)
    assert set(standings(hub).values()) == {"RECORD_AFTER_CUT"}
    again = act(hub, replace_device, desk.device)
    assert again.code != issued.code


def test_a_unit_administrator_revokes_officers_of_the_unit(hub: ProvinceHub, desk: Desk) -> None:
    other = hub.enrol(UNIT, "PC quầy 2", officer="Lê Văn Minh")
    send(hub, other)
    revoked_by(hub, desk, officer(other), other)
    assert standings(hub) == {}
    receive(other, NOW_MS - 2 * DAY_MS, 5)
    send(hub, other)
    assert set(standings(hub).values()) == {"RECORD_AFTER_CUT"}


@pytest.mark.parametrize("subject", ["device", "another unit", "registry", "hub", "nobody"])
def test_a_unit_administrator_revokes_nobody_else(hub: ProvinceHub, desk: Desk, subject: str) -> None:
    other = hub.enrol("20257", officer="Lê Văn Minh")
    key = {
        "device": desk.device,
        "another unit": officer(other),
        "registry": hub.services.keys.registry.public.id,
        "hub": hub.services.keys.hub.public.id,
        "nobody": key_of("nobody").public.id,
    }[subject]
    revoked_by(hub, desk, key, desk)
    refused = "RECORD_KEY_UNKNOWN" if subject == "nobody" else "KEY_REVOCATION"
    assert standings(hub) == {desk.log.records[-1].id: refused}
    with reading(hub.services.engine) as connection:
        assert hub.services.status.current(connection).is_silent(key)


def revoked_by(hub: ProvinceHub, desk: Desk, key: str, of: Desk) -> None:
    """The officer of `desk`, who is the unit's administrator too, revokes a key that signs in another PC's log."""
    with reading(hub.services.engine) as connection:
        cut = device_cut(connection, of.device)
    facts = {"key": key, "unit": UNIT, "reason": "lost", **cut.facts()}
    desk.write_at(NOW_MS - MINUTE_MS, "key.revoked", None, facts)
    send(hub, desk)


def test_a_revocation_that_came_before_its_key_counts_when_the_key_is_stated(
    hub: ProvinceHub, desk: Desk
) -> None:
    """As a hub that was put back may be given them."""
    lan = key_of("Lan, newly stated")
    revoked_by(hub, desk, lan.public.id, desk)
    assert set(standings(hub).values()) == {"RECORD_KEY_UNKNOWN"}
    facts = {
        "key": lan.public.hex, "box": None, "roles": ["receptionist"], "unit": UNIT, "officer": "7" * 32,
        "device": desk.device, "delegated": True, "from_size": 0, "until_size": None,
    }  # fmt: skip
    desk.write_at(NOW_MS - DAY_MS, "key.stated", None, facts, content={"name": "Lan"})
    send(hub, desk)
    assert standings(hub) == {}
    with reading(hub.services.engine) as connection:
        assert not hub.services.status.current(connection).is_silent(lan.public.id)


def test_one_review_of_a_key_statement_settles_all_under_it(hub: ProvinceHub, desk: Desk) -> None:
    """A unit administrator's key is cut off; what it states afterwards waits, and so does all that those keys sign."""
    act(hub, revoke_keys, [officer(desk)], cause=Cause.LOST)
    lan = key_of("Lan, newly stated")
    facts = {
        "key": lan.public.hex, "box": None, "roles": ["receptionist"], "unit": UNIT, "officer": "7" * 32,
        "device": desk.device, "delegated": True, "from_size": 0, "until_size": None,
    }  # fmt: skip
    statement = desk.write_at(NOW_MS - DAY_MS, "key.stated", None, facts, content={"name": "Lan"})
    for _ in range(2):
        dossier = desk.log.new_dossier()
        desk.write_at(NOW_MS - DAY_MS, "dossier.noted", dossier, {}, content={"note": "Ghi chú"}, signer=lan)
    send(hub, desk)
    assert sorted(standings(hub).values()) == ["RECORD_AFTER_CUT", "RECORD_KEY_UNKNOWN", "RECORD_KEY_UNKNOWN"]
    act(hub, review_records, [statement.id], stands=True)
    assert standings(hub) == {}


def test_what_nobody_may_revoke(hub: ProvinceHub, desk: Desk) -> None:
    for key in (hub.services.keys.hub.public.id, hub.services.keys.registry.public.id, "0" * 32):
        with pytest.raises(RevocationInvalid):
            act(hub, revoke_keys, [key], cause=Cause.LOST)
    act(hub, revoke_keys, [officer(desk)], cause=Cause.LOST)
    with pytest.raises(RevocationInvalid):
        act(hub, revoke_keys, [officer(desk)], cause=Cause.LOST)
