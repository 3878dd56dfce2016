"""The hub over a real PostgreSQL server: what holds over SQLite holds here, by the same tests and by the real command.

The server is one of this module's own (`tests.support.postgres`); where its programs are absent, the tests are skipped.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from central_hub.settings import get_setting, put_setting
from central_hub.store.engine import open_engine, reading, writing
from central_hub.store.schema import GuardMissing, check_guards
from central_hub.store.tables import LOG, RUN, TALLY
from demo.processes import Server, free_port, run
from tests.support.hub import Desk, ProvinceHub, found_province, populate
from tests.support.postgres import PostgresServer, program, serve_postgres
from tests.unit.central_hub.test_hub_erasure import (
    test_the_order_may_come_before_the_record_and_an_old_frame_brings_nothing_back as test_an_erased_record,
)
from tests.unit.central_hub.test_hub_judge import HAI_CHAU, receive
from tests.unit.central_hub.test_hub_judge import (
    test_honest_records_are_applied_without_a_word as test_honest_records,
)
from tests.unit.central_hub.test_hub_judge import (
    test_no_commune_acts_in_another_communes_dossier as test_another_communes_dossier,
)
from tests.unit.central_hub.test_hub_judge import (
    test_rebuilt_tables_are_the_tables_that_grew as test_rebuilt_tables,
)

__all__ = [
    "test_an_erased_record",
    "test_another_communes_dossier",
    "test_honest_records",
    "test_rebuilt_tables",
]

pytestmark = [pytest.mark.process, pytest.mark.slow]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL's initdb and postgres are not installed")
    with serve_postgres(initdb, postgres) as running:
        yield running


@pytest.fixture
def hub(server: PostgresServer, tmp_path: Path) -> Iterator[ProvinceHub]:
    founded = found_province(tmp_path, database=server.new_database())
    yield founded
    founded.services.engine.dispose()


@pytest.fixture
def desk(hub: ProvinceHub) -> Desk:
    return hub.enrol(HAI_CHAU)


def tallies(hub: ProvinceHub) -> list[tuple[object, ...]]:
    with reading(hub.services.engine) as connection:
        return sorted(tuple(row) for row in connection.execute(select(TALLY)))


def test_the_same_dossiers_give_the_same_figures(hub: ProvinceHub, tmp_path: Path) -> None:
    sqlite = found_province(tmp_path / "sqlite")
    for each in (hub, sqlite):
        populate(each, communes=2, a_day=0.5)
        each.judge()
    assert len(tallies(sqlite)) > 20 and tallies(hub) == tallies(sqlite)
    sqlite.services.engine.dispose()


def test_writers_take_turns(hub: ProvinceHub) -> None:
    """What was read stays true until it is written, as it does on SQLite, which lets only one write."""

    def count_on(_: int) -> None:
        with writing(hub.services.engine) as connection:
            before = int(get_setting(connection, "counted") or 0)
            connection.execute(text("SELECT pg_sleep(0.002)"))
            put_setting(connection, "counted", str(before + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_on, range(40)))
    with reading(hub.services.engine) as connection:
        assert get_setting(connection, "counted") == "40"


def test_a_reader_sees_one_moment(hub: ProvinceHub) -> None:
    with reading(hub.services.engine) as connection:
        assert get_setting(connection, "seen") is None
        with writing(hub.services.engine) as other:
            put_setting(other, "seen", "1")
        assert get_setting(connection, "seen") is None
    with reading(hub.services.engine) as connection:
        assert get_setting(connection, "seen") == "1"


def test_the_database_itself_keeps_what_was_acknowledged(hub: ProvinceHub, desk: Desk) -> None:
    receive(desk)
    hub.deliver(desk)
    engine = hub.services.engine
    statements = (
        update(RUN).values(frame=b"\0"),
        delete(RUN),
        update(LOG).values(acknowledged=0),
        delete(LOG),
    )
    for statement in statements:
        with pytest.raises(DBAPIError, match=r"append-only|stay|only grows"), writing(engine) as connection:
            connection.execute(statement)
    with pytest.raises(GuardMissing, match="run_no_delete"), writing(engine) as connection:
        connection.execute(text("DROP TRIGGER run_no_delete ON run"))
        check_guards(connection)


def test_the_real_commands(server: PostgresServer, tmp_path: Path) -> None:
    """Founded, served and examined with nothing but the address of the database."""
    url, data = server.new_database(), tmp_path / "hub"
    environment = {"MOTCUA_HUB_DATABASE": url}
    port = free_port()
    at = ("--data", str(data))
    run(
        "central_hub", "init", *at, "--root-passphrase", "mật khẩu gốc", "--password", "mat khau thu nghiem",
        environment=environment,
    )  # fmt: skip
    web = Server(
        "central_hub",
        ["serve", "--http", "--port", str(port), *at],
        url=f"http://127.0.0.1:{port}",
        log=tmp_path / "hub.log",
        environment=environment,
    )
    try:
        web.start()
        health = requests.get(f"{web.url}/health", timeout=30)
        page = requests.get(f"{web.url}/login", timeout=30)
    finally:
        web.stop()
    assert health.ok and page.ok, web.tail()
    found = run("central_hub", "doctor", *at, expect=(0, 1, 2), environment=environment)
    assert "PostgreSQL" in found
    assert not (data / "hub.db").exists()
    engine = open_engine(url)
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(RUN))
    engine.dispose()
