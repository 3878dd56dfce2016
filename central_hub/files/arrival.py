"""Which files of a dossier lie here whole: what its page says of them.

The folder is asked, one file after the other, so this is for one dossier and not for lists.
"""

from sqlalchemy import Connection

from central_hub.files.service import vault_of
from central_hub.services import Services
from central_hub.store.erasures import erasures_of
from dossiers.files import Arrival, arrival
from dossiers.views import DossierView


def files_arrived(connection: Connection, services: Services, view: DossierView) -> Arrival:
    """How many of the dossier's standing files are here; those whose key was erased by order are left out."""
    orders = erasures_of(connection, [view.dossier])
    standing = [
        held
        for held in view.files
        if not any(
            order.commune == held.commune and (not order.records or held.record in order.records)
            for order in orders
        )
    ]
    vault = vault_of(services)
    here = {held.file for held in standing if vault.has(held.file, held.size)}
    return arrival(standing, at_province=here, here=here)
