"""What a person brings to the counter, as the receiving form posts it; and a working day to stand at it."""

from datetime import date
from pathlib import Path
from typing import Any

from dossiers.local_time import instant
from dossiers.views import DossierView
from edge_node.projection.service import view
from tests.support.node import Cast, hire, lend_codes
from tests.support.office import TestOffice, make_office

TODAY = date(2026, 11, 23)
"""A Monday; the day after is a holiday (24/11), so two working days on it is Thursday."""
DUYEN = {
    "applicant.id_number": "048192007735",
    "applicant.name": "Trần Thị Mỹ Duyên",
    "applicant.birth_date": "12/03/1992",
    "applicant.phone": "0905 118 227",
    "applicant.address": "15 Lê Duẩn, phường Hải Châu",
}
COPIES = {
    **DUYEN,
    "form.document_name": "Bằng tốt nghiệp đại học",
    "form.pages": "3",
    "form.copies": "2",
    "papers_complete": "1",
    "fee.page.units": "3",
    "fee.page.copies": "2",
    "channel": "1",
    "return_method": "desk",
}
MARITAL = "1.004873"
CERTIFY = "2.000815"
WILL = "2.001019"


def open_office(folder: Path, *, hour: int = 9) -> tuple[TestOffice, Cast]:
    """An office with its officers and leased codes, on a Monday morning."""
    office = make_office(folder)
    lend_codes(office)
    cast = hire(office)
    office.clock.now = instant(TODAY, hour * 60)
    return office, cast


def seen(office: TestOffice, dossier: str) -> DossierView:
    """The dossier as its records tell it now."""
    found = view(office.db, dossier)
    assert found is not None
    return found


def heads(office: TestOffice, dossier: str) -> dict[str, Any]:
    """The hidden field of a form that was shown now."""
    return {"heads": " ".join(seen(office, dossier).heads)}
