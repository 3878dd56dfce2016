"""The catalogue in force, kept current: read again only when something was published."""

from threading import Lock

from sqlalchemy import Connection, select

from central_hub.publishing.published import current_catalogue
from central_hub.store.tables import PUBLICATION
from dossiers.procedures import Catalogue, load_default_catalogue

_NEWEST = (
    select(PUBLICATION.c.record)
    .where(PUBLICATION.c.kind == "catalogue")
    .order_by(PUBLICATION.c.version.desc())
    .limit(1)
)


class CatalogueKeeper:
    """Shared by the threads of one process."""

    def __init__(self) -> None:
        self._seen: str | None = ""
        self._catalogue = load_default_catalogue()
        self._lock = Lock()

    def current(self, connection: Connection) -> Catalogue:
        """All published versions of all procedures, as of this transaction."""
        newest = connection.scalar(_NEWEST)
        with self._lock:
            if newest == self._seen:
                return self._catalogue
        catalogue = current_catalogue(connection) or load_default_catalogue()
        with self._lock:
            self._seen, self._catalogue = newest, catalogue
        return catalogue

    def field_of(self, connection: Connection) -> dict[str, str]:
        """The field of administration of every procedure known, by its newest version."""
        newest = sorted(self.current(connection).procedures, key=lambda procedure: procedure.version)
        return {procedure.code: procedure.field for procedure in newest}
