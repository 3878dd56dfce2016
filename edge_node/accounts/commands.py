"""An officer at the command line: the name as in the log-in list, and the PIN."""

from sqlite_utils import Database

from edge_node import reasons
from edge_node.accounts.service import LoginRefused, current_actor, list_officers, log_in
from edge_node.keyring import Actor
from edge_node.services import Services
from signing.console import BAD_INPUT, Console


def officer_at_work(console: Console, db: Database, services: Services, name: str, pin: str) -> Actor:
    """The officer of this PC with this name, at work."""
    chosen = [
        officer.officer for officer in list_officers(db, services) if officer.name == name and officer.is_here
    ]
    if len(chosen) != 1:
        console.refuse(reasons.OFFICER_UNKNOWN, name, code=BAD_INPUT)
    try:
        actor = current_actor(db, services, log_in(db, services, officer=chosen[0], pin=pin, address="cli"))
    except LoginRefused as refused:
        console.refuse(refused.reason)
    if actor is None:
        console.refuse(reasons.OFFICER_UNKNOWN, name)
    return actor
