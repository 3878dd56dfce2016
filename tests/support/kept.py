"""What must be there after a kill: whatever people were told is done, at the node, at the hub and in what is derived from both."""

import sqlite3
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from central_hub.backup.service import take_backup
from central_hub.config import HubConfig
from central_hub.services import open_services
from central_hub.store.engine import open_engine, reading, sqlite_url
from central_hub.store.opened_runs import OpenedRuns
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DERIVED
from edge_node.backup.service import make_backup
from edge_node.config import load_config
from edge_node.services import build_services
from sync_protocol.record import record_link
from tests.support.running import Ledger, Running

NODE_TABLES: Final = ("dossier", "verdict", "key_holder", "day_counter", "digest_total")
SETTLED_RECORDS_MIN: Final = 4


class RecordsLost(AssertionError):
    """Records that somebody was told about, or that the hub had receipted, are not there any more."""

    def __init__(self, where: str, records: AbstractSet[str] | int) -> None:
        self.records = records if isinstance(records, int) else len(records)
        few = "" if isinstance(records, int) else f": {sorted(records)[:5]}"
        super().__init__(f"{self.records} lost at the {where}{few}")


def check_node(office: Running, ledger: Ledger) -> None:
    """Every record that a client was told about is on the disk, and what is one action is there as a whole."""
    with ledger.lock:
        records, settled, people = set(ledger.records), set(ledger.settled), dict(ledger.people)
    with closing(sqlite3.connect(f"file:{office.node_data / 'node.db'}?mode=ro", uri=True)) as db:
        held = {row[0].hex() for row in db.execute("SELECT id FROM record")}
        counts = {
            row[0].hex(): row[1:]
            for row in db.execute(
                "SELECT r.dossier, count(*), sum(r.kind = 'dossier.received'), sum(r.kind = 'dossier.paid'), "
                "max(d.id_number), max(d.status) FROM record r JOIN dossier d ON d.id = r.dossier GROUP BY r.dossier"
            )
        }
    if records - held:
        raise RecordsLost("node", records - held)
    if missing := set(people.values()) - counts.keys():
        raise RecordsLost("node (dossiers shown as received)", missing)
    for person, dossier in people.items():
        assert counts[dossier][3] == person, f"{dossier} of {person} is lost"
    for dossier in settled:
        assert counts[dossier][0] >= SETTLED_RECORDS_MIN and counts[dossier][4] == 10, dossier
    for dossier, (count, received, paid, person, _) in counts.items():
        assert received == 1, dossier
        if person and person.startswith(("048001", "048002")):
            assert paid == 1, f"half of an action was kept: {dossier}"
        elif person:
            assert count >= SETTLED_RECORDS_MIN, f"half of an action was kept: {dossier}"
    twice = [person for person in (row[3] for row in counts.values()) if person]
    assert len(twice) == len(set(twice)), "a request that was sent again made a second dossier"


def check_hub(office: Running) -> None:
    """The hub still holds, and has judged, whatever its newest receipt at the node says."""
    with closing(sqlite3.connect(f"file:{office.node_data / 'node.db'}?mode=ro", uri=True)) as db:
        receipted = db.execute("SELECT log, held, head, judged FROM receipt_log").fetchall()
    engine = open_engine(sqlite_url(office.hub_data / "hub.db"))
    try:
        with reading(engine) as connection:
            store = HubLogStore(connection, OpenedRuns())
            for log, length, head, judged in receipted:
                held = store.held(log)
                there = 0 if held is None else held.acknowledged
                if held is None or there < length:
                    raise RecordsLost("hub (receipted before)", length - there)
                assert held.judged >= judged, "the hub has judged less than it had receipted as judged"
                assert store.link_at(log, length) == head, "the hub holds other records than it had receipted"
    finally:
        engine.dispose()


def check_same_everywhere(office: Running) -> None:
    """Every log of the office stands at the hub record for record, and both folded to the same digest."""
    with closing(sqlite3.connect(f"file:{office.node_data / 'node.db'}?mode=ro", uri=True)) as db:
        here = {
            log: (length, record_link(record.hex(), signature))
            for log, length, record, signature in db.execute(
                "SELECT l.id, max(r.seq) + 1, r.id, r.signature FROM record r JOIN log l ON l.number = r.log GROUP BY l.id"
            )
        }
        digest = db.execute("SELECT total FROM digest_total").fetchone()[0]
        refused = db.execute("SELECT count(*) FROM verdict WHERE outcome <> 'applied'").fetchone()[0]
    assert refused == 0, f"{refused} records were refused"
    with closing(sqlite3.connect(f"file:{office.hub_data / 'hub.db'}?mode=ro", uri=True)) as db:
        there = {log: (length, head) for log, length, head in db.execute("SELECT id, length, head FROM log")}
        at_hub = db.execute("SELECT digest FROM scope WHERE commune = '20242'").fetchone()[0]
        assert db.execute("SELECT digest_state FROM device").fetchall() == [(1,)], "compared, and equal"
    assert {log: there.get(log) for log in here} == here, "the logs differ"
    assert bytes(at_hub) == bytes(digest), "the digests differ"


def check_doctors(office: Running) -> None:
    """`doctor` of both walks every chain and finds nothing wrong (a backup is there: it looks for one)."""
    hub, node = open_services(HubConfig.load(office.hub_data)), build_services(load_config(office.node_data))
    take_backup(hub)
    make_backup(node)
    hub.engine.dispose()
    with ThreadPoolExecutor(2) as both:
        at_node = both.submit(office.node_command, "doctor")
        at_hub = both.submit(office.hub_command, "doctor", "--deep")
    for findings in (at_node.result()["findings"], at_hub.result()["findings"]):
        assert {finding["health"] for finding in findings} == {"ok"}, findings
    assert "chain" in {finding["check"] for finding in at_node.result()["findings"]}, "no chain was walked"


def check_rebuild(office: Running) -> None:
    """What grew record by record through every kill is what the records alone give."""
    node, hub = office.node_data / "node.db", office.hub_data / "hub.db"
    hub_tables = tuple(table.name for table in DERIVED)
    grown = _derived(node, NODE_TABLES), _derived(hub, hub_tables)
    assert grown[0]["dossier"] and grown[1]["dossier"], "there is nothing to compare"
    with closing(sqlite3.connect(node)) as db:
        db.execute("INSERT INTO dossier_search (dossier_search, rank) VALUES ('integrity-check', 1)")
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda command: command("rebuild"), (office.node_command, office.hub_command)))
    rebuilt = _derived(node, NODE_TABLES), _derived(hub, hub_tables)
    for before, after in zip(grown, rebuilt, strict=True):
        differing = [table for table, rows in before.items() if rows != after[table]]
        assert not differing, f"grown and rebuilt differ: {differing}"


def _derived(path: Path, tables: tuple[str, ...]) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return {table: sorted(map(repr, db.execute(f"SELECT * FROM {table}").fetchall())) for table in tables}
