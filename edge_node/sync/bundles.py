"""Versions of the trust bundle that came, from the province or from another PC: each believed because of the one before it."""

import logging
from collections.abc import Sequence
from typing import Final

from sqlite_utils import Database

from edge_node.keyring.trust import keep_bundle
from edge_node.services import Services
from edge_node.store import alerts, write_transaction
from signing.bundles import open_unpinned_bundle
from signing.errors import SigningError

_LOG: Final = logging.getLogger(__name__)
BUNDLES_MAX: Final = 16


def take_bundles(db: Database, services: Services, bundles: Sequence[bytes]) -> None:
    """Keep newer versions; one that does not follow raises an alert and ends it."""
    for envelope in bundles[:BUNDLES_MAX]:
        try:
            held = services.trust.trust(db).bundle
            if open_unpinned_bundle(envelope).version > held.version:
                with write_transaction(db):
                    keep_bundle(db, envelope, pin=held)
        except SigningError as error:
            alerts.raise_alert(db, alerts.BUNDLE_REFUSED, now=services.clock(), detail=str(error))
            _LOG.error("a trust bundle does not follow from the one held: %s", error)
            return
    if bundles:
        alerts.clear_alert(db, alerts.BUNDLE_REFUSED)


def bundles_after(db: Database, version: int, *, limit: int) -> list[bytes]:
    """Versions held here that are newer than `version`, the oldest first."""
    rows = db.conn.execute(
        "SELECT envelope FROM trust_bundle WHERE version > ? ORDER BY version LIMIT ?", (version, limit)
    )
    return [bytes(row[0]) for row in rows]
