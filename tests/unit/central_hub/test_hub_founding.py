"""Founding a hub, its accounts, what it publishes, and putting a back-up back."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from central_hub.accounts.service import (
    Account,
    AccountInvalid,
    find_account,
    log_in,
    make_account,
    set_active,
    set_password,
)
from central_hub.backup.restoring import restore_backup
from central_hub.backup.service import BackupInvalid, list_backups, prune_backups, take_backup
from central_hub.config import ConfigInvalid, HubConfig
from central_hub.doctor import Health, examine
from central_hub.founding import AlreadyFounded, RootCeremony, found_hub
from central_hub.keys import load_keys, load_root
from central_hub.locks import Locked, held_lock
from central_hub.publishing.published import list_publications, published_content
from central_hub.publishing.service import PublicationRefused, publish_calendar, publish_catalogue
from central_hub.reasons import LOGIN_WRONG
from central_hub.registry.enrolment import EnrolmentInvalid, issue_code
from central_hub.services import Services, open_services
from central_hub.settings import EPOCH, get_setting, hub_epoch
from central_hub.store.engine import reading, writing
from central_hub.store.schema import GuardMissing, check_guards, is_current, upgrade
from central_hub.store.tables import EVENT, METADATA
from central_hub.tls import authority_pem, ensure_server_certificate
from signing.errors import KeyLocked
from signing.keys import LockCost
from sync_protocol import reasons
from tests.support.hub import PASSWORD, ProvinceHub, found_province, populate


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


def test_keys_lie_beside_the_database_and_only_their_owner_reads_them(
    hub: ProvinceHub, tmp_path: Path
) -> None:
    folder = hub.services.config.keys
    for path in (*folder.iterdir(), tmp_path / "root" / "root-1.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    keys = load_keys(folder)
    database = (hub.services.config.data / "hub.db").read_bytes()
    for seed in (keys.hub.seed, keys.registry.seed, keys.box.seed, keys.secret):
        assert seed not in database and seed.hex().encode() not in database
        assert seed.hex() not in repr(keys)


def test_roots_are_locked_by_their_passphrase_and_the_threshold_is_kept(tmp_path: Path) -> None:
    ceremony = RootCeremony(folder=tmp_path / "root", count=3, threshold=2, passphrase="ba người giữ khóa")
    founded = found_hub(
        HubConfig(data=tmp_path / "hub"), ceremony, password=PASSWORD, lock_cost=LockCost.TEST
    )
    bundle = founded.services.keys.bundle
    assert (len(bundle.roots), bundle.threshold) == (3, 2)
    opened = load_root(founded.root_files[1], passphrase="ba người giữ khóa")
    assert opened.public == bundle.roots[1]
    with pytest.raises(KeyLocked):
        load_root(founded.root_files[1], passphrase="")


def test_a_hub_is_founded_once(hub: ProvinceHub, tmp_path: Path) -> None:
    ceremony = RootCeremony(folder=tmp_path / "root")
    with pytest.raises(AlreadyFounded):
        found_hub(hub.services.config, ceremony, lock_cost=LockCost.TEST)


def test_an_interrupted_init_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, ceremony = HubConfig(data=tmp_path / "hub"), RootCeremony(folder=tmp_path / "root")
    with monkeypatch.context() as patch:
        patch.setattr("central_hub.founding.publish_defaults", _power_cut)
        with pytest.raises(InterruptedError):
            found_hub(config, ceremony, password=PASSWORD, lock_cost=LockCost.TEST)
    with reading(open_services(config).engine) as connection:
        assert get_setting(connection, EPOCH) is None
    founded = found_hub(config, ceremony, password=PASSWORD, lock_cost=LockCost.TEST)
    with reading(founded.services.engine) as connection:
        assert len(hub_epoch(connection)) == 32
        assert len(list_publications(connection)) == 2


def _power_cut(*_: object) -> None:
    raise InterruptedError


def test_every_table_is_what_the_steps_make(hub: ProvinceHub) -> None:
    assert is_current(hub.services.engine)
    with reading(hub.services.engine) as connection:
        rows = connection.execute(text("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')"))
        present = {row[0] for row in rows}
        named = {table.name for table in METADATA.tables.values()}
        named |= {str(index.name) for table in METADATA.tables.values() for index in table.indexes}
        assert named <= present
        for table in METADATA.tables.values():
            columns = connection.exec_driver_sql(f"SELECT name FROM pragma_table_info('{table.name}')")
            assert [row[0] for row in columns] == [column.name for column in table.columns]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE run SET frame = x'00'",
        "DELETE FROM run",
        "INSERT OR REPLACE INTO run SELECT no, log_no, first, stop, head, arrived_ms, x'00' FROM run",
        "UPDATE seal SET signature = x'00'",
        "DELETE FROM seal",
        "DELETE FROM log",
        "UPDATE log SET acknowledged = 0",
        "UPDATE log SET commune = '99999'",
    ],
)
def test_the_logs_are_append_only_in_the_database_itself(hub: ProvinceHub, statement: str) -> None:
    with pytest.raises(IntegrityError), writing(hub.services.engine) as connection:
        connection.exec_driver_sql(statement)


def test_a_missing_guard_is_found_and_put_back(hub: ProvinceHub) -> None:
    with writing(hub.services.engine) as connection:
        connection.exec_driver_sql("DROP TRIGGER run_no_update")
    with reading(hub.services.engine) as connection, pytest.raises(GuardMissing, match="run_no_update"):
        check_guards(connection)
    upgrade(hub.services.engine)
    with reading(hub.services.engine) as connection:
        check_guards(connection)


def test_the_right_password_opens_and_a_wrong_one_does_not(hub: ProvinceHub) -> None:
    services = hub.services
    account = log_in(services, login=" Quantri ", password=PASSWORD, address="10.0.0.1")
    assert isinstance(account, Account) and account.login == "quantri"
    assert log_in(services, login="quantri", password="x" * 12, address="10.0.0.1") is LOGIN_WRONG
    assert log_in(services, login="nobody", password=PASSWORD, address="10.0.0.1") is LOGIN_WRONG


def test_guessing_a_password_is_throttled_even_for_the_right_one(hub: ProvinceHub) -> None:
    services = hub.services
    for _ in range(8):
        assert log_in(services, login="thongke", password="sai mat khau", address="10.0.0.9") is LOGIN_WRONG
    assert log_in(services, login="thongke", password=PASSWORD, address="10.0.0.7") is reasons.THROTTLED
    assert isinstance(log_in(services, login="kiemtra", password=PASSWORD, address="10.0.0.7"), Account)
    hub.clock.now += 31 * 60 * 1000
    assert isinstance(log_in(services, login="thongke", password=PASSWORD, address="10.0.0.7"), Account)


def test_an_account_that_was_switched_off_or_got_another_password_is_another_generation(
    hub: ProvinceHub,
) -> None:
    services = hub.services
    with writing(services.engine) as connection:
        before = find_account(connection, "kiemtra")
        set_password(connection, services, "kiemtra", "mot mat khau khac")
        set_active(connection, services, "khoa", active=False)
        after = find_account(connection, "kiemtra")
    assert before and after and after.generation == before.generation + 1
    assert log_in(services, login="khoa", password=PASSWORD, address="1") is LOGIN_WRONG


@pytest.mark.parametrize(
    ("login", "roles", "password"),
    [
        ("quantri", ["administrator"], PASSWORD),
        ("", ["administrator"], PASSWORD),
        ("moi", ["receptionist"], PASSWORD),
        ("moi", [], PASSWORD),
        ("moi", ["auditor"], "ngan"),
    ],
)
def test_accounts_that_make_no_sense_are_refused(
    hub: ProvinceHub, login: str, roles: list[str], password: str
) -> None:
    with pytest.raises(AccountInvalid), writing(hub.services.engine) as connection:
        make_account(connection, hub.services, login=login, name="", roles=roles, password=password)


def test_a_published_version_is_never_published_otherwise(hub: ProvinceHub) -> None:
    services = hub.services
    with reading(services.engine) as connection:
        catalogue = published_content(connection, "catalogue")
        calendar = published_content(connection, "calendar")
    assert catalogue and calendar
    changed = {**catalogue, "version": 2, "effective": 20270101}
    changed["procedures"] = [{**changed["procedures"][0], "sets": 7}, *changed["procedures"][1:]]
    for content, publish in (
        ({**catalogue, "version": 1, "effective": 20250701}, publish_catalogue),
        (changed, publish_catalogue),
        ({"version": 5}, publish_catalogue),
        (calendar, publish_calendar),
        ({**calendar, "version": 2, "hours": {}}, publish_calendar),
    ):
        with pytest.raises(PublicationRefused), writing(services.engine) as connection:
            publish(connection, services, content, actor="quantri")
    with writing(services.engine) as connection:
        publish_calendar(connection, services, {**calendar, "version": 2}, actor="quantri")
        assert [p.version for p in list_publications(connection) if p.kind == "calendar"] == [2, 1]


@pytest.mark.parametrize(
    ("unit", "roles"), [("48", ["leader"]), ("99999", ["leader"]), ("20242", ["administrator"])]
)
def test_codes_are_for_communes_and_office_roles(hub: ProvinceHub, unit: str, roles: list[str]) -> None:
    with pytest.raises(EnrolmentInvalid), writing(hub.services.engine) as connection:
        issue_code(connection, hub.services, unit=unit, device_name="PC", roles=roles)


def test_a_backup_restores_into_a_new_epoch_without_any_key(hub: ProvinceHub) -> None:
    populate(hub, communes=1, a_day=0.5)
    services = hub.services
    taken = take_backup(services)
    assert services.keys.hub.seed not in taken.path.read_bytes()
    with reading(services.engine) as connection:
        epoch = hub_epoch(connection)
    with writing(services.engine) as connection:
        connection.execute(EVENT.insert().values(no=10_000, at_ms=1, actor="", action="after", subject=""))
    kept = restore_backup(services, taken.path)
    assert kept is not None and kept.exists()
    again = open_services(services.config)
    with reading(again.engine) as connection:
        assert hub_epoch(connection) != epoch
        assert 10_000 not in connection.scalars(select(EVENT.c.no)).all()
        check_guards(connection)
    findings = {finding.check: finding.health for finding in examine(_on(again, hub), is_deep=True)}
    assert findings["chains"] is Health.OK and findings["figures"] is Health.OK


def _on(services: Services, hub: ProvinceHub) -> Services:
    return replace(services, clock=hub.clock)


def test_damaged_backups_and_those_of_another_hub_are_refused(hub: ProvinceHub, tmp_path: Path) -> None:
    taken = take_backup(hub.services)
    damaged = tmp_path / "damaged.db"
    content = bytearray(taken.path.read_bytes())
    content[4096 * 3 : 4096 * 6] = bytes(4096 * 3)
    damaged.write_bytes(content)
    other = found_province(tmp_path / "other", anew=True)
    strange = take_backup(other.services).path
    before = (hub.services.config.data / "hub.db").stat().st_ino
    for source in (damaged, strange, tmp_path / "nowhere.db"):
        with pytest.raises(BackupInvalid):
            restore_backup(hub.services, source)
    assert (hub.services.config.data / "hub.db").stat().st_ino == before


def test_old_backups_are_let_go(hub: ProvinceHub) -> None:
    services = replace(hub.services, config=replace(hub.services.config, backup_daily_keep=2))
    for _ in range(4):
        take_backup(services)
        hub.clock.now += 24 * 60 * 60 * 1000
    prune_backups(services.config)
    names = [backup.path.name for backup in list_backups(services.config)]
    assert names == ["hub-20261123-140500.db", "hub-20261122-140500.db"]


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with held_lock(tmp_path / "lock"), pytest.raises(Locked), held_lock(tmp_path / "lock"):
        pass
    with held_lock(tmp_path / "lock"):
        pass


def test_the_certificate_names_the_hub_and_is_made_anew_when_a_name_is_added(hub: ProvinceHub) -> None:
    folder, now_ms = hub.services.config.keys, hub.clock.now
    certificate, _ = ensure_server_certificate(folder, hosts=["motcua.danang.gov.vn"], now_ms=now_ms)
    first = certificate.read_bytes()
    ensure_server_certificate(folder, hosts=["motcua.danang.gov.vn"], now_ms=now_ms)
    assert certificate.read_bytes() == first
    ensure_server_certificate(folder, hosts=["motcua.danang.gov.vn", "10.48.0.2"], now_ms=now_ms)
    assert certificate.read_bytes() != first
    assert (authority_pem(folder) or "").startswith("-----BEGIN CERTIFICATE-----")


def test_settings_come_from_file_then_environment_then_command_line(tmp_path: Path) -> None:
    (tmp_path / "motcua-hub.toml").write_text('port = 9000\nlanguage = "en"\n', encoding="utf-8")
    config = HubConfig.load(
        tmp_path, environment={"MOTCUA_HUB_PORT": "9001", "MOTCUA_HUB_TLS": "false"}, host=None
    )
    assert (config.port, config.language, config.tls) == (9001, "en", False)
    assert HubConfig.load(tmp_path, environment={}, port=9002).port == 9002


@pytest.mark.parametrize("line", ["prot = 1", 'port = "x"', "tls = 3", "port = 'a", "language = 4"])
def test_a_setting_that_cannot_be_used_is_an_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "motcua-hub.toml").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ConfigInvalid):
        HubConfig.load(tmp_path, environment={})
