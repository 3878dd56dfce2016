"""Publish catalogues and calendars.

A version once published never changes (a dossier pins it); publishing the same content again is refused as pointless,
another content under an old version as dangerous. The content is read by the domain's own reader before it is signed.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from central_hub.events import note_event
from central_hub.journal.service import Draft, write
from central_hub.publishing.published import current_catalogue, next_version
from central_hub.services import Services
from dossiers.calendar import WorkingCalendar
from dossiers.data import read_json
from dossiers.errors import CatalogueInvalid, DossierError
from dossiers.procedures import Catalogue
from signing.signatures import Signer
from sync_protocol.record import Record


class PublicationRefused(ValueError):
    """Content that may not be published; the message says why."""


def publish_catalogue(
    connection: Connection,
    services: Services,
    content: Mapping[str, Any],
    *,
    actor: str = "",
    signer: Signer | None = None,
) -> Record:
    """Publish a catalogue; `content` is its file: the body, with `version` and `effective` beside it."""
    try:
        version, effective = int(content["version"]), int(content["effective"])
        catalogue = Catalogue.from_data(dict(content), version=version, effective=effective)
    except (KeyError, TypeError, ValueError, DossierError) as error:
        raise PublicationRefused(str(error)) from error
    _refuse_altered(current_catalogue(connection), catalogue)
    _refuse_known(connection, "catalogue", version)
    draft = Draft(
        kind="catalogue.published",
        facts={"version": version, "effective": effective},
        content=catalogue.to_data(),
        signer=signer,
    )
    return _publish(connection, services, draft, actor)


def publish_calendar(
    connection: Connection,
    services: Services,
    content: Mapping[str, Any],
    *,
    actor: str = "",
    signer: Signer | None = None,
) -> Record:
    """Publish a calendar."""
    try:
        WorkingCalendar.from_data(dict(content))
        facts = {name: int(content[name]) for name in ("version", "first", "last")}
    except (KeyError, TypeError, ValueError, DossierError) as error:
        raise PublicationRefused(str(error)) from error
    _refuse_known(connection, "calendar", facts["version"])
    draft = Draft(kind="calendar.published", facts=facts, content=dict(content), signer=signer)
    return _publish(connection, services, draft, actor)


def publish_defaults(connection: Connection, services: Services) -> None:
    """Publish the catalogue and the calendar that ship with the program, so that every node works by the same."""
    for kind, publish in (("procedures.json", publish_catalogue), ("calendar.json", publish_calendar)):
        content = read_json(kind)
        if not isinstance(content, dict):
            raise CatalogueInvalid(kind)
        publish(connection, services, content)


def _refuse_altered(known: Catalogue | None, catalogue: Catalogue) -> None:
    """A version of a procedure stays what it is: dossiers pin it, and nodes would keep the old one."""
    for procedure in catalogue.procedures:
        published = known.find(*procedure.key) if known else None
        if published is not None and published != procedure:
            raise PublicationRefused(f"{procedure.code} version {procedure.version} was published otherwise")


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
