"""Fold anew, beside what comes in, the dossiers that another version of the program folded.

The judge takes one step after each batch and goes on while nothing else waits. A step is one transaction of its own: what
is acknowledged or judged meanwhile waits no longer than for any batch, and a kill between two steps loses nothing. A
dossier on which the fold fails is set apart and keeps its row; it stops neither the others nor the judge.
"""

import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from central_hub.judge.listing import list_foreign
from central_hub.judge.standings import standings_of_dossiers
from central_hub.projection import refolding
from central_hub.projection.projector import Projector
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from sync_protocol.admission import Outcome

_LOG = logging.getLogger(__name__)
STEP_DOSSIERS: Final = 256


class Refolder:
    """The steps of one judge."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._has_begun = self._is_done = False

    def step(self) -> int:
        """Fold the next dossiers; returns how many were in hand, 0 when all is done."""
        if self._is_done:
            return 0
        if not self._has_begun:
            with writing(self._services.engine) as connection:
                refolding.begin(connection)
            self._has_begun = True
        with reading(self._services.engine) as connection:
            dossiers = refolding.waiting(connection, STEP_DOSSIERS)
        self._is_done = not dossiers
        if dossiers:
            self._fold_or_set_apart(dossiers)
        return len(dossiers)

    def _fold_or_set_apart(self, dossiers: Sequence[str]) -> None:
        """Fold them in one transaction, or in smaller ones down to the dossiers on which it fails."""
        parts = [list(dossiers)]
        while parts:
            part = parts.pop()
            try:
                self._fold(part)
            except SQLAlchemyError:
                raise
            except Exception:  # noqa: BLE001 — whatever it was, it must not stop the other dossiers
                if len(part) > 1:
                    middle = len(part) // 2
                    parts += [part[middle:], part[:middle]]
                    continue
                _LOG.exception("dossier %s cannot be folded anew; it stays as it was", part[0])
                with writing(self._services.engine) as connection:
                    refolding.mark_failed(connection, part[0])

    def _fold(self, dossiers: Sequence[str]) -> None:
        services, projector = self._services, Projector()
        with reading(services.engine) as connection:
            store = HubLogStore(connection, services.opened)
            known = standings_of_dossiers(connection, dossiers)
            projector.load(
                connection,
                store,
                dossiers,
                known=[standing.dossier for standing in known if standing.dossier],
                genealogy=services.genealogy.current(connection),
            )
            projector.fold(
                {dossier: [] for dossier in dossiers},
                left_out={
                    each.record for each in known if each.outcome is Outcome.PENDING and not each.was_unread
                },
                quarantined={each.record for each in known if each.outcome is Outcome.QUARANTINED},
                store=store,
            )
        with writing(services.engine) as connection:
            projector.write(connection)
            list_foreign(connection, services, projector.audiences, services.clock())
            refolding.mark_folded(connection, dossiers)
