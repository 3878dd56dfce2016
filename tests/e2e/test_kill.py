"""kill -9 of the node and of the hub while people write and a sync runs: nothing that was shown as done is lost.

MOTCUA_KILLS sets the number of kills, MOTCUA_KILL_SEED another course of events.
"""

import logging
import os
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

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
from tests.support.running import Client, Counter, Ledger, Program, Running, Syncer, running_office

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the hub serves on POSIX systems"),
]
_LOG = logging.getLogger(__name__)
KILLS = int(os.environ.get("MOTCUA_KILLS", "100"))
SEED = int(os.environ.get("MOTCUA_KILL_SEED", "20242"))
NODE_TABLES = ("dossier", "verdict", "key_holder", "day_counter", "digest_total")
SETTLED_RECORDS_MIN = 4


class Work:
    """Three writers and one who syncs, over one office."""

    def __init__(self, office: Running) -> None:
        self.office, self.ledger = office, Ledger()
        self.writers: list[Client] = [
            Program(office, self.ledger, 1, SEED),
            Program(office, self.ledger, 2, SEED),
            Counter(office, self.ledger, 3, SEED),
        ]
        self.syncer = Syncer(office, self.ledger, 4, SEED)
        self.clients: list[Client] = [*self.writers, self.syncer]
        for client in self.clients:
            client.is_up.set()
            client.start()

    def end(self) -> None:
        for client in self.clients:
            client.ending.set()
        for client in self.clients:
            client.join(90)
            assert not client.is_alive(), f"{client.name} hangs"

    def pause(self) -> None:
        for client in self.clients:
            client.is_up.clear()

    def resume(self) -> None:
        for client in self.clients:
            client.is_up.set()


def wait_for(what: str, is_so: Any, *, seconds: float = 60.0, every: float = 0.0005) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(every)


def kill_node(work: Work, chance: Random) -> bool:
    """Kill the node some moments after a request began; True where the kill cut a request."""
    office, victim = work.office, chance.choice(work.writers)
    wait_for(f"a request of {victim.name}", lambda: victim.began is not None)
    time.sleep(chance.uniform(0.0, 0.05))
    killed = time.monotonic()
    office.node.kill()
    work.pause()
    wait_for("every request to end", lambda: all(client.began is None for client in work.clients), every=0.01)
    return any(
        flight.was_cut and flight.began < killed <= flight.ended
        for client in work.writers
        for flight in client.flights[-2:]
    )


def kill_hub(work: Work, chance: Random, how: str) -> bool:
    """Kill (a part of) the hub some moments after a round's bytes arrived; True where its answer had not begun."""
    office, line = work.office, work.office.line
    parent, worker, judge = office.hub_processes()
    victims = {
        "power": [parent, worker, judge],
        "server": [parent],
        "worker": [worker],
        "judge": [judge],
    }[how]
    up = line.bytes_up
    wait_for("a round", lambda: line.bytes_up > up)
    down = line.bytes_down
    time.sleep(chance.uniform(0.0, 0.02))
    is_inside = line.bytes_down == down and line.is_asked()
    for process in victims:
        process.kill()
    if how in ("power", "server"):
        office.hub.kill()
        office.orphans += [worker, judge]
    psutil.wait_procs([process for process in victims if process != parent], timeout=10)
    return is_inside


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
    assert records <= held, f"lost: {sorted(records - held)[:5]} of {len(records)}"
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
                assert held is not None and held.acknowledged >= length, "the hub lost what it had receipted"
                assert held.judged >= judged
                assert store.link_at(log, length) == head
    finally:
        engine.dispose()


def await_full(work: Work) -> None:
    """Sync until the node says that everything is at the province and judged: nothing is stuck."""
    deadline = time.monotonic() + 90
    while True:
        office = work.office
        found = work.writers[0].session.get(f"{office.node.url}/api/v1/status", timeout=30).json()  # type: ignore[attr-defined]
        if found["is_full"]:
            return
        assert time.monotonic() < deadline, f"stuck: {found}\n{office.node.tail()}"
        work.syncer.work()
        time.sleep(0.2)


def derived(path: Path, tables: tuple[str, ...]) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return {table: sorted(map(repr, db.execute(f"SELECT * FROM {table}").fetchall())) for table in tables}


def plan(chance: Random) -> list[str]:
    """Nearly half of the kills hit the node; the hub loses everything, its server, a worker or its judge."""
    ways = ("node", "worker", "node", "judge", "node", "power", "node", "worker", "judge", "node", "power", "node",
            "worker", "node", "server", "node", "judge", "node", "worker", "power")  # fmt: skip
    kills = [ways[number % len(ways)] for number in range(KILLS)]
    chance.shuffle(kills)
    return kills


def test_kill_9_at_any_moment_loses_nothing_that_was_shown_as_done(
    tmp_path: Path, record_property: Any
) -> None:
    chance = Random(SEED)
    inside = 0
    with running_office(tmp_path) as office:
        work = Work(office)
        for number, kill in enumerate(plan(chance)):
            time.sleep(chance.uniform(0.1, 0.4))
            if kill == "node":
                inside += kill_node(work, chance)
                check_node(office, work.ledger)
                office.node.start()
                office.allow_program()
                work.resume()
            else:
                inside += kill_hub(work, chance, kill)
                if kill in ("power", "server"):
                    check_hub(office)
                    office.start_hub_again()
            check_node(office, work.ledger)
            check_hub(office)
            assert not work.ledger.surprises, (number, kill, work.ledger.surprises[:3])
        time.sleep(0.5)
        work.end()
        assert not work.ledger.surprises, work.ledger.surprises[:3]
        await_full(work)
        check_node(office, work.ledger)
        check_hub(office)
        check_same_everywhere(office)
        office.node.stop()
        office.hub.stop()
        check_doctors(office)
        check_rebuild(office)
    done = len(work.ledger.people)
    told = (
        f"{KILLS} kills, {inside} inside a request; {done} dossiers and {len(work.ledger.records)} records shown as done; "
        f"{work.ledger.repeated} requests sent again whose answer was lost"
    )
    _LOG.info(told)
    record_property("kills", told)
    assert inside * 2 >= KILLS, f"only {inside} of {KILLS} kills hit a request"
    assert done > KILLS


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
        assert db.execute("SELECT count(*) FROM verdict WHERE outcome <> 'applied'").fetchone()[0] == 0
    with closing(sqlite3.connect(f"file:{office.hub_data / 'hub.db'}?mode=ro", uri=True)) as db:
        there = {log: (length, head) for log, length, head in db.execute("SELECT id, length, head FROM log")}
        at_hub = db.execute("SELECT digest FROM scope WHERE commune = '20242'").fetchone()[0]
        assert db.execute("SELECT digest_state FROM device").fetchall() == [(1,)], "compared, and equal"
    assert {log: there.get(log) for log in here} == here
    assert bytes(at_hub) == bytes(digest)


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
    assert "chain" in {finding["check"] for finding in at_node.result()["findings"]}


def check_rebuild(office: Running) -> None:
    """What grew record by record through every kill is what the records alone give."""
    node, hub = office.node_data / "node.db", office.hub_data / "hub.db"
    hub_tables = tuple(table.name for table in DERIVED)
    grown = derived(node, NODE_TABLES), derived(hub, hub_tables)
    assert grown[0]["dossier"] and grown[1]["dossier"]
    with closing(sqlite3.connect(node)) as db:
        db.execute("INSERT INTO dossier_search (dossier_search, rank) VALUES ('integrity-check', 1)")
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda command: command("rebuild"), (office.node_command, office.hub_command)))
    rebuilt = derived(node, NODE_TABLES), derived(hub, hub_tables)
    for before, after in zip(grown, rebuilt, strict=True):
        assert {t: rows for t, rows in before.items() if rows != after[t]} == {}
