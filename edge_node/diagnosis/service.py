"""Gather what a technician needs to help from afar, section by section: one that cannot be read says so and spoils no other.

Rule: numbers, reason codes, key and log ids, versions and times of this PC. No name, no address, no dossier, no text that a
person typed, no path, no message of an exception, no key: a test greps for all of them.
"""

import platform
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from dossiers.merge import FOLD_VERSION
from edge_node.doctor import examine
from edge_node.journal.stamp import offset_now
from edge_node.keyring import KeysMissing
from edge_node.projection import schema
from edge_node.services import Services
from edge_node.store import SqliteLogStore, alerts, open_database
from edge_node.store.bases import read_seeded
from edge_node.store.local import read_office
from edge_node.store.migrations import missing_guards
from edge_node.store.space import MIB
from edge_node.sync.service import list_attempts
from edge_node.sync.status import office_logs, read_status
from edge_node.sync.stick import stick_faults
from signing.errors import SigningError
from signing.keys import SigningKey
from signing.version import __version__
from sync_protocol.diagnosis import SUFFIX, sign_diagnosis

ATTEMPTS: Final = 50
Section = Callable[[Database, Services], Any]


def write_diagnosis(services: Services, folder: Path) -> Path:
    """Write the file into a folder, usually a stick; raises RemoteFault(PARCEL_STICK)."""
    said = diagnose(services)
    device = _key(services)
    name = f"{said.get('unit') or 'node'}-{device.public.id[:8] if device else 'nokey'}{SUFFIX}"
    with stick_faults():
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(sign_diagnosis(said, device))
    return path


def diagnose(services: Services) -> dict[str, Any]:
    """Everything that can be said now; a database that does not open costs the sections that need it."""
    said: dict[str, Any] = {
        "at_ms": services.clock(),
        "version": __version__,
        "fold": FOLD_VERSION,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}"[:80],
        "is_64_bit": sys.maxsize > 2**32,
        "disk": _guarded(lambda: _disk(services)),
    }
    key = _key(services)
    said["device"] = key.public.id if key else None
    try:
        db = open_database(services.config.database)
    except Exception as error:  # noqa: BLE001 — whatever is wrong is what the file is for
        return {**said, "database": {"error": type(error).__name__}}
    try:
        for name, section in _SECTIONS.items():
            said[name] = _guarded(partial(section, db, services))
        office = _guarded(lambda: read_office(db))
        said["unit"] = getattr(office, "unit", None)
    finally:
        db.conn.close()
    return said


def _guarded(section: Callable[[], Any]) -> Any:
    try:
        return section()
    except Exception as error:  # noqa: BLE001 — one broken part must not hide the others
        return {"error": type(error).__name__}


def _key(services: Services) -> SigningKey | None:
    try:
        return services.keyring.device
    except (KeysMissing, SigningError, OSError):
        return None


def _disk(services: Services) -> dict[str, Any]:
    database = services.config.database
    sizes = {
        suffix or ".db": path.stat().st_size
        for suffix in ("", "-wal")
        if (path := database.with_name(database.name + suffix)).exists()
    }
    files = services.config.data / "files"
    return {
        "free_mb": services.space.free_bytes // MIB,
        "is_held": services.space.is_held,
        "is_writable": services.space.is_writable,
        "bytes": sizes,
        "files_mb": sum(each.stat().st_size for each in files.rglob("*") if each.is_file()) // MIB
        if files.is_dir()
        else 0,
    }


def _status(db: Database, services: Services) -> dict[str, Any]:
    status = read_status(db, now=services.clock())
    return {
        "waiting": status.waiting,
        "oldest_s": status.oldest_ms // 1000,
        "of_others": status.others,
        "unjudged": status.unjudged,
        "refused": status.refused,
        "undecided": status.undecided,
        "files": status.files,
        "history": status.history,
        "last_full_ms": status.last,
        "is_full": status.is_full,
    }


def _logs(db: Database, services: Services) -> list[dict[str, Any]]:
    receipts = {log.log: log for log in office_logs(db)}
    found = []
    for log, entry in SqliteLogStore(db).frontier().items():
        said = {"log": log, "base": entry.base, "length": entry.length, "head": entry.head[:16]}
        if log in receipts:
            own = receipts[log]
            said |= {"held": own.held, "judged": own.judged, "is_own": own.is_own}
        found.append(said)
    return found


def _office(db: Database, services: Services) -> dict[str, Any] | None:
    office = read_office(db)
    if office is None:
        return None
    return {
        "province": office.province,
        "log": office.log,
        "epoch": office.epoch,
        "hub_epoch": office.hub_epoch,
    }


def _clock(db: Database, services: Services) -> dict[str, Any]:
    offset = offset_now(db, services.clock())
    return {"offset_ms": offset[0] if offset else None, "age_s": offset[1] if offset else None}


def _attempts(db: Database, services: Services) -> list[dict[str, Any]]:
    return [
        {
            "ended_ms": each.ended,
            "took_ms": each.ended - each.began,
            "outcome": each.outcome,
            "rounds": each.rounds,
            "sent": each.sent,
            "received": each.received,
            "up": each.bytes_up,
            "down": each.bytes_down,
        }
        for each in list_attempts(db, limit=ATTEMPTS)
    ]


def _faults(db: Database, services: Services) -> dict[str, int]:
    """Why syncs and sticks stopped and records were refused: how often, by reason code."""
    rows = db.conn.execute(
        "SELECT outcome, count(*) FROM (SELECT outcome FROM sync_attempt UNION ALL SELECT outcome FROM parcel "
        "UNION ALL SELECT code FROM verdict WHERE outcome <> 'applied' AND code IS NOT NULL) "
        "WHERE outcome <> 'done' GROUP BY outcome ORDER BY outcome"
    )
    return dict(rows.fetchall())


def _counts(db: Database, services: Services) -> dict[str, int]:
    queries = {
        "records": "SELECT count(*) FROM record",
        "dossiers": "SELECT count(*) FROM dossier",
        "conflicts": "SELECT count(*) FROM dossier WHERE conflicts > 0",
        "files_here": "SELECT count(*) FROM file_copy WHERE is_here = 1",
        "files_in_trouble": "SELECT count(*) FROM file_copy WHERE problem <> ''",
    }
    return {name: int(db.conn.execute(query).fetchone()[0]) for name, query in queries.items()}


def _checks(db: Database, services: Services) -> dict[str, str]:
    return {finding.check: finding.health.value for finding in examine(db, services)}


def _tables(db: Database, services: Services) -> dict[str, Any]:
    return {
        "is_current": schema.is_current(db),
        "views": schema.VERSION,
        "guards_missing": missing_guards(db),
        "pages": int(db.conn.execute("PRAGMA page_count").fetchone()[0]),
        "quick_check": str(db.conn.execute("PRAGMA quick_check(1)").fetchone()[0])[:40],
    }


def _alerts(db: Database, services: Services) -> dict[str, int]:
    return {alert.code: alert.at for alert in alerts.list_alerts(db)}


def _seeded(db: Database, services: Services) -> dict[str, Any]:
    seeded = read_seeded(db)
    return {"missing": seeded.missing, "is_whole": seeded.is_whole, "maker": seeded.maker}


_SECTIONS: Final[dict[str, Section]] = {
    "office": _office,
    "status": _status,
    "clock": _clock,
    "logs": _logs,
    "seeded": _seeded,
    "attempts": _attempts,
    "faults": _faults,
    "alerts": _alerts,
    "counts": _counts,
    "tables": _tables,
    "checks": _checks,
}
