"""When to announce this PC and look around on the office network, and where what was heard goes.

Called every few seconds by the schedule. A look is written down when it says something new, and once a minute while others
are there, so that a quiet network costs no writing. Where multicast cannot be used the page says so and the next try waits.
"""

import logging
from typing import Final

from sqlite_utils import Database

from edge_node.lan.discovery import Discovery
from edge_node.lan.found import Found, announcement, take_found
from edge_node.lan.peers import note_unheard
from edge_node.services import Services
from edge_node.store.local import Office

_LOG: Final = logging.getLogger(__name__)
AGAIN_S: Final = 60.0


class Lookout:
    """Looks around for one running node."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._discovery = Discovery(services.config.lan_host, services.config.lan_port)
        self._heard: list[Found] = []
        self._written = self._failed = -1e9

    def look(self, db: Database, office: Office) -> None:
        """Announce, listen, and keep what was heard."""
        services, now = self._services, self._services.monotonic()
        if not services.config.lan_discovery or now - self._failed < AGAIN_S:
            return
        try:
            self._discovery.open(announcement(office))
        except OSError as error:
            _LOG.info("the office network lets no announcement through: %s", error)
            self._failed = now
            note_unheard(db, str(error))
            return
        note_unheard(db, "")
        heard = self._discovery.look()
        is_news = heard != self._heard or now - self._written >= AGAIN_S
        if is_news and (heard or self._heard) and services.space.is_writable:
            take_found(db, services, office, heard)
            self._heard, self._written = heard, now

    def close(self) -> None:
        """Say goodbye; the next look announces anew."""
        self._discovery.close()
        self._heard = []
