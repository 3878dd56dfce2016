"""Records of the protocol itself, applied: key statements and what was said of keys since, requests, leases,
publications, erasure orders, re-organisations of units.

Called for the hub's own records when they are written, and for a device's when they are judged `applied`. Whether the
signer was entitled to say it was asked before.
"""

from collections.abc import Iterable, Mapping

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from central_hub.projection.foreign import apply_listing
from central_hub.projection.twins import forget_persons
from central_hub.settings import hub_epoch
from central_hub.store.erasures import carry_out
from central_hub.store.record_log import prefix
from central_hub.store.tables import (
    COPY,
    DEVICE,
    DOSSIER,
    KEY,
    KEY_EVENT,
    KEY_REQUEST,
    LEASE,
    LOG,
    PLACE,
    PUBLICATION,
    REHOMING,
    REORGANISATION,
    TENURE,
    TOLD,
)
from dossiers.genealogy import Allotment, Event, event_of
from signing.errors import SigningError
from signing.roles import Role
from signing.statements import KeyStatement
from sync_protocol import copies
from sync_protocol.erasure import Erasure
from sync_protocol.log import log_id
from sync_protocol.record import Record, UnverifiedRecord


def apply_protocol(connection: Connection, records: Iterable[Record | UnverifiedRecord]) -> None:
    """Apply what these records say, in their order."""
    for record in records:
        match record.header.kind:
            case "key.stated":
                _apply_key(connection, record)
            case "key.revoked" | "key.reinstated":
                _apply_event(connection, record, str(record.header.facts["key"]))
            case "review.given":
                _apply_event(connection, record, str(record.header.facts["unit"]))
            case "log.forked":
                _apply_event(connection, record, str(record.header.facts["log"]))
            case copies.SUSPECTED:
                note_suspicion(connection, record.header.facts, record.header.corrected_ms)
            case copies.REVIEWED:
                _apply_copy_review(connection, record)
            case "key.requested":
                _apply_request(connection, record)
            case "lease.granted":
                _apply_lease(connection, record)
            case "catalogue.published":
                _apply_publication(connection, record, "catalogue", "effective", None)
            case "erasure.ordered":
                order = Erasure.of(record.id, record.header)
                carry_out(connection, order, places=[prefix(order.dossier)])
                forget_persons(connection, order)
            case "verdict.given":
                _apply_verdict(connection, record)
            case "foreign.listed":
                apply_listing(connection, record.header.facts)
            case "unit.reorganised" | "unit.allotted":
                _apply_reorganisation(connection, record)
            case "calendar.published":
                _apply_publication(connection, record, "calendar", "first", "last")


def _apply_key(connection: Connection, record: Record | UnverifiedRecord) -> None:
    header = record.header
    statement = KeyStatement.from_facts(header.facts, issuer=header.by)
    known = select(KEY.c.no).where(KEY.c.record == record.id)
    if connection.execute(known).first() is not None:
        return
    content = record.content or {}
    row = {
        "no": 1 + (connection.scalar(select(func.max(KEY.c.no))) or 0),
        "id": statement.key.id,
        "facts": orjson.dumps(header.facts, option=orjson.OPT_SORT_KEYS).decode(),
        "issuer": header.by,
        "unit": statement.unit,
        "roles": " ".join(sorted(statement.roles)),
        "name": str(content.get("name", "")),
        "title": str(content.get("title", "")),
        "record": record.id,
        "stated_ms": header.corrected_ms,
    }
    connection.execute(insert(KEY).values(row))
    if Role.DEVICE in statement.roles:
        _note_device(connection, statement, name=str(row["name"]), stated_ms=header.corrected_ms)


def _note_device(connection: Connection, statement: KeyStatement, *, name: str, stated_ms: int) -> None:
    """The fleet's line of a PC; after a back-up was put back this is where a PC comes in that was enrolled since."""
    device = statement.key.id
    if connection.execute(select(DEVICE.c.id).where(DEVICE.c.id == device)).first() is None:
        values = {"id": device, "unit": statement.unit, "name": name, "enrolled_ms": stated_ms, "beacon": ""}
        connection.execute(insert(DEVICE).values(values))


def _apply_event(connection: Connection, record: Record | UnverifiedRecord, subject: str) -> None:
    known = select(KEY_EVENT.c.no).where(KEY_EVENT.c.record == record.id)
    if connection.execute(known).first() is not None:
        return
    header = record.header
    row = {
        "no": 1 + (connection.scalar(select(func.max(KEY_EVENT.c.no))) or 0),
        "record": record.id,
        "kind": header.kind,
        "subject": subject,
        "by": header.by,
        "facts": orjson.dumps(header.facts, option=orjson.OPT_SORT_KEYS).decode(),
        "ground": str((record.content or {}).get("ground", "")),
        "leaf": int(connection.scalar(select(func.sum(LOG.c.length - LOG.c.base))) or 1) - 1,
        "at_ms": header.corrected_ms,
    }
    connection.execute(insert(KEY_EVENT).values(row))


def _apply_verdict(connection: Connection, record: Record | UnverifiedRecord) -> None:
    """Keep what was told last, whichever of two came first."""
    header = record.header
    facts, (at_ms, at_count) = header.facts, header.at
    place = and_(TOLD.c.record == facts["record"], TOLD.c.commune == header.commune)
    known = connection.execute(select(TOLD.c.at_ms, TOLD.c.at_count).where(place)).first()
    if known is not None and (known.at_ms, known.at_count) >= (at_ms, at_count):
        return
    said = {"outcome": facts["outcome"], "code": facts["code"], "at_ms": at_ms, "at_count": at_count}
    said["is_former"] = int(header.log != log_id(header.by, header.commune, hub_epoch(connection)))
    if known is None:
        key = {"record": facts["record"], "commune": header.commune}
        connection.execute(insert(TOLD).values({**key, **said}))
    else:
        connection.execute(update(TOLD).where(place).values(said))


def _apply_copy_review(connection: Connection, record: Record | UnverifiedRecord) -> None:
    """What was said of a suspected copy; a restored hub may hear it before it has seen the copy again."""
    word = copies.CopyWord.of(record.id, record.header)
    note_suspicion(connection, record.header.facts, word.at_ms)
    if not word.prevails_over(_word_so_far(connection, word.life)):
        return
    values = {
        "confirmed_ms": word.at_ms if word.stands else None,
        "refused_ms": None if word.stands else word.at_ms,
        "reviewed_by": word.record,
    }
    connection.execute(update(COPY).where(COPY.c.life == word.life).values(values))


def note_suspicion(connection: Connection, facts: Mapping[str, object], at_ms: int) -> None:
    """Write down that a copy of a PC's disk is suspected (the facts of `copy.suspected`), unless that is known."""
    life = str(facts["life"])
    if connection.execute(select(COPY.c.life).where(COPY.c.life == life)).first() is None:
        row = {"life": life, "device": str(facts["device"]), "commune": str(facts["unit"])}
        row |= {"cause": str(facts.get("cause", ""))}
        connection.execute(insert(COPY).values({**row, "since_ms": at_ms, "seen_ms": at_ms}))


def _word_so_far(connection: Connection, life: str) -> copies.CopyWord | None:
    row = connection.execute(select(COPY).where(COPY.c.life == life)).first()
    if row is None or row.reviewed_by is None:
        return None
    return copies.CopyWord(
        life=life,
        stands=row.confirmed_ms is not None,
        is_provinces=is_provinces_word(connection, row.reviewed_by),
        record=row.reviewed_by,
        by="",
        at_ms=row.confirmed_ms or row.refused_ms,
    )


def is_provinces_word(connection: Connection, record: str) -> bool:
    """Whether a review of a copy stands in a log of the province, not of a PC of the unit."""
    pcs = select(DEVICE.c.id).join(LOG, LOG.c.device == DEVICE.c.id).join(PLACE, PLACE.c.log_no == LOG.c.no)
    return connection.execute(pcs.where(PLACE.c.record_prefix == prefix(record))).first() is None


def _apply_reorganisation(connection: Connection, record: Record | UnverifiedRecord) -> None:
    """Keep what is said, and put the dossiers that it concerns before the judge, who folds them anew."""
    known = select(REORGANISATION.c.no).where(REORGANISATION.c.record == record.id)
    if connection.execute(known).first() is not None:
        return
    header = record.header
    row = {
        "no": 1 + (connection.scalar(select(func.max(REORGANISATION.c.no))) or 0),
        "record": record.id,
        "kind": header.kind,
        "effective": header.facts["effective"],
        "at_ms": header.at[0],
        "at_counter": header.at[1],
        "facts": orjson.dumps(header.facts, option=orjson.OPT_SORT_KEYS).decode(),
        "content": orjson.dumps(record.content or {}, option=orjson.OPT_SORT_KEYS).decode(),
        "by": header.by,
    }
    connection.execute(insert(REORGANISATION).values(row))
    put_before_judge(connection, event_of(record))


def put_before_judge(connection: Connection, event: Event) -> None:
    """Note every dossier whose holder may be another one now."""
    if isinstance(event, Allotment):
        concerned: ColumnElement[bool] = DOSSIER.c.id.in_(
            [bytes.fromhex(dossier) for dossier in sorted(event.dossiers)]
        )
    else:
        # Whoever came to one of these units on the way is with it now, unless this was said late.
        held = select(TENURE.c.id).where(TENURE.c.commune.in_([change.old for change in event.changes]))
        units = [change.old for change in event.changes]
        concerned = or_(
            DOSSIER.c.home.in_(units),
            DOSSIER.c.keeper.in_(units),
            DOSSIER.c.commune.in_(units),
            DOSSIER.c.id.in_(held),
        )
    waiting = select(REHOMING.c.id)
    found = select(DOSSIER.c.id).where(concerned, DOSSIER.c.id.not_in(waiting))
    connection.execute(insert(REHOMING).from_select(["id"], found))


def _apply_request(connection: Connection, record: Record | UnverifiedRecord) -> None:
    header, content = record.header, record.content or {}
    known = select(KEY_REQUEST.c.record).where(KEY_REQUEST.c.record == record.id)
    if connection.execute(known).first() is not None:
        return
    try:
        statement = KeyStatement.from_facts(header.facts, issuer=header.by)
    except SigningError:
        return  # a key that is none: nothing that anybody could state
    row = {
        "record": record.id,
        "key": statement.key.id,
        "unit": statement.unit,
        "facts": orjson.dumps(header.facts, option=orjson.OPT_SORT_KEYS).decode(),
        "name": str(content.get("name", "")),
        "title": str(content.get("title", "")),
        "by": header.by,
        "asked_ms": header.corrected_ms,
    }
    connection.execute(insert(KEY_REQUEST).values(row))


def _apply_lease(connection: Connection, record: Record | UnverifiedRecord) -> None:
    facts = record.header.facts
    known = select(LEASE.c.unit).where(LEASE.c.unit == facts["unit"], LEASE.c.first == facts["first"])
    if connection.execute(known).first() is None:
        row = {name: facts[name] for name in ("unit", "first", "last", "log")}
        connection.execute(insert(LEASE).values({**row, "from_day": facts["from"]}))


def _apply_publication(
    connection: Connection, record: Record | UnverifiedRecord, kind: str, effective: str, until: str | None
) -> None:
    facts = record.header.facts
    known = select(PUBLICATION.c.version).where(
        PUBLICATION.c.kind == kind, PUBLICATION.c.version == facts["version"]
    )
    if record.body is None or connection.execute(known).first() is not None:
        return
    row = {
        "kind": kind,
        "version": facts["version"],
        "effective": facts[effective],
        "until": facts[until] if until else None,
        "record": record.id,
        "published_ms": record.header.corrected_ms,
        "content": record.body.content,
    }
    connection.execute(insert(PUBLICATION).values(row))
