"""What waits, counted, and requests for keys with what became of them."""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, func, select

from central_hub.store.tables import EVENT, KEY, KEY_REQUEST, LOG, SET_ASIDE, STANDING
from sync_protocol.admission import Outcome
from sync_protocol.reasons import RECORD_AFTER_CUT

DECLINED = "key.declined"
APPROVED = "key.approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How much of each kind waits."""

    pending: int
    refused: int
    set_aside: int
    requests: int
    review: int = 0

    @property
    def all(self) -> int:
        return self.review + self.pending + self.refused + self.set_aside + self.requests


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRequest:
    """A key that a unit administrator asks the province to state.

    Attributes:
        facts: the statement asked for, as it would be signed.
        asked_by: id of the administrator's key, and the name it was stated with.
        decision: "" while it waits, else `key.approved` or `key.declined`.
    """

    record: str
    key: str
    unit: str
    facts: dict[str, Any]
    name: str
    title: str
    asked_by: str
    asked_by_name: str
    asked_ms: int
    decision: str
    decided_by: str
    decided_ms: int | None

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self.facts["roles"])


def count_waiting(connection: Connection) -> Waiting:
    """How much of each kind waits for a person."""
    review = (
        connection.scalar(
            select(func.count()).select_from(STANDING).where(STANDING.c.code == RECORD_AFTER_CUT.code)
        )
        or 0
    )
    outcomes = {
        row[0]: row[1]
        for row in connection.execute(select(STANDING.c.outcome, func.count()).group_by(STANDING.c.outcome))
    }
    return Waiting(
        review=review,
        pending=outcomes.get(Outcome.PENDING.value, 0) - review,
        refused=outcomes.get(Outcome.QUARANTINED.value, 0),
        set_aside=connection.scalar(select(func.count()).select_from(SET_ASIDE)) or 0,
        requests=connection.scalar(_open_requests()) or 0,
    )


def _open_requests() -> Select[int]:
    decided = select(EVENT.c.subject).where(EVENT.c.action.in_((APPROVED, DECLINED)))
    return select(func.count()).select_from(KEY_REQUEST).where(KEY_REQUEST.c.record.not_in(decided))


def list_requests(connection: Connection) -> list[KeyRequest]:
    """Every request, those that wait first, then the newest."""
    names = {row.id: row.name for row in connection.execute(select(KEY.c.id, KEY.c.name).order_by(KEY.c.no))}
    decided = {
        row.subject: row
        for row in connection.execute(
            select(EVENT).where(EVENT.c.action.in_((APPROVED, DECLINED))).order_by(EVENT.c.no)
        )
    }
    rows = connection.execute(select(KEY_REQUEST).order_by(KEY_REQUEST.c.asked_ms.desc()))
    found = [_request(row, names, decided.get(row.record)) for row in rows]
    return sorted(found, key=lambda request: bool(request.decision))


def find_request(connection: Connection, record: str) -> KeyRequest | None:
    """One request by the id of its record."""
    return next((request for request in list_requests(connection) if request.record == record), None)


def _request(row: Row[Any], names: dict[str, str], decision: Row[Any] | None) -> KeyRequest:
    return KeyRequest(
        record=row.record,
        key=row.key,
        unit=row.unit,
        facts=orjson.loads(row.facts),
        name=row.name,
        title=row.title,
        asked_by=row.by,
        asked_by_name=names.get(row.by, ""),
        asked_ms=row.asked_ms,
        decision=decision.action if decision else "",
        decided_by=decision.actor if decision else "",
        decided_ms=decision.at_ms if decision else None,
    )


def find_standing(connection: Connection, record: str) -> Row[Any] | None:
    """The standing of one record, with its log."""
    query = (
        select(STANDING, LOG.c.id.label("log"), LOG.c.device)
        .join(LOG, STANDING.c.log_no == LOG.c.no)
        .where(STANDING.c.record == record)
    )
    return connection.execute(query).first()
