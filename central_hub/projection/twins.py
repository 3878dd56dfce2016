"""Dossiers that look like one, seen across all communes: the same person, procedure and day, or the same number.

What is compared is a keyed hash, so that the database alone names nobody: whoever takes it away without the hub's secret
cannot try the numbers of citizens one by one. The hub looks at the record that received a dossier; a person's number that
was amended later is compared on the PCs of the office. What makes a duplicate is `dossiers.duplicates`; nothing is decided
here, and a duplicate is computed anew at every look.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from central_hub.store.bulk import chunks, insert_rows
from central_hub.store.erasures import erasures_of
from central_hub.store.record_log import prefix
from central_hub.store.tables import DOSSIER, LOG, PLACE, STANDING, TWIN_KEY, TWIN_SETTLED
from dossiers.conflicts import Conflict
from dossiers.duplicates import (
    ID_NUMBER_FIELD,
    NUMBERING_KINDS,
    OPENING_KIND,
    WITHOUT_RESULT,
    CodeUse,
    DossierKey,
    as_settled,
    codes_given,
    day_received,
    duplicate_codes,
    duplicate_dossiers,
    person_number,
)
from dossiers.kinds import check_facts
from sync_protocol.admission import Outcome
from sync_protocol.erasure import Erasure
from sync_protocol.record import UnverifiedRecord

SETTLED_KIND = "dossier.settled"
_COMPARED_KINDS = NUMBERING_KINDS | {SETTLED_KIND}
PURPOSE = "duplicates"
"""Which of the hub's derived secrets the hashes are made with."""
_KEY_BYTES = 16
_SHARED = (
    select(TWIN_KEY.c.key)
    .where(TWIN_KEY.c.key.in_(bindparam("keys", expanding=True)))
    .group_by(TWIN_KEY.c.key)
    .having(func.count(TWIN_KEY.c.dossier.distinct()) > 1)
)
_COLUMNS = ("record", "key", "is_person", "dossier", "unit", "by", "log", "at_ms", "is_shared")


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """One dossier of a duplicate, as lists show it."""

    dossier: str
    code: str
    unit: str
    status: int
    at_ms: int


def note_twins(connection: Connection, secret: bytes, records: Iterable[UnverifiedRecord]) -> None:
    """Keep what newly judged records can be compared by, in the caller's transaction."""
    known = [r for r in records if r.header.kind in _COMPARED_KINDS]
    known = [r for r in known if r.header.dossier and check_facts(r.header.kind, r.header.facts) is None]
    rows = [row for record in known for row in _rows(secret, record)]
    rows = _without_erased(connection, known, rows)
    insert_rows(connection, TWIN_KEY, _COLUMNS, rows)
    settled = [(r.header.facts["conflict"], r.id) for r in known if r.header.kind == SETTLED_KIND]
    insert_rows(connection, TWIN_SETTLED, ("conflict", "record"), settled)
    for part in chunks(dict.fromkeys(row[1] for row in rows)):
        shared = connection.scalars(_SHARED, {"keys": part}).all()
        if shared:
            connection.execute(update(TWIN_KEY).where(TWIN_KEY.c.key.in_(shared)).values(is_shared=1))


def forget_persons(connection: Connection, order: Erasure) -> None:
    """Nothing is compared any more by a person's number that an order erased."""
    covered = (TWIN_KEY.c.dossier == bytes.fromhex(order.dossier)) & (TWIN_KEY.c.unit == order.commune)
    if order.records:
        covered &= TWIN_KEY.c.record.in_(sorted(order.records))
    connection.execute(delete(TWIN_KEY).where(covered, TWIN_KEY.c.is_person == 1))


def open_duplicates(connection: Connection) -> list[Conflict]:
    """Those that nobody has settled, the oldest first."""
    standing_against = (Outcome.PENDING.value, Outcome.QUARANTINED.value)
    refused = select(STANDING.c.record).where(STANDING.c.outcome.in_(standing_against))
    query = (
        select(TWIN_KEY, DOSSIER.c.ended_as)
        .join(DOSSIER, DOSSIER.c.id == TWIN_KEY.c.dossier)
        .where(TWIN_KEY.c.is_shared == 1, TWIN_KEY.c.record.not_in(refused))
    )
    keys: list[DossierKey] = []
    uses: list[CodeUse] = []
    rows = connection.execute(query).all()
    places = _places(connection, {row.record: row.log for row in rows if row.is_person})
    for row in rows:
        found = {
            "dossier": row.dossier.hex(), "record": row.record, "by": row.by, "at_ms": row.at_ms, "log": row.log,
            "unit": row.unit,
        }  # fmt: skip
        if not row.is_person:
            uses.append(CodeUse(code=row.key.hex(), **found))
        elif row.ended_as not in WITHOUT_RESULT:
            place = places.get(row.record, {})
            keys.append(DossierKey(person=row.key.hex(), procedure="", day=0, **found, **place))
    settled = select(TWIN_SETTLED).where(TWIN_SETTLED.c.record.not_in(refused))
    settlements = {row.conflict: row.record for row in connection.execute(settled)}
    found_now = [as_settled(one, settlements) for one in (*duplicate_dossiers(keys), *duplicate_codes(uses))]
    return sorted(
        (one for one in found_now if one.settled_by is None), key=lambda one: (one.since_ms, one.id)
    )


def _places(connection: Connection, logs: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Of records (each with the log of its header) whose log was continued in two ways: where they stand and are kept."""
    forked = set(connection.scalars(select(LOG.c.origin).where(LOG.c.origin.is_not(None)).distinct()))
    wanted = {prefix(record): record for record, log in logs.items() if log in forked}
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(wanted):
        query = (
            select(PLACE.c.record_prefix, PLACE.c.seq, LOG.c.id, LOG.c.origin, LOG.c.base)
            .join(LOG, LOG.c.no == PLACE.c.log_no)
            .where(PLACE.c.record_prefix.in_(part))
        )
        for row in connection.execute(query):
            record = wanted[row.record_prefix]
            if logs[record] in (row.id, row.origin):
                found[record] = {"seq": row.seq, "branch": row.id if row.origin else "", "base": row.base}
    return found


def twins_of(connection: Connection, conflicts: Sequence[Conflict]) -> list[tuple[Twin, ...]]:
    """The dossiers of each duplicate, the earliest first: codes, units and states, nothing personal."""
    named = dict.fromkeys(bytes.fromhex(side.dossier) for one in conflicts for side in one.sides)
    rows: dict[str, Any] = {}
    for part in chunks(named):
        query = select(DOSSIER.c.id, DOSSIER.c.code, DOSSIER.c.home, DOSSIER.c.status)
        for row in connection.execute(query.where(DOSSIER.c.id.in_(part))):
            rows[row.id.hex()] = row
    return [_twins(one, rows) for one in conflicts]


def _twins(conflict: Conflict, rows: Mapping[str, Any]) -> tuple[Twin, ...]:
    since = {side.dossier: side.at_ms for side in conflict.sides if side.dossier in rows}
    twins = [
        Twin(dossier=dossier, code=row.code, unit=row.home, status=row.status, at_ms=at_ms)
        for dossier, at_ms in since.items()
        for row in (rows[dossier],)
    ]
    return tuple(sorted(twins, key=lambda twin: (twin.at_ms, twin.dossier)))


def _rows(secret: bytes, record: UnverifiedRecord) -> list[tuple[object, ...]]:
    header = record.header
    if header.kind == SETTLED_KIND:
        return []
    facts = header.facts
    keys = [(_hash(secret, "code", code), 0) for code in codes_given(facts)]
    person = None
    if header.kind == OPENING_KIND and ID_NUMBER_FIELD in facts["fields"]:
        person = person_number((record.content or {}).get("fields", {}).get(ID_NUMBER_FIELD))
    if person is not None:
        named = f"{person}\n{facts['procedure']}\n{day_received(facts)}"
        keys.append((_hash(secret, "person", named), 1))
    dossier, at_ms = bytes.fromhex(header.dossier or ""), header.corrected_ms
    return [
        (record.id, key, is_person, dossier, header.commune, header.by, header.log, at_ms, 0)
        for key, is_person in keys
    ]


def _hash(secret: bytes, purpose: str, value: str) -> bytes:
    return hmac.digest(secret, f"{purpose}\0{value}".encode(), "sha256")[:_KEY_BYTES]


def _without_erased(
    connection: Connection, records: Sequence[UnverifiedRecord], rows: list[tuple[object, ...]]
) -> list[tuple[object, ...]]:
    """An order may have come after the batch was read."""
    persons = {row[0] for row in rows if row[2]}
    held = [r for r in records if r.id in persons]
    orders = erasures_of(connection, sorted({r.header.dossier for r in held if r.header.dossier}))
    gone = {r.id for r in held if any(order.covers(r.id, r.header) for order in orders)}
    return [row for row in rows if not (row[2] and row[0] in gone)]
