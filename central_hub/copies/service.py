"""Decide about a suspected copy: it is ours, or it is not. Either way a signed record of the province says so.

Ours: the copy gets what the office has from its next contact on, and a code for an identity of its own, because two PCs must
not go on with one key. Not ours (a stolen disk): the key of the copied PC is cut off at what is not the copy's, and the code
is for the PC that was there first.

The administrator of the unit may have spoken first, from another of its PCs: that opens or closes what the copy gets. Codes
and the cut are the province's, so a copy of which only the unit has spoken still waits here; the province's word prevails.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, Row, select

from central_hub.copies.suspicion import suspected_logs
from central_hub.events import note_event
from central_hub.journal.service import Draft, write
from central_hub.projection.protocol import is_provinces_word
from central_hub.registry.enrolment import FIRST_OFFICER_ROLES, IssuedCode, issue_code
from central_hub.registry.revocation import Act, RevocationInvalid, revoke_device
from central_hub.services import Services
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import COPY, DEVICE, KEY, LOG
from signing.cuts import Cause
from sync_protocol.copies import REVIEWED


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyLine:
    """A suspected copy as the page shows it. `reviewed_ms` None: nobody has spoken; `by_unit`: the province has not."""

    life: str
    device: str
    unit: str
    unit_name: str
    device_name: str
    cause: str
    since_ms: int
    seen_ms: int
    records: int
    reviewed_ms: int | None
    is_confirmed: bool
    by_unit: str = ""
    """Name of the unit's administrator who has spoken, "" where nobody of the unit has, or the province has since."""

    @property
    def is_open(self) -> bool:
        """Whether the province has yet to decide."""
        return self.reviewed_ms is None or bool(self.by_unit)


def list_copies(connection: Connection, services: Services) -> list[CopyLine]:
    """Every suspected copy, those that wait first, then the newest."""
    rows = connection.execute(
        select(COPY, DEVICE.c.name, (LOG.c.length - LOG.c.base).label("records"))
        .join(DEVICE, DEVICE.c.id == COPY.c.device, isouter=True)
        .join(LOG, LOG.c.id == COPY.c.life, isouter=True)
    )
    lines = [_line(connection, row, services) for row in rows]
    return sorted(lines, key=lambda line: (not line.is_open, -line.since_ms, line.life))


def count_suspected(connection: Connection) -> int:
    """How many copies wait for the province."""
    said = connection.scalars(select(COPY.c.reviewed_by)).all()
    return sum(record is None or not is_provinces_word(connection, record) for record in said)


def review_copy(
    connection: Connection, services: Services, life: str, *, stands: bool, act: Act
) -> IssuedCode:
    """Confirm or refuse a copy that waits; returns the code for the PC that needs a new identity. Raises RevocationInvalid."""
    row = connection.execute(select(COPY).where(COPY.c.life == life)).first()
    if row is None or (row.reviewed_by is not None and is_provinces_word(connection, row.reviewed_by)):
        raise RevocationInvalid("no copy waits under this id")
    device = connection.execute(select(DEVICE).where(DEVICE.c.id == row.device)).first()
    if device is None:
        raise RevocationInvalid(f"no PC {row.device}")
    if not stands:
        numbers = connection.scalars(select(LOG.c.no).where(LOG.c.device == row.device)).all()
        copies = suspected_logs(connection, services, numbers)
        revoke_device(connection, services, row.device, cause=Cause.COMPROMISED, act=act, except_logs=copies)
    facts = {"device": row.device, "life": life, "stands": stands, "unit": device.unit}
    content = {"ground": act.ground} if act.ground else None
    draft = Draft(kind=REVIEWED, facts=facts, content=content, signer=act.key(services))
    write(connection, services, commune=services.province, drafts=[draft])
    action = "copy.confirmed" if stands else "copy.refused"
    note_event(
        connection, at_ms=services.clock(), actor=act.actor, action=action, subject=f"{device.name} {life}"
    )
    return issue_code(
        connection,
        services,
        unit=device.unit,
        device_name=f"{device.name} (2)" if stands else device.name,
        roles=FIRST_OFFICER_ROLES,
        issued_by=act.actor,
    )


def _unit_speaker(connection: Connection, services: Services, record: str | None) -> str:
    """Who of the unit has the last word on a copy so far, "" for nobody."""
    if record is None or is_provinces_word(connection, record):
        return ""
    said = HubLogStore(connection, services.opened).record(record)
    by = said.header.by if said else ""
    name = connection.scalar(select(KEY.c.name).where(KEY.c.id == by).order_by(KEY.c.no.desc()).limit(1))
    return name or by[:8]


def _line(connection: Connection, row: Row[tuple[object, ...]], services: Services) -> CopyLine:
    return CopyLine(
        life=row.life,
        device=row.device,
        unit=row.commune,
        unit_name=services.units.name(row.commune),
        device_name=row.name or row.device[:8],
        cause=row.cause,
        since_ms=row.since_ms,
        seen_ms=row.seen_ms,
        records=row.records or 0,
        reviewed_ms=row.confirmed_ms or row.refused_ms,
        is_confirmed=row.confirmed_ms is not None,
        by_unit=_unit_speaker(connection, services, row.reviewed_by),
    )
