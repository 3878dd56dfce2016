"""What a record costs on disk beyond what was signed: the bytes that the node's and the hub's files take, by table.

A quarter's records, written action by action at a real node, delivered to a hub, judged and counted. The content of a
record is its header, its body with the salt, and its signature; everything else is what we add: keys, indexes, seals,
list rows, search, counters. Measured with SQLite's own account of pages (`dbstat`) after the write-ahead log was folded in.
"""

import sqlite3
from pathlib import Path

from benchmarks.figure import Detail, Figure, at_most
from benchmarks.province import DirectLine, found_province
from benchmarks.rough import enrolled_node
from benchmarks.workload import plan
from benchmarks.workspace import Workspace
from central_hub.judge.service import judge_pending
from demo.lives import steps_of
from dossiers.units import load_default_units
from edge_node.journal import Draft, write
from edge_node.sync.runner import sync

DOSSIERS = 700
SIGNATURE_BYTES = 64
VIEWS = (
    "dossier",
    "search",
    "day_counter",
    "given_code",
    "verdict",
    "duplicate",
    "file",
    "tally",
    "twin",
    "scope",
)
"""Derived tables of node and hub, by the beginning of their names: what lists, search and figures need."""


def measure_disk(workspace: Workspace) -> list[Figure]:
    """One figure for the node and one for the hub."""
    folder = workspace.make("disk")
    hub = found_province(folder)
    unit = load_default_units().communes[2]
    line = DirectLine(hub)
    node = enrolled_node(folder / "node", hub, 0, unit, line=line)
    judge_pending(hub)
    sync(node.db, node.services, line)
    node_before, hub_before = _pages(node.services.config.database), _pages(hub.config.data / "hub.db")
    records = content = 0
    for dossier in plan([unit], DOSSIERS, seed=11)[unit.code]:
        for step in steps_of(node.desk, dossier):
            draft = Draft(kind=step.kind, dossier=step.dossier, facts=step.facts, content=step.content)
            for record in write(node.db, node.services, node.actor, [draft]):
                records += 1
                body = len(record.body.content) + len(record.body.salt) if record.body else 0
                content += len(record.header_bytes) + body + SIGNATURE_BYTES
        if records % 50 < 6:
            sync(node.db, node.services, line)
            judge_pending(hub)
    sync(node.db, node.services, line)
    judge_pending(hub)
    workspace.say(f"{records:,} records written and judged")
    node.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    node_after, hub_after = _pages(node.services.config.database), _pages(hub.config.data / "hub.db")
    node.db.conn.close()
    return [
        _figure("disk_node", "node", node_before, node_after, records, content),
        _figure("disk_hub", "hub", hub_before, hub_after, records, content),
    ]


def _figure(
    name: str, where: str, before: dict[str, int], after: dict[str, int], records: int, content: int
) -> Figure:
    grown = {table: after[table] - before.get(table, 0) for table in after}
    views = sum(size for table, size in grown.items() if _plain(table).startswith(VIEWS))
    total = sum(grown.values())
    detail: Detail = {
        "records": records,
        "header, body, signature": content / records,
        "on disk in all": total / records,
        "of that, lists, search and figures": views / records,
    }
    largest = sorted(grown, key=lambda table: -grown[table])[:8]
    detail |= {f"{table}": grown[table] / records for table in largest}
    return Figure(
        name=name,
        title=f"on disk of the {where} beyond header, body and signature, a record",
        value=(total - views - content) / records,
        unit="bytes",
        target=at_most(250),
        detail=detail,
    )


def _plain(table: str) -> str:
    """A table's name; of an index, the name of what it is over."""
    return table.removeprefix("sqlite_autoindex_").removeprefix("ix_")


def _pages(database: Path) -> dict[str, int]:
    """Bytes of every table and index."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    sizes = dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall())
    connection.close()
    return sizes
