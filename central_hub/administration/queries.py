"""The diary, page by page."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from central_hub.events import Event
from central_hub.store.tables import EVENT

PAGE_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """One page of the diary; `total` counts all pages."""

    lines: tuple[Event, ...]
    total: int
    page: int
    pages: int


def event_page(
    connection: Connection, *, actor: str, action: str, page: int, page_rows: int = PAGE_ROWS
) -> EventPage:
    """The newest first; `action` is the beginning of an action's name, "" leaves nothing out."""
    wanted = []
    if actor:
        wanted.append(EVENT.c.actor == actor)
    if action:
        wanted.append(EVENT.c.action.startswith(action, autoescape=True))
    total = connection.scalar(select(func.count()).select_from(EVENT).where(*wanted)) or 0
    pages = max(1, -(-total // page_rows))
    page = min(max(1, page), pages)
    query = (
        select(EVENT)
        .where(*wanted)
        .order_by(EVENT.c.no.desc())
        .limit(page_rows)
        .offset((page - 1) * page_rows)
    )
    lines = tuple(
        Event(at_ms=row.at_ms, actor=row.actor, action=row.action, subject=row.subject)
        for row in connection.execute(query)
    )
    return EventPage(lines=lines, total=total, page=page, pages=pages)
