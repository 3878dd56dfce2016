"""Which PCs have heard of a re-organisation, and which have followed it; from what their last contact told.

A PC has heard when the frontier of its last request held the record; it has followed when it works where everything said
so far puts it (`sync.workplaces`). Between the two lies the day of effect, and a PC that was not started since.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select

from central_hub.services import Services
from central_hub.store.record_log import prefix
from central_hub.store.tables import HEARD, LOG, PLACE
from central_hub.sync.fleet import DeviceState, list_devices
from central_hub.sync.workplaces import workplace_of
from dossiers.genealogy import Reorganisation


class Progress(StrEnum):
    """How far a PC has come with a re-organisation; words are in `words`."""

    UNHEARD = "unheard"
    HEARD = "heard"
    FOLLOWED = "followed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A PC that a re-organisation concerns: the unit for which it works, and where it will."""

    device: DeviceState
    unit: str
    last_unit: str
    progress: Progress


def seats_of(connection: Connection, services: Services, event: Reorganisation) -> list[Seat]:
    """Every PC of the units that an event is about and of those that took over, whoever has been quiet longest first."""
    genealogy = services.genealogy.current(connection)
    units = {unit for change in event.changes for unit in (change.old, *change.successors)}
    concerned = units.union(*(genealogy.scope(unit) | genealogy.heirs(unit) for unit in units))
    fleet = list_devices(connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms)
    touched = [device for device in fleet if device.unit in concerned]
    knowing = devices_that_hold(connection, services, event.record)
    found = []
    for device in touched:
        place = workplace_of(connection, genealogy, device=device.id, stated=device.unit)
        has_heard = device.id in knowing
        moves = place.unit != genealogy.last_unit(place.unit, device=device.id)
        progress = Progress.HEARD if has_heard and moves else Progress.FOLLOWED
        found.append(
            Seat(
                device=device,
                unit=place.unit,
                last_unit=genealogy.last_unit(place.unit, device=device.id),
                progress=progress if has_heard else Progress.UNHEARD,
            )
        )
    return sorted(found, key=lambda seat: (list(Progress).index(seat.progress), seat.device.contact_ms or 0))


def devices_that_hold(connection: Connection, services: Services, record: str) -> Collection[str]:
    """The PCs whose last request showed that they hold a record of the province's log."""
    logs = select(LOG.c.id, PLACE.c.seq).join(LOG, LOG.c.no == PLACE.c.log_no)
    at = logs.where(PLACE.c.record_prefix == prefix(record), LOG.c.commune == services.province)
    found: set[str] = set()
    for log, seq in connection.execute(at).all():
        query = select(HEARD.c.device).where(HEARD.c.log == log, HEARD.c.length > seq)
        found |= set(connection.scalars(query))
    return found
