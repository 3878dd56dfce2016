"""The simulated disk: what was committed survives a power cut, what was not is gone, and nothing runs after it."""

import sqlite3
from pathlib import Path

import pytest

from edge_node.store import open_database, write_transaction
from tests.simulation.power import Disk, Fuse, PowerCut, connections_through


@pytest.fixture
def fuse() -> Fuse:
    return Fuse()


def opened(path: Path, fuse: Fuse) -> sqlite3.Connection:
    with connections_through(fuse):
        return open_database(path).conn


def test_a_power_cut_keeps_what_was_committed_and_nothing_else(tmp_path: Path, fuse: Fuse) -> None:
    path = tmp_path / "node.db"
    with connections_through(fuse):
        db = open_database(path)
    db.execute("CREATE TABLE word (word TEXT)")
    with write_transaction(db):
        db.execute("INSERT INTO word VALUES ('kept')")
    fuse.set(2)
    with pytest.raises(PowerCut), write_transaction(db):
        db.execute("INSERT INTO word VALUES ('lost')")
        db.execute("INSERT INTO word VALUES ('never')")
    disk = Disk(path)
    lying = disk.lies()
    with pytest.raises(PowerCut):
        db.execute("SELECT 1")
    db.conn.close()
    disk.put_back(lying, drops_unforced=False)
    fuse.replace()
    connection = opened(path, fuse)
    assert connection.execute("SELECT word FROM word").fetchall() == [("kept",)]
    connection.close()


def test_a_fuse_counts_cursors_too(tmp_path: Path, fuse: Fuse) -> None:
    connection = opened(tmp_path / "node.db", fuse)
    cursor = connection.cursor()
    cursor.execute("SELECT 1")
    fuse.set(1)
    cursor.execute("SELECT 2")
    with pytest.raises(PowerCut):
        cursor.executemany("INSERT INTO nowhere VALUES (?)", [(1,)])
    connection.close()


def test_an_unforced_file_may_fall_back(tmp_path: Path) -> None:
    mark = tmp_path / "watermark"
    mark.write_bytes(b"old")
    disk = Disk(tmp_path / "node.db", unforced=mark)
    disk.note_unforced()
    mark.write_bytes(b"new")
    disk.put_back(disk.lies(), drops_unforced=False)
    assert mark.read_bytes() == b"new"
    disk.put_back(disk.lies(), drops_unforced=True)
    assert mark.read_bytes() == b"old"
