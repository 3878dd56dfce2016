"""Erasure orders in the hub's store: which are in force, and the frames written anew without what they cover.

A frame is rebuilt record by record and encoded again without the erased bodies; headers, signatures, links and seals come
out byte for byte (`encode_run` proves it), so chains, places and receipts stand. Runs that were set aside are stripped as
well. Everything happens in the caller's transaction, or not at all; what the file keeps of it afterwards, `scrub` removes.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update

from central_hub.settings import get_setting, put_setting
from central_hub.store.bulk import chunks
from central_hub.store.engine import writing
from central_hub.store.tables import ERASURE, LATE_BODY, LOG, PLACE, RUN, SET_ASIDE, SETTING
from sync_protocol.erasure import Erasure, as_ordered
from sync_protocol.errors import RunInvalid
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.log import Run
from sync_protocol.record import UnverifiedRecord

UNSCRUBBED: Final = "erasure.unscrubbed"
"""The newest order whose traces may still be in the files of the database."""
_PATIENCE_MS: Final = 2_000
_COMPACTED: Final = "erasure.compacted"
_ANY_OF: Final = select(ERASURE.c.order_id).where(ERASURE.c.commune == bindparam("of")).limit(1)
_UNFOLDED: Final = select(ERASURE.c.order_id, ERASURE.c.dossier).where(ERASURE.c.is_folded == 0)


def erasures_of(connection: Connection, dossiers: Iterable[str]) -> list[Erasure]:
    """The orders in force about these dossiers."""
    return [
        Erasure(
            order=row.order_id,
            commune=row.commune,
            dossier=row.dossier,
            records=frozenset(row.records.split()),
        )
        for part in chunks(dossiers)
        for row in connection.execute(select(ERASURE).where(ERASURE.c.dossier.in_(part)))
    ]


def as_kept(
    connection: Connection, records: Sequence[UnverifiedRecord]
) -> tuple[Sequence[UnverifiedRecord], bool]:
    """The records as they may be stored, and whether any differs from what came."""
    dossiers = {record.header.dossier for record in records if record.header.dossier}
    commune = records[0].header.commune if records else ""
    is_any = connection.execute(_ANY_OF, {"of": commune})
    orders = erasures_of(connection, sorted(dossiers)) if is_any.first() is not None else []
    kept = [as_ordered(record, orders) for record in records]
    return kept, any(a is not b for a, b in zip(kept, records, strict=True))


def carry_out(connection: Connection, erasure: Erasure, *, places: Iterable[int]) -> bool:
    """Put an order in force and rewrite what is stored; False where it was in force already.

    Args:
        places: `PLACE.c.dossier_prefix` of the order's dossier.
    """
    known = select(ERASURE.c.order_id).where(ERASURE.c.order_id == erasure.order)
    if connection.execute(known).first() is not None:
        return False
    row = {"order_id": erasure.order, "commune": erasure.commune, "dossier": erasure.dossier}
    connection.execute(insert(ERASURE).values({**row, "records": " ".join(sorted(erasure.records))}))
    for no, log_no in _touched_runs(connection, erasure, places):
        frame = connection.execute(select(RUN.c.frame).where(RUN.c.no == no)).scalar_one()
        run = decode_run(frame)
        stripped = _stripped(run, erasure)
        if stripped is not None:
            connection.execute(update(RUN).where(RUN.c.no == no).values(frame=encode_run(stripped)))
        covered = [r.header.seq for r in run.records if erasure.covers(r.id, r.header)]
        for part in chunks(covered):
            connection.execute(
                delete(LATE_BODY).where(LATE_BODY.c.log_no == log_no, LATE_BODY.c.seq.in_(part))
            )
    _strip_set_aside(connection, erasure)
    connection.execute(update(ERASURE).where(ERASURE.c.order_id == erasure.order).values(is_done=1))
    put_setting(connection, UNSCRUBBED, erasure.order)
    return True


def unfolded(connection: Connection) -> dict[str, str]:
    """Orders in force whose dossier the judge has not folded since, with that dossier."""
    return {row.order_id: row.dossier for row in connection.execute(_UNFOLDED)}


def mark_folded(connection: Connection, orders: Iterable[str]) -> None:
    """The dossiers of these orders were folded without the erased bodies."""
    for part in chunks(orders):
        connection.execute(update(ERASURE).where(ERASURE.c.order_id.in_(part)).values(is_folded=1))


def scrub(engine: Engine) -> bool:
    """Remove what erased frames left in the files of the database; False where it has to be tried again.

    On SQLite what is deleted is overwritten at once; a file that older versions wrote is compacted with its first order, and
    the write-ahead log is emptied. On PostgreSQL dead rows are vacuumed; its own log is the operator's (docs/operations.md).
    """
    with engine.connect() as connection:
        order = get_setting(connection, UNSCRUBBED)
        if order is None:
            return True
        is_compact = get_setting(connection, _COMPACTED) is not None
    is_clean = (
        _scrub_sqlite(engine, is_compact) if engine.dialect.name == "sqlite" else _scrub_postgres(engine)
    )
    if is_clean:
        with writing(engine) as connection:
            # Another order may have been carried out while the file was cleaned: its traces are still there.
            connection.execute(delete(SETTING).where(SETTING.c.name == UNSCRUBBED, SETTING.c.value == order))
            put_setting(connection, _COMPACTED, "1")
            is_clean = get_setting(connection, UNSCRUBBED) is None
    return is_clean


def _scrub_sqlite(engine: Engine, is_compact: bool) -> bool:
    pooled = engine.raw_connection()
    try:
        cursor = pooled.cursor()
        patience_ms = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
        try:
            if not is_compact:
                cursor.execute("VACUUM")
            is_busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            cursor.execute(f"PRAGMA busy_timeout={patience_ms}")
            cursor.close()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL):
            raise
        return False
    finally:
        pooled.close()
    return not is_busy


def _scrub_postgres(engine: Engine) -> bool:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in (RUN, LATE_BODY, SET_ASIDE):
            connection.exec_driver_sql(f"VACUUM (FULL) {table.name}")
    return True


def _touched_runs(
    connection: Connection, erasure: Erasure, places: Iterable[int]
) -> Sequence[tuple[int, int]]:
    """Judged runs with records of the dossier, and every run of the unit that is not judged yet."""
    judged = (
        select(RUN.c.no, RUN.c.log_no)
        .join(LOG, RUN.c.log_no == LOG.c.no)
        .join(
            PLACE,
            (PLACE.c.log_no == RUN.c.log_no) & (PLACE.c.seq >= RUN.c.first) & (PLACE.c.seq < RUN.c.stop),
        )
        .where(LOG.c.commune == erasure.commune, PLACE.c.dossier_prefix.in_(list(places)))
    )
    waiting = (
        select(RUN.c.no, RUN.c.log_no)
        .join(LOG, RUN.c.log_no == LOG.c.no)
        .where(LOG.c.commune == erasure.commune, RUN.c.stop > LOG.c.judged)
    )
    return [(row.no, row.log_no) for row in connection.execute(judged.union(waiting)).all()]


def _stripped(run: Run, erasure: Erasure) -> Run | None:
    """The run without what the order covers; None where it holds nothing of that."""
    if not any(r.header.body and erasure.covers(r.id, r.header) for r in run.records):
        return None
    kept = tuple(as_ordered(r, [erasure]) if erasure.covers(r.id, r.header) else r for r in run.records)
    return msgspec.structs.replace(run, records=kept)


def _strip_set_aside(connection: Connection, erasure: Erasure) -> None:
    for no in connection.scalars(select(SET_ASIDE.c.no)).all():
        frame = connection.execute(select(SET_ASIDE.c.frame).where(SET_ASIDE.c.no == no)).scalar_one()
        try:
            stripped = _stripped(decode_run(frame), erasure)
        except RunInvalid:
            continue
        if stripped is not None:
            connection.execute(
                update(SET_ASIDE).where(SET_ASIDE.c.no == no).values(frame=encode_run(stripped))
            )
