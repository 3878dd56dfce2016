"""Who holds which key, as stated and accepted: the newest statement of each key."""

from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, func, select

from central_hub.store.tables import KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """One key. `officer` is None for a device; `delegated`: a unit administrator's word, not confirmed yet."""

    key: str
    unit: str
    roles: tuple[str, ...]
    name: str
    title: str
    officer: str | None
    device: str | None
    delegated: bool
    issuer: str
    stated_ms: int


def list_holders(connection: Connection, *, unit: str | None = None) -> list[KeyHolder]:
    """Every key, by unit and name."""
    newest = select(func.max(KEY.c.no)).group_by(KEY.c.id)
    query = select(KEY).where(KEY.c.no.in_(newest)).order_by(KEY.c.unit, KEY.c.name, KEY.c.no)
    if unit is not None:
        query = query.where(KEY.c.unit == unit)
    found = []
    for row in connection.execute(query):
        facts = orjson.loads(row.facts)
        found.append(
            KeyHolder(
                key=row.id,
                unit=row.unit,
                roles=tuple(row.roles.split()),
                name=row.name,
                title=row.title,
                officer=facts["officer"],
                device=facts["device"],
                delegated=facts["delegated"],
                issuer=row.issuer,
                stated_ms=row.stated_ms,
            )
        )
    return found
