"""One dossier as its records tell it, without personal content: what the province may look at."""

from sqlalchemy import Connection, select

from central_hub.projection.histories import without_body
from central_hub.services import Services
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import STANDING
from dossiers.merge import fold
from dossiers.views import DossierView
from sync_protocol import reasons
from sync_protocol.admission import Outcome


def view_dossier(connection: Connection, services: Services, dossier: str) -> DossierView | None:
    """The folded view of a dossier; None where nothing of it is judged."""
    records = HubLogStore(connection, services.opened).dossier_records(dossier)
    standings = connection.execute(
        select(STANDING.c.record, STANDING.c.outcome, STANDING.c.code).where(STANDING.c.dossier == dossier)
    ).all()
    unread = {row.record for row in standings if row.code == reasons.RECORD_VERSION.code}
    pending = {row.record for row in standings if row.outcome == Outcome.PENDING.value} - unread
    refused = {row.record for row in standings if row.outcome == Outcome.QUARANTINED.value}
    taken = [without_body(record) for record in records if record.id not in pending]
    return fold(taken, quarantined=refused) if taken else None
