"""A disk that is really full: a small file system, filled while an officer works. In one process, to look inside; under the
servers themselves: `test_full_disk_of_processes.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_node.backup.service import BackupFailed, make_backup
from edge_node.doctor import Health, examine
from edge_node.journal import Draft, JournalReadOnly, write
from edge_node.projection.service import rebuild, view
from edge_node.store import SqliteLogStore, open_database
from sync_protocol.log import Run, check_chain
from tests.support.office import TestOffice, make_office
from tests.support.small_disk import fill, small_disk

pytestmark = pytest.mark.process
SIZE_MB = 24


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", SIZE_MB) as folder:
        yield folder


def note(office: TestOffice, dossier: str, text: str) -> str:
    draft = Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": text})
    return write(office.db, office.services, office.lan, [draft])[0].id


def test_a_full_disk_loses_nothing_says_so_and_has_a_way_back(disk: Path) -> None:
    office = make_office(disk / "node")
    dossier = office.receive()
    shown_as_done = [note(office, dossier, "trước")]
    photos = fill(disk, all_but_bytes=512 * 1024)
    with pytest.raises(JournalReadOnly) as refused:
        for number in range(5_000):
            shown_as_done.append(note(office, dossier, f"ghi chú {number} " + "dài " * 200))
    assert refused.value.reason.code == "NODE_DISK_FULL"
    assert len(shown_as_done) > 3

    # Read-only: every further write is refused, reading goes on, the reserve left room to do it.
    with pytest.raises(JournalReadOnly):
        note(office, dossier, "nữa")
    found = view(office.db, dossier)
    assert found is not None
    assert {entry.record for entry in found.timeline} >= set(shown_as_done)
    assert Health.FAILED in {f.health for f in examine(office.db, office.services) if f.check == "space"}
    with pytest.raises(BackupFailed):
        make_backup(office.services)

    # The way back: room is made, and the very next write goes through.
    photos.unlink()
    shown_as_done.append(note(office, dossier, "lại ghi được"))
    office.db.conn.close()
    db = open_database(office.services.config.database)
    records = SqliteLogStore(db).span(office.office.log, 0)
    check_chain(Run(log=office.office.log, first=0, records=tuple(records)), None)  # type: ignore[arg-type]
    assert {record.id for record in records} >= set(shown_as_done)
    assert rebuild(db) == 1
    db.conn.close()
