"""Take an identity of its own: a PC that goes on from a copy of another one's disk, once the province has confirmed it.

Two PCs must not go on with one key. What is held here stays, read-only, as after a restore on another PC; keys and all that
belongs to them are set aside, never deleted, and the PC enrols with the code that the confirmation gave.
"""

from pathlib import Path

from sqlite_utils import Database

from edge_node import reasons
from edge_node.enrolment.service import initialise
from edge_node.journal import WriteRefused
from edge_node.services import Services
from edge_node.store import alerts, write_transaction
from edge_node.store.local import ADOPTED_DEVICE, forget_office, read_local, read_office, write_local
from edge_node.sync.status import read_status


def take_new_identity(db: Database, services: Services) -> Path:
    """Set the shared keys aside and make fresh ones; the node must not be running. Returns where the old ones are.

    Raises WriteRefused(ENROLMENT) unless the province has confirmed this copy and holds all that was recorded here.
    Order: the database forgets the office, then the keys move; a crash in between is made good by calling it again.
    """
    config, device = services.config, services.keyring.device.public.id
    office = read_office(db)
    if office is not None:
        standing = {alert.code for alert in alerts.list_alerts(db)}
        if alerts.COPY_CONFIRMED not in standing or read_status(db, now=services.clock()).waiting:
            raise WriteRefused(
                reasons.ENROLMENT, "not confirmed by the province, or not everything delivered"
            )
        with write_transaction(db):
            write_local(db, ADOPTED_DEVICE, office.device)
            forget_office(db)
            alerts.clear_alert(db, alerts.COPY_CONFIRMED)
    elif read_local(db, ADOPTED_DEVICE) != device:
        raise WriteRefused(reasons.ENROLMENT, "this PC has an identity of its own")
    aside = config.keys.with_name(f"{config.keys.name}-{device[:8]}")
    config.keys.replace(aside)
    initialise(services)
    return aside
