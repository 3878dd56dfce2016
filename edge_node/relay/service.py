"""What the button and the command call: hand over now what is carried for others."""

from sqlite_utils import Database

from edge_node.journal.service import require_office
from edge_node.relay.delivery import DeliveryResult, deliver
from edge_node.services import Services
from edge_node.sync.transport import HubLine


def send_now(db: Database, services: Services) -> DeliveryResult:
    """Deliver and fetch over the line, within the bounds of one sync."""
    office = require_office(db)
    line = HubLine(services.config.hub_url or office.hub_url, ca=office.hub_ca)
    try:
        return deliver(db, services, line)
    finally:
        line.close()
