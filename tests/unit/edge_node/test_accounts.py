"""Officers: keys and PINs, log-in and its throttle, idle lock, delegation, a forgotten PIN, the access log."""

import threading
from pathlib import Path

import pytest

from edge_node.accounts.openings import note_opening, openings_of
from edge_node.accounts.service import (
    LoginRefused,
    Standing,
    add_officer,
    change_pin,
    check_pin,
    current_actor,
    find_officer,
    list_officers,
    log_in,
    reset_pin,
    signer_names,
)
from edge_node.accounts.throttle import WAIT_MAX_S
from edge_node.journal import Draft, WriteRefused, write
from edge_node.keyring import Actor
from edge_node.store import SqliteLogStore
from signing.roles import Role
from tests.support.log_builder import hex32
from tests.support.office import PIN, TestOffice, make_office

DESK = frozenset({Role.RECEPTIONIST, Role.SPECIALIST})


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path)


@pytest.fixture
def chief(office: TestOffice) -> Actor:
    return office.actor("Quý", Role.UNIT_ADMINISTRATOR)


def try_login(office: TestOffice, officer: str, pin: str, address: str = "10.0.0.5") -> str:
    return log_in(office.db, office.services, officer=officer, pin=pin, address=address)


def test_logging_in_unlocks_the_key(office: TestOffice) -> None:
    token = try_login(office, office.lan.officer, PIN)
    actor = current_actor(office.db, office.services, token)
    assert actor is not None
    assert (actor.officer, actor.key, actor.name, actor.roles) == (
        office.lan.officer, office.lan.key, "Lan", DESK
    )  # fmt: skip
    assert current_actor(office.db, office.services, None) is None
    assert current_actor(office.db, office.services, "0" * 32) is None
    office.services.keyring.lock(token)
    assert current_actor(office.db, office.services, token) is None


def test_an_idle_key_is_locked_and_a_background_look_keeps_nothing_open(office: TestOffice) -> None:
    token = try_login(office, office.lan.officer, PIN)
    minutes = office.services.config.idle_lock_minutes
    office.clock.advance((minutes - 1) * 60_000)
    assert current_actor(office.db, office.services, token, is_activity=False) is not None
    office.clock.advance(60_001)
    assert current_actor(office.db, office.services, token, is_activity=False) is None
    token = try_login(office, office.lan.officer, PIN)
    office.clock.advance(-3_600_000)
    assert current_actor(office.db, office.services, token) is None


def test_a_wrong_pin_is_slowed_down_per_officer_and_survives_a_restart(office: TestOffice) -> None:
    for _ in range(4):
        with pytest.raises(LoginRefused) as refused:
            try_login(office, office.lan.officer, "000111")
        assert (refused.value.reason.code, refused.value.wait_s) == ("NODE_LOGIN_FAILED", 0)
    with pytest.raises(LoginRefused) as refused:
        try_login(office, office.lan.officer, "000111")
    assert (refused.value.reason.code, refused.value.wait_s) == ("NODE_LOGIN_WAIT", 30)
    with pytest.raises(LoginRefused) as refused:
        try_login(office, office.lan.officer, PIN, address="10.0.0.9")
    assert refused.value.wait_s == 30
    office.clock.advance(30_000)
    assert try_login(office, office.lan.officer, PIN)
    with pytest.raises(LoginRefused) as refused:
        try_login(office, office.lan.officer, "000111")
    assert refused.value.wait_s == 0


def test_an_address_that_tries_every_officer_is_slowed_down(office: TestOffice) -> None:
    for number in range(20):
        office.services.keyring.files.keep_officer(hex32(f"o{number}"), office.lan.signer, pin=PIN)
        with pytest.raises(LoginRefused) as refused:
            try_login(office, hex32(f"o{number}"), "000111")
    assert refused.value.reason.code == "NODE_LOGIN_WAIT"
    with pytest.raises(LoginRefused, match="NODE_LOGIN_WAIT"):
        try_login(office, office.lan.officer, PIN)
    assert try_login(office, office.lan.officer, PIN, address="10.0.0.6")


def test_a_clock_set_back_cannot_lock_an_officer_out_for_ever(office: TestOffice) -> None:
    for _ in range(12):
        with pytest.raises(LoginRefused):
            try_login(office, office.lan.officer, "000111")
        office.clock.advance(WAIT_MAX_S * 1000)
    with pytest.raises(LoginRefused):
        try_login(office, office.lan.officer, "000111")
    office.clock.advance(-10 * 86_400_000)
    with pytest.raises(LoginRefused) as refused:
        try_login(office, office.lan.officer, PIN)
    assert refused.value.wait_s == WAIT_MAX_S


def test_an_officer_without_a_key_here_is_told_so(office: TestOffice) -> None:
    with pytest.raises(LoginRefused, match="NODE_OFFICER_UNKNOWN"):
        try_login(office, "0" * 32, PIN)


def test_the_administrator_adds_a_receptionist_at_once(office: TestOffice, chief: Actor) -> None:
    officer = add_officer(
        office.db, office.services, chief, name="Trần Văn Bình", title="Công chức", roles=DESK, pin="975310"
    )
    found = find_officer(office.db, office.services, officer)
    assert found is not None
    assert (found.standing, found.roles, found.requested, found.is_here) == (
        Standing.DELEGATED, DESK, frozenset(), True
    )  # fmt: skip
    actor = current_actor(office.db, office.services, try_login(office, officer, "975310"))
    assert actor is not None and actor.roles == DESK
    dossier = office.receive()
    note = Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": "của Bình"})
    write(office.db, office.services, actor, [note])
    assert signer_names(office.db)[actor.key] == ("Trần Văn Bình", "Công chức")


def test_higher_roles_wait_for_the_province(office: TestOffice, chief: Actor) -> None:
    roles = frozenset({Role.RECEPTIONIST, Role.LEADER})
    officer = add_officer(office.db, office.services, chief, name="Hùng", title="", roles=roles, pin="975310")
    found = find_officer(office.db, office.services, officer)
    assert found is not None
    assert (found.roles, found.requested) == (frozenset({Role.RECEPTIONIST}), frozenset({Role.LEADER}))
    only = add_officer(
        office.db, office.services, chief, name="Sơn", title="", roles=frozenset({Role.CLERK}), pin="975310"
    )
    found = find_officer(office.db, office.services, only)
    assert found is not None and (found.standing, found.roles) == (Standing.REQUESTED, frozenset())
    actor = current_actor(office.db, office.services, try_login(office, only, "975310"))
    assert actor is not None and actor.roles == frozenset()
    kinds = [r.header.kind for r in SqliteLogStore(office.db).records_of_kinds("key.stated", "key.requested")]
    assert kinds[-3:] == ["key.stated", "key.requested", "key.requested"]


def test_nobody_else_adds_officers(office: TestOffice) -> None:
    with pytest.raises(WriteRefused):
        add_officer(office.db, office.services, office.lan, name="X", title="", roles=DESK, pin="975310")


def test_a_forgotten_pin_means_a_new_key_for_the_same_officer(office: TestOffice, chief: Actor) -> None:
    officer = add_officer(office.db, office.services, chief, name="Bình", title="", roles=DESK, pin="975310")
    token = try_login(office, officer, "975310")
    old = current_actor(office.db, office.services, token)
    reset_pin(office.db, office.services, chief, officer=officer, pin="864209")
    assert current_actor(office.db, office.services, token) is None
    with pytest.raises(LoginRefused):
        try_login(office, officer, "975310")
    new = current_actor(office.db, office.services, try_login(office, officer, "864209"))
    assert old is not None and new is not None
    assert (new.officer, new.roles) == (old.officer, old.roles)
    assert new.key != old.key
    assert [o.officer for o in list_officers(office.db, office.services)].count(officer) == 1
    assert signer_names(office.db)[old.key][0] == "Bình"


def test_the_officers_own_change_keeps_the_key(office: TestOffice) -> None:
    before = office.lan.key
    change_pin(
        office.db, office.services, officer=office.lan.officer, old=PIN, new="864209", address="10.0.0.5"
    )
    actor = current_actor(office.db, office.services, try_login(office, office.lan.officer, "864209"))
    assert actor is not None and actor.key == before
    with pytest.raises(LoginRefused):
        try_login(office, office.lan.officer, PIN)


@pytest.mark.parametrize("pin", ["", "12345", "111111", "121212", "123456", "987654", "abcdef", "aaaaab"])
def test_pins_that_everybody_tries_first_are_refused(pin: str) -> None:
    with pytest.raises(WriteRefused, match="NODE_PIN_WEAK"):
        check_pin(pin)


@pytest.mark.parametrize("pin", ["246810", "193745", "mèo con ngủ"])
def test_other_pins_are_taken(pin: str) -> None:
    check_pin(pin)


def test_one_unlock_at_a_time(office: TestOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0
    counting = threading.Lock()
    files = office.services.keyring.files
    unlock = type(files).unlock_officer

    def watched(self: object, officer: str, *, pin: str) -> object:
        nonlocal running, most
        with counting:
            running += 1
            most = max(most, running)
        found = unlock(files, officer, pin=pin)
        with counting:
            running -= 1
        return found

    monkeypatch.setattr(type(files), "unlock_officer", watched)
    keyring = office.services.keyring
    threads = [threading.Thread(target=lambda: keyring.unlock(office.lan.officer, pin=PIN)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_key_files_hold_no_key_in_the_clear_and_the_database_none_at_all(
    office: TestOffice, tmp_path: Path
) -> None:
    seeds = [office.lan.signer.seed, office.services.keyring.device.seed]
    office.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for seed in seeds:
                assert seed not in content and seed.hex().encode() not in content


def test_each_look_at_a_dossier_is_noted(office: TestOffice) -> None:
    dossier = office.receive()
    note_opening(office.db, office.lan, dossier, purpose="page", now=office.clock())
    office.clock.advance(1000)
    note_opening(office.db, office.lan, dossier, purpose="id_number", now=office.clock())
    assert [(o.officer, o.purpose) for o in openings_of(office.db, dossier)] == [
        (office.lan.officer, "id_number"),
        (office.lan.officer, "page"),
    ]
