"""What is published, read back."""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from central_hub.store.tables import PUBLICATION
from dossiers.procedures import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One published version."""

    kind: str
    version: int
    effective: int
    until: int | None
    record: str
    published_ms: int


def list_publications(connection: Connection) -> list[Publication]:
    """Everything published, newest first."""
    query = select(PUBLICATION).order_by(PUBLICATION.c.kind, PUBLICATION.c.version.desc())
    return [
        Publication(
            kind=row.kind,
            version=row.version,
            effective=row.effective,
            until=row.until,
            record=row.record,
            published_ms=row.published_ms,
        )
        for row in connection.execute(query)
    ]


def published_content(connection: Connection, kind: str, version: int | None = None) -> dict[str, Any] | None:
    """The content of a version, or of the newest."""
    query = select(PUBLICATION.c.content).where(PUBLICATION.c.kind == kind)
    query = query.where(PUBLICATION.c.version == version) if version else query
    content = connection.scalar(query.order_by(PUBLICATION.c.version.desc()).limit(1))
    found: dict[str, Any] | None = None if content is None else orjson.loads(content)
    return found


def current_catalogue(connection: Connection) -> Catalogue | None:
    """All published versions of all procedures, as one catalogue."""
    catalogue: Catalogue | None = None
    query = select(PUBLICATION).where(PUBLICATION.c.kind == "catalogue").order_by(PUBLICATION.c.version)
    for row in connection.execute(query):
        published = Catalogue.from_data(
            orjson.loads(row.content), version=row.version, effective=row.effective
        )
        catalogue = catalogue.with_published(published) if catalogue else published
    return catalogue


def next_version(connection: Connection, kind: str) -> int:
    """The number that the next publication of a kind takes."""
    newest = connection.scalar(select(func.max(PUBLICATION.c.version)).where(PUBLICATION.c.kind == kind))
    return 1 + (newest or 0)
