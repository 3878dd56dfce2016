"""Publish catalogues and calendars, and read what is published.

A version once published never changes (a dossier pins it); publishing the same content again is refused as pointless,
another content under an old version as dangerous. The content is read by the domain's own reader before it is signed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from central_hub.events import note_event
from central_hub.journal.service import Draft, write
from central_hub.services import Services
from central_hub.store.tables import PUBLICATION
from dossiers.calendar import WorkingCalendar
from dossiers.data import read_json
from dossiers.errors import CatalogueInvalid, DossierError
from dossiers.procedures import Catalogue
from sync_protocol.record import Record


class PublicationRefused(ValueError):
    """Content that may not be published; the message says why."""


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


def publish_catalogue(
    connection: Connection, services: Services, content: Mapping[str, Any], *, actor: str = ""
) -> Record:
    """Publish a catalogue; `content` is its file: the body, with `version` and `effective` beside it."""
    try:
        version, effective = int(content["version"]), int(content["effective"])
        catalogue = Catalogue.from_data(dict(content), version=version, effective=effective)
        known = current_catalogue(connection)
        if known is not None:
            known.with_published(catalogue)
    except (KeyError, TypeError, ValueError, DossierError) as error:
        raise PublicationRefused(str(error)) from error
    _refuse_known(connection, "catalogue", version)
    draft = Draft(
        kind="catalogue.published",
        facts={"version": version, "effective": effective},
        content=catalogue.to_data(),
    )
    return _publish(connection, services, draft, actor)


def publish_calendar(
    connection: Connection, services: Services, content: Mapping[str, Any], *, actor: str = ""
) -> Record:
    """Publish a calendar."""
    try:
        WorkingCalendar.from_data(dict(content))
        facts = {name: int(content[name]) for name in ("version", "first", "last")}
    except (KeyError, TypeError, ValueError, DossierError) as error:
        raise PublicationRefused(str(error)) from error
    _refuse_known(connection, "calendar", facts["version"])
    draft = Draft(kind="calendar.published", facts=facts, content=dict(content))
    return _publish(connection, services, draft, actor)


def publish_defaults(connection: Connection, services: Services) -> None:
    """Publish the catalogue and the calendar that ship with the program, so that every node works by the same."""
    for kind, publish in (("procedures.json", publish_catalogue), ("calendar.json", publish_calendar)):
        content = read_json(kind)
        if not isinstance(content, dict):
            raise CatalogueInvalid(kind)
        publish(connection, services, content)


def next_version(connection: Connection, kind: str) -> int:
    """The number that the next publication of a kind takes."""
    newest = connection.scalar(select(func.max(PUBLICATION.c.version)).where(PUBLICATION.c.kind == kind))
    return 1 + (newest or 0)


def _refuse_known(connection: Connection, kind: str, version: int) -> None:
    if version < next_version(connection, kind):
        raise PublicationRefused(f"{kind} version {version} or a later one is published already")


def _publish(connection: Connection, services: Services, draft: Draft, actor: str) -> Record:
    record = write(connection, services, commune=services.province, drafts=[draft])[-1]
    note_event(
        connection,
        at_ms=services.clock(),
        actor=actor,
        action=draft.kind,
        subject=str(draft.facts["version"]),
    )
    return record
