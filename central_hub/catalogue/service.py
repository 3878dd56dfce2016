"""The catalogue's pages as values, a preview of the next publication, and publishing it by an officer's own key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection

from central_hub.accounts.service import Account
from central_hub.accounts.signer import ensure_stated
from central_hub.catalogue.changes import Changes, calendar_changes, catalogue_changes, days_of_year
from central_hub.publishing.published import list_publications, next_version, published_content
from central_hub.publishing.service import PublicationRefused, publish_calendar, publish_catalogue
from central_hub.registry.holders import list_holders
from central_hub.services import Services
from central_hub.store.record_log import HubLogStore
from central_hub.words import plain
from dossiers.calendar import WorkingCalendar
from dossiers.data import read_json
from dossiers.errors import DossierError
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.procedures import Catalogue
from dossiers.text import fold_text
from signing.signatures import Signer

KINDS = ("catalogue", "calendar")
_SHOWN = ("procedures", "calendar", "history")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A publication that was read and not signed yet."""

    kind: str
    version: int
    content: dict[str, Any]
    changes: Changes


def catalogue_page(connection: Connection, services: Services, args: Mapping[str, str]) -> dict[str, Any]:
    """Procedures in force, the calendar of a year, or what was published."""
    show = args.get("show", "")
    show = show if show in _SHOWN else "procedures"
    today = local_date(services.clock())
    page: dict[str, Any] = {"show": show, "today": today}
    if show == "procedures":
        return page | _procedures(connection, services, args, today)
    if show == "history":
        return page | {"publications": _publications(connection, services)}
    return page | _calendar_year(connection, args, today)


def procedure_page(connection: Connection, services: Services, code: str) -> dict[str, Any] | None:
    """One procedure with all its versions; None where there is none."""
    catalogue = services.catalogue.current(connection)
    versions = sorted((p for p in catalogue.procedures if p.code == code), key=lambda p: -p.version)
    if not versions:
        return None
    in_force = catalogue.current(code, local_date(services.clock()))
    return {
        "versions": versions,
        "in_force": in_force,
        "procedure": in_force or versions[0],
        "sector": plain(catalogue.sector_name(versions[0].field)),
    }


def calendar_content(connection: Connection) -> dict[str, Any]:
    """The calendar in force, as data."""
    published = published_content(connection, "calendar")
    if published is not None:
        return published
    shipped = read_json("calendar.json")
    return shipped if isinstance(shipped, dict) else {}


def preview(connection: Connection, services: Services, kind: str, content: dict[str, Any]) -> Preview:
    """Read the content of a publication and say what it changes; raises PublicationRefused."""
    version = next_version(connection, kind)
    try:
        if kind == "catalogue":
            given = int(content["version"])
            later = Catalogue.from_data(content, version=given, effective=int(content["effective"]))
            changes = catalogue_changes(services.catalogue.current(connection), later)
        else:
            given = int(content["version"])
            calendar = WorkingCalendar.from_data(content)
            changes = calendar_changes(WorkingCalendar.from_data(calendar_content(connection)), calendar)
    except (KeyError, TypeError, ValueError, DossierError) as error:
        raise PublicationRefused(str(error)) from error
    if given < version:
        raise PublicationRefused(_("Số phiên bản phải từ %(version)s trở lên.", version=version))
    return Preview(kind=kind, version=given, content=content, changes=changes)


def publish(
    connection: Connection,
    services: Services,
    kind: str,
    content: dict[str, Any],
    *,
    account: Account,
    signer: Signer,
) -> Preview:
    """Publish, signed by the officer who answers for it; raises PublicationRefused."""
    found = preview(connection, services, kind, content)
    if found.changes.altered:
        raise PublicationRefused(
            _(
                "Tệp sửa phiên bản đã công bố: %(names)s. Đặt số phiên bản mới.",
                names="; ".join(found.changes.altered),
            )
        )
    if not found.changes.lines:
        raise PublicationRefused(_("Không có gì thay đổi so với bản đang dùng."))
    ensure_stated(connection, services, account, signer)
    publish_it = publish_catalogue if kind == "catalogue" else publish_calendar
    publish_it(connection, services, content, actor=account.login, signer=signer)
    return found


def _procedures(
    connection: Connection, services: Services, args: Mapping[str, str], today: date
) -> dict[str, Any]:
    catalogue = services.catalogue.current(connection)
    in_force = catalogue.at(today)
    wanted, field = args.get("q", ""), args.get("field", "")
    found = in_force.search(wanted) if fold_text(wanted).strip() else in_force.procedures
    upcoming = [p for p in catalogue.procedures if p.effective_from > to_yyyymmdd(today)]
    return {
        "procedures": [p for p in found if not field or p.field == field],
        "upcoming": upcoming,
        "total": len(in_force.procedures),
        "sectors": [(sector.code, plain(sector.name)) for sector in catalogue.sectors],
        "sector_name": lambda code: plain(catalogue.sector_name(code)),
    }


def _calendar_year(connection: Connection, args: Mapping[str, str], today: date) -> dict[str, Any]:
    content = calendar_content(connection)
    calendar = WorkingCalendar.from_data(content)
    text = args.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else today.year
    return {
        "calendar": calendar,
        "year": year,
        "years": list(range(calendar.first.year, calendar.last.year + 1)),
        "days_off": days_of_year(content, "days_off", year),
        "working_days": days_of_year(content, "working_days", year),
        "hours": content["hours"],
    }


def _publications(connection: Connection, services: Services) -> list[tuple[Any, str, str]]:
    """Publications with the officer who signed each."""
    holders = {holder.key: holder.name for holder in list_holders(connection, unit=services.province)}
    store = HubLogStore(connection, services.opened)
    found = []
    for publication in sorted(list_publications(connection), key=lambda each: -each.published_ms):
        record = store.record(publication.record)
        signer = record.header.by if record else ""
        is_hub = signer == services.keys.hub.public.id
        found.append(
            (
                publication,
                _("Trung tâm tỉnh") if is_hub else holders.get(signer, signer[:12]),
                publication.record,
            )
        )
    return found
