"""The store: guards on every unique key, settings of every connection, transactions, the reserve."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from edge_node.migrations import prepare
from edge_node.store import SqliteLogStore, StorageFull, open_database, write_transaction
from edge_node.store.migrations import GUARDS, ensure_guards, missing_guards
from edge_node.store.space import MIB, Space
from tests.support.log_builder import LogBuilder, hex32


@pytest.fixture
def db(tmp_path: Path) -> Database:
    opened = open_database(tmp_path / "node.db")
    prepare(opened)
    log = LogBuilder()
    log.note("một", hex32("d"))
    SqliteLogStore(opened).append(log.run(sealed=True))
    return opened


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET signature = zeroblob(64)",
        "DELETE FROM record",
        "INSERT OR REPLACE INTO record SELECT * FROM record WHERE number = 1",
        "INSERT OR REPLACE INTO record SELECT 99, log, seq, randomblob(32), link, kind, dossier, header, signature FROM record WHERE number = 2",
        "INSERT OR REPLACE INTO record SELECT 99, log, 77, id, link, kind, dossier, header, signature FROM record WHERE number = 2",
        "REPLACE INTO record SELECT 2, log, 77, randomblob(32), link, kind, dossier, header, signature FROM record WHERE number = 1",
        "INSERT INTO record SELECT * FROM record WHERE true ON CONFLICT (id) DO UPDATE SET link = zeroblob(32)",
        "DELETE FROM body",
        "UPDATE body SET content = x'7b7d'",
        "INSERT OR REPLACE INTO body SELECT record, 'lost', NULL, NULL FROM body",
        "DELETE FROM seal",
        "UPDATE seal SET head = zeroblob(32)",
        "INSERT OR REPLACE INTO seal SELECT log, length, zeroblob(32), signature FROM seal",
        "DELETE FROM log",
        "UPDATE log SET id = 'x'",
        "UPDATE log SET origin = 'x'",
        "UPDATE record SET log = 99",
        "UPDATE seal SET log = 99",
        "INSERT OR REPLACE INTO log SELECT number, id, '00', NULL, NULL FROM log",
        "INSERT OR REPLACE INTO log SELECT 55, id, '00', NULL, NULL FROM log",
    ],
)
def test_the_truth_is_append_only(db: Database, statement: str) -> None:
    before = list(db.conn.iterdump())
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.conn.execute(statement)
    db.rollback()
    assert list(db.conn.iterdump()) == before


@pytest.mark.parametrize("held", ["x''", "zeroblob(32)"])
def test_a_link_follows_from_its_record_whatever_the_column_holds(tmp_path: Path, held: str) -> None:
    """Older programs kept it beside each record: their rows and today's stand in one table."""
    db = open_database(tmp_path / "node.db")
    prepare(db)
    log = LogBuilder()
    log.note("một", hex32("d"))
    store = SqliteLogStore(db)
    store.append(log.run(0, 1))
    db.execute("DROP TRIGGER record_no_update")
    db.execute(f"UPDATE record SET link = {held}")
    ensure_guards(db)
    store.append(log.run(1, 2))
    entry = store.frontier([log.id])[log.id]
    assert (entry.length, entry.head) == (2, log.records[1].link)
    assert [store.link_at(log.id, length) for length in (1, 2)] == [r.link for r in log.records]
    assert [record.link for record in store.span(log.id, 0)] == [r.link for r in log.records]
    assert db.execute("SELECT length(link) FROM record WHERE seq = 1").fetchone() == (8,)


def test_a_body_may_be_erased_by_an_order_alone_and_never_comes_back(db: Database) -> None:
    erase = "UPDATE body SET state = 'erased', salt = NULL, content = NULL"
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.conn.execute(erase)
    order = "INSERT INTO erasure SELECT randomblob(32), '20242', dossier, x'' FROM record WHERE dossier IS NOT NULL"
    db.execute(order)
    db.execute(erase)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.conn.execute("UPDATE body SET state = 'present', salt = zeroblob(16), content = x'7b7d'")


def test_a_lost_guard_is_noticed_and_put_back(db: Database) -> None:
    db.execute("DROP TRIGGER record_no_delete")
    db.execute("DROP TRIGGER body_no_update")
    db.execute("CREATE TRIGGER body_no_update BEFORE UPDATE ON body BEGIN SELECT 1; END")
    assert sorted(missing_guards(db)) == ["body_no_update", "record_no_delete"]
    assert sorted(ensure_guards(db)) == ["body_no_update", "record_no_delete"]
    assert missing_guards(db) == []


def test_every_table_of_the_truth_is_guarded_three_ways() -> None:
    assert {name.rpartition("_no_")[0] for name in GUARDS} == {
        "log", "record", "body", "erasure", "seal", "foreign_record",
    }  # fmt: skip
    assert len(GUARDS) == 18


def test_every_connection_has_the_settings(tmp_path: Path) -> None:
    db = open_database(tmp_path / "x.db")
    found = {
        name: db.conn.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "recursive_triggers", "foreign_keys", "busy_timeout")
    }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "recursive_triggers": 1,
        "foreign_keys": 1,
        "busy_timeout": 15_000,
    }


def test_tables_are_strict(db: Database) -> None:
    rows = db.conn.execute(
        "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite%' "
        "AND name NOT LIKE '_sqlite%'"
    ).fetchall()
    assert len(rows) > 10
    assert [name for name, strict in rows if not strict] == []


def test_a_second_writer_waits_instead_of_failing(tmp_path: Path) -> None:
    one, other = open_database(tmp_path / "x.db"), open_database(tmp_path / "x.db")
    one.execute("CREATE TABLE t (n INTEGER) STRICT")
    other.conn.execute("PRAGMA busy_timeout = 10")
    with write_transaction(one):
        one.conn.execute("SELECT * FROM t")
        with pytest.raises(sqlite3.OperationalError, match="locked"), write_transaction(other):
            pass
        one.conn.execute("INSERT INTO t VALUES (1)")
    with write_transaction(other):
        assert other.conn.execute("SELECT count(*) FROM t").fetchone()[0] == 1


def test_a_stray_statement_leaves_no_transaction_open(tmp_path: Path) -> None:
    db, other = open_database(tmp_path / "x.db"), open_database(tmp_path / "x.db")
    db.execute("CREATE TABLE t (n INTEGER) STRICT")
    db.conn.execute("INSERT INTO t VALUES (1)")
    assert not db.conn.in_transaction
    with write_transaction(db):
        db.conn.execute("INSERT INTO t VALUES (2)")
    assert other.conn.execute("SELECT count(*) FROM t").fetchone()[0] == 2


def test_an_inner_block_that_fails_takes_back_only_itself(tmp_path: Path) -> None:
    db = open_database(tmp_path / "x.db")
    db.execute("CREATE TABLE t (n INTEGER) STRICT")
    with write_transaction(db):
        db.conn.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(LookupError), write_transaction(db):
            db.conn.execute("INSERT INTO t VALUES (2)")
            raise LookupError
    assert db.conn.execute("SELECT n FROM t").fetchall() == [(1,)]


def test_a_full_disk_has_a_name_and_leaves_nothing(tmp_path: Path) -> None:
    db = open_database(tmp_path / "x.db")
    db.execute("CREATE TABLE t (b BLOB) STRICT")
    pages = db.conn.execute("PRAGMA page_count").fetchone()[0]
    db.conn.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StorageFull), write_transaction(db):
        db.conn.execute("INSERT INTO t VALUES (zeroblob(1000))")
        db.conn.execute("INSERT INTO t VALUES (zeroblob(1000000))")
    assert not db.conn.in_transaction
    assert db.conn.execute("SELECT count(*) FROM t").fetchone()[0] == 0


def test_the_reserve_decides_and_comes_back_with_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = Space(tmp_path / "reserve.bin", size_bytes=2 * MIB)
    assert space.is_writable and (tmp_path / "reserve.bin").stat().st_size == 2 * MIB
    space.release()
    monkeypatch.setattr(Space, "free_bytes", 3 * MIB)
    assert not space.is_writable
    with pytest.raises(StorageFull):
        space.check()
    monkeypatch.setattr(Space, "free_bytes", 4 * MIB)
    assert space.is_writable
    space.check()
