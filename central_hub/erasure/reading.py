"""What pages show of erasure: the dossier by its code, the grounds, the orders that were given about it."""

from typing import Any

from flask_babel import get_locale
from sqlalchemy import Connection

from central_hub.erasure.service import has_content, orders_of
from central_hub.services import Services
from central_hub.store.tables import DOSSIER
from dossiers.erasures import GROUNDS
from dossiers.presentation import fmt_date, fmt_datetime


def order_page(connection: Connection, services: Services, dossier: str) -> dict[str, Any] | None:
    """The form's page; None where the dossier is not known."""
    row = connection.execute(DOSSIER.select().where(DOSSIER.c.id == bytes.fromhex(dossier))).first()
    if row is None:
        return None
    return {
        "dossier": dossier,
        "code": row.code,
        "unit": services.units.name(row.home),
        "has_content": has_content(connection, services, dossier),
        "grounds": [(code, f"{_word(code)} ({ground.law})") for code, ground in GROUNDS.items()],
    }


def shown_orders(connection: Connection, services: Services, dossier: str) -> list[dict[str, Any]]:
    """The orders about a dossier, newest first."""
    shown = []
    for record in reversed(orders_of(connection, services, dossier)):
        facts, content = record.header.facts, record.content or {}
        shown.append(
            {
                "at": fmt_datetime(record.header.corrected_ms),
                "number": str(content.get("number", "")),
                "date": fmt_date(content.get("date")),
                "ground": _word(facts["ground"]),
                "law": GROUNDS[facts["ground"]].law,
                "count": len(facts["records"]),
            }
        )
    return shown


def _word(code: str) -> str:
    ground = GROUNDS[code]
    return ground.en if str(get_locale()) == "en" else ground.vi
