"""What the hub answers when it cannot write: a full disk is called one, a busy database busy, and both may be tried again."""

import errno
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from central_hub.store.engine import is_full, open_engine, sqlite_url, writing
from sync_protocol import reasons
from tests.support.hub import ProvinceHub, shared_province


@pytest.fixture(scope="module")
def hub() -> ProvinceHub:
    return shared_province()


def of_a_full_database(folder: Path) -> Exception:
    """SQLite's own error, of a database that may not grow any more."""
    engine = open_engine(sqlite_url(folder / "full.db"))
    with pytest.raises(OperationalError) as caught, writing(engine) as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 3")
        connection.exec_driver_sql("CREATE TABLE t (b BLOB)")
        connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(100000))")
    engine.dispose()
    return caught.value


def of_a_locked_database(folder: Path) -> Exception:
    one, other = (sqlite3.connect(folder / "locked.db", isolation_level=None, timeout=0) for _ in range(2))
    with closing(one), closing(other):
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            other.execute("BEGIN IMMEDIATE")
    return OperationalError("BEGIN IMMEDIATE", None, caught.value)


def of_postgresql(_: Path) -> Exception:
    class DiskFull(Exception):
        sqlstate = "53100"

    return OperationalError("INSERT", None, DiskFull("could not extend file: No space left on device"))


FAULTS: list[tuple[Callable[[Path], Exception], str, int]] = [
    (of_a_full_database, "HUB_DISK_FULL", 507),
    (of_postgresql, "HUB_DISK_FULL", 507),
    (lambda _: OSError(errno.ENOSPC, "No space left on device"), "HUB_DISK_FULL", 507),
    (of_a_locked_database, "HUB_BUSY", 503),
    (lambda _: OperationalError("SELECT", None, Exception("connection lost")), "HUB_BUSY", 503),
    (lambda _: OSError(errno.EACCES, "denied"), "HUB_INTERNAL", 500),
]


@pytest.mark.parametrize(("fault", "code", "status"), FAULTS)
def test_a_full_disk_is_told_from_a_busy_database(
    hub: ProvinceHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[Path], Exception],
    code: str,
    status: int,
) -> None:
    error = fault(tmp_path)
    assert is_full(error) == (code == "HUB_DISK_FULL")

    def fail(*_: object, **__: object) -> bytes:
        raise error

    monkeypatch.setattr("central_hub.sync.routes.answer_round", fail)
    answer = hub.app.test_client().post("/sync/v1/round", data=b"any")
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status != 500)
    if status != 500:
        assert answer.json["title"] == reasons.BY_CODE[code].vi
        assert answer.json["next"] == reasons.BY_CODE[code].next_vi
