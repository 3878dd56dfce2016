"""Take a load that is whole, as the part of a parcel that it is.

Parts come by many ways and in any order. Where records in one follow others that are not here yet, the load waits at the hub,
not at the relay, and is taken again after every further load of its sender.
"""

from central_hub.relay.spool import LoadState, Relayed, forget_load, loads_in, note_taken, spool_of
from central_hub.services import Services
from central_hub.store.engine import reading
from central_hub.sync.asked import keep_asked
from central_hub.sync.parcels import GivenFile, TakenParcel, take_part
from signing.reasons import Reason
from sync_protocol import reasons


def take_load(services: Services, load: str, size: int, relay: str) -> Reason | None:
    """Take a whole load; the reason where there is nothing in it that the province can use."""
    taken = take_part(services, given(services, load, size), by=relay)
    if taken.asked is None and not taken.has_files:
        forget_load(services, load)
        return taken.problem.reason if taken.problem else reasons.PARCEL_FORMAT
    if taken.asked is not None:
        keep_asked(services, taken.asked)
    _note(services, load, taken, records=taken.records)
    _take_waiting(services, taken.sender)
    return None


def given(services: Services, load: str, size: int) -> GivenFile:
    """The bytes of a load, as of any file that may be a part."""
    path = spool_of(services).path(load)
    return GivenFile(name=load, size_bytes=size, reader=lambda: path.open("rb"))


def _take_waiting(services: Services, sender: str) -> None:
    """What waited for other records of this PC, until no more of it can be taken."""
    is_moving = True
    while is_moving:
        with reading(services.engine) as connection:
            waiting = loads_in(connection, sender, LoadState.WAITS)
        is_moving = sum(_take_again(services, load) for load in waiting) > 0


def _take_again(services: Services, load: Relayed) -> int:
    taken = take_part(services, given(services, load.load, load.size), by=load.relay)
    _note(services, load.load, taken, records=load.records + taken.records)
    return taken.records


def _note(services: Services, load: str, taken: TakenParcel, *, records: int) -> None:
    code = taken.problem.reason.code if taken.problem else ""
    state = LoadState.FILES_LEFT if taken.has_files else LoadState.DONE
    note_taken(
        services,
        load,
        state=LoadState.WAITS if code == reasons.LOG_CHAIN.code else state,
        sender=taken.sender,
        unit=taken.unit,
        records=records,
        outcome=code,
    )
