"""Keys cut off, as a commune's PC sees it: nothing more is signed with them, and it says why."""

from pathlib import Path
from typing import Any

import pytest

from edge_node.accounts.revoking import revoke_officer
from edge_node.accounts.service import (
    LoginRefused,
    Standing,
    add_officer,
    current_actor,
    find_officer,
    log_in,
    reset_pin,
)
from edge_node.enrolment.epochs import open_log
from edge_node.journal import WriteRefused
from edge_node.keyring import Actor
from edge_node.store import SqliteLogStore
from edge_node.witness.state import write_seen
from signing.cuts import Cause, Cut
from signing.keys import SigningKey
from signing.roles import Role
from signing.tlog.checkpoint import Checkpoint, sign_checkpoint
from sync_protocol.log import OpeningReason
from tests.support.log_builder import hex32
from tests.support.office import PIN, TestOffice, make_office

DESK = frozenset({Role.RECEPTIONIST, Role.SPECIALIST})


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path)


@pytest.fixture
def chief(office: TestOffice) -> Actor:
    return office.actor("Quý", Role.UNIT_ADMINISTRATOR)


def province_says(
    office: TestOffice, kind: str, key: str, *, by: SigningKey | None = None, **facts: Any
) -> None:
    signer = by or office.province.registry
    office.province.log.add(kind, {"key": key, "unit": office.office.unit, **facts}, signer=signer)
    office.take_news()


def revoked(office: TestOffice, key: str, cause: Cause = Cause.LOST, **more: Any) -> None:
    province_says(office, "key.revoked", key, reason=cause.value, **Cut.of(0).facts(), **more)


def refused_login(office: TestOffice, officer: str, pin: str = PIN) -> str:
    with pytest.raises(LoginRefused) as refused:
        log_in(office.db, office.services, officer=officer, pin=pin, address="10.0.0.5")
    return refused.value.reason.code


def refused_write(office: TestOffice) -> str:
    with pytest.raises(WriteRefused) as refused:
        office.receive()
    return refused.value.reason.code


def test_a_revoked_officer_signs_nothing_more(office: TestOffice) -> None:
    office.receive()
    token = log_in(office.db, office.services, officer=office.lan.officer, pin=PIN, address="10.0.0.5")
    revoked(office, office.lan.key)
    assert current_actor(office.db, office.services, token) is None
    assert refused_write(office) == "NODE_KEY_REVOKED"
    assert refused_login(office, office.lan.officer) == "NODE_KEY_REVOKED"
    officer = find_officer(office.db, office.services, office.lan.officer)
    assert officer is not None
    assert officer.standing is Standing.REVOKED


def test_a_suspended_officer_waits_until_reinstated(office: TestOffice) -> None:
    revoked(office, office.lan.key, Cause.SUSPENDED)
    assert refused_write(office) == refused_login(office, office.lan.officer) == "NODE_KEY_SUSPENDED"
    province_says(office, "key.reinstated", office.lan.key)
    office.receive()


def test_on_a_revoked_pc_nobody_signs_but_it_can_still_be_healed(office: TestOffice) -> None:
    revoked(office, office.office.device)
    assert refused_write(office) == refused_login(office, office.lan.officer) == "NODE_DEVICE_REVOKED"
    open_log(office.db, office.services, reason=OpeningReason.RESTORE)


@pytest.mark.parametrize("who", ["Lan", "stranger", "hub"])
def test_nobody_else_revokes(office: TestOffice, who: str) -> None:
    signer = {"Lan": office.lan.signer, "hub": office.province.hub}.get(who) or SigningKey.from_seed(
        b"x" * 32
    )
    revoked(office, office.lan.key, by=signer)
    office.receive()


def test_a_unit_administrator_revokes_at_once_while_offline(office: TestOffice, chief: Actor) -> None:
    minh = add_officer(office.db, office.services, chief, name="Minh", title="", roles=DESK, pin="linh-4711")
    before = SqliteLogStore(office.db).frontier([office.office.log])[office.office.log]
    revoke_officer(office.db, office.services, chief, officer=minh, cause=Cause.LOST, ground="Nghỉ việc")
    assert refused_login(office, minh, "linh-4711") == "NODE_KEY_REVOKED"
    record = SqliteLogStore(office.db).records_of_kinds("key.revoked")[-1]
    cut = Cut.from_facts(record.header.facts)
    assert cut.frontier[office.office.log].length == before.length
    assert cut.frontier[office.office.log].head == before.head
    assert record.content == {"ground": "Nghỉ việc"}
    with pytest.raises(WriteRefused):
        revoke_officer(office.db, office.services, chief, officer=minh, cause=Cause.LOST, ground="")


def test_a_cut_made_offline_names_the_newest_checkpoint_this_pc_has_checked(
    office: TestOffice, chief: Actor
) -> None:
    log = SigningKey.from_seed(b"log".ljust(32, b"."))
    note = sign_checkpoint(Checkpoint("motcua/48/log", 4711, b"r" * 32), log)
    sizes = []
    for name in ("Minh", "Hùng"):
        officer = add_officer(
            office.db, office.services, chief, name=name, title="", roles=DESK, pin="linh-4711"
        )
        revoke_officer(office.db, office.services, chief, officer=officer, cause=Cause.LOST, ground="Nghỉ")
        record = SqliteLogStore(office.db).records_of_kinds("key.revoked")[-1]
        sizes.append(Cut.from_facts(record.header.facts).size)
        write_seen(office.services.config.keys, note.encode())
    assert sizes == [0, 4711]


def test_only_the_administrator_revokes_and_never_themselves(office: TestOffice, chief: Actor) -> None:
    for who, officer in ((office.lan, chief.officer), (chief, chief.officer), (chief, hex32("nobody"))):
        with pytest.raises(WriteRefused):
            revoke_officer(office.db, office.services, who, officer=officer, cause=Cause.LOST, ground="")


def test_a_new_pin_retires_the_key_that_it_replaces(office: TestOffice, chief: Actor) -> None:
    old = office.lan.key
    reset_pin(office.db, office.services, chief, officer=office.lan.officer, pin="moi-4711")
    events = office.services.status.status(office.db).revoked
    assert [event.cause for event in events[old]] == [Cause.RETIRED]
    token = log_in(office.db, office.services, officer=office.lan.officer, pin="moi-4711", address="10.0.0.5")
    actor = current_actor(office.db, office.services, token)
    assert actor is not None
    assert (actor.roles, actor.key != old) == (DESK, True)
