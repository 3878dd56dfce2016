"""The register as values: the same rows on screen, on paper and in the file.

Addresses, sets and ways of handing over are personal or rare, so they are not in the list table: each shown row is
folded from its records. A page is 50 of them; a paper is bounded, because the typesetter's memory is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.local_time import local, local_date, to_yyyymmdd
from dossiers.procedures import Catalogue
from dossiers.units import Units
from dossiers.views import DossierView, EndedAs
from edge_node.casework import labels
from edge_node.keyring.units import units_at
from edge_node.printing import forms, render_pdf
from edge_node.printing.letterhead import letterhead
from edge_node.projection.service import view
from edge_node.register.forms import Month, Request, Show
from edge_node.register.queries import Asked, Line, counts, lines, months, procedures_in
from edge_node.services import Services
from edge_node.store.local import Office

PAGE_ROWS: Final = 50
PAPER_ROWS_MAX: Final = 700
FILE_ROWS_MAX: Final = 20_000
_MONTHS_SHOWN: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the register."""

    ordinal: int
    dossier: str
    view: DossierView
    procedure: str
    name: str
    address: str
    phone: str
    agency: str
    returned: int | None
    manner: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page of the register on screen."""

    request: Request
    rows: tuple[Row, ...]
    counts: dict[Show, int]
    pages: int
    months: tuple[Month, ...]
    sectors: tuple[tuple[str, str], ...]

    @property
    def total(self) -> int:
        return self.counts[self.request.show]


class PaperTooLong(Exception):
    """More rows than one paper holds; narrow the filter."""

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self.rows = rows


def sheet(db: Database, services: Services, office: Office, request: Request) -> Sheet:
    """The page asked for."""
    catalogue = services.references.catalogue(db)
    everything = _asked(services, office, request, None)
    asked = _asked(services, office, request, _of_sector(catalogue, request.sector))
    found = counts(db, asked)
    pages = max(1, -(-found[request.show] // PAGE_ROWS))
    page = min(request.page, pages)
    chosen = lines(db, asked, limit=PAGE_ROWS, offset=(page - 1) * PAGE_ROWS)
    return Sheet(
        request=request,
        rows=tuple(rows_of(db, catalogue, chosen, units_at(db, services.clock()))),
        counts=found,
        pages=pages,
        months=_months(months(db, office.unit), request.month, Month.of(services.clock())),
        sectors=_sectors(catalogue, procedures_in(db, everything)),
    )


def every_row(db: Database, services: Services, office: Office, request: Request, *, limit: int) -> list[Row]:
    """All rows that the filter leaves; raises PaperTooLong beyond `limit`."""
    catalogue = services.references.catalogue(db)
    asked = _asked(services, office, request, _of_sector(catalogue, request.sector))
    found = lines(db, asked, limit=limit + 1)
    if len(found) > limit:
        raise PaperTooLong(counts(db, asked)[request.show])
    return list(rows_of(db, catalogue, found, units_at(db, services.clock())))


def paper(db: Database, services: Services, office: Office, request: Request) -> bytes:
    """Mẫu 07 as PDF; papers are Vietnamese whatever the screen says."""
    with force_locale("vi"):
        rows = every_row(db, services, office, request, limit=PAPER_ROWS_MAX)
    today = to_yyyymmdd(local_date(services.clock()))
    return render_pdf(
        forms.Register(
            office=letterhead(office, services.config),
            day=today,
            first=to_yyyymmdd(request.month.first),
            last=to_yyyymmdd(request.month.last),
            first_ordinal=rows[0].ordinal if rows else 1,
            rows=tuple(_paper_row(row) for row in rows),
        )
    )


def rows_of(db: Database, catalogue: Catalogue, found: Sequence[Line], units: Units) -> Iterable[Row]:
    for line in found:
        folded = view(db, line.dossier)
        if folded is not None:
            yield _row(line, folded, catalogue, units)


def _row(line: Line, folded: DossierView, catalogue: Catalogue, units: Units) -> Row:
    procedure = catalogue.find(folded.procedure or "", folded.procedure_version or 0)
    handed = folded.handed_over
    return Row(
        ordinal=line.ordinal,
        dossier=line.dossier,
        view=folded,
        procedure=labels.spoken(procedure.name) if procedure else folded.procedure or "",
        name=folded.text("owner.name") or folded.text("applicant.name") or "",
        address=folded.text("owner.address") or folded.text("applicant.address") or "",
        phone=folded.text("applicant.phone") or "",
        agency=units.name(folded.competent or folded.commune),
        returned=handed.at_ms if handed else None,
        manner=_manner(folded),
        note=_note(folded),
    )


def _manner(folded: DossierView) -> str:
    """How the result was handed over, or how it was asked for."""
    handed = folded.handed_over
    if handed and handed.method is not None:
        return labels.delivery_method_word(handed.method)
    return labels.field_text("return_method", folded.text("return_method"), None) or ""


def _note(folded: DossierView) -> str:
    """What the last column says: how it ended otherwise, and extensions."""
    notes = []
    if folded.ended_as is EndedAs.WITHDRAWN:
        notes.append(_("Công dân rút hồ sơ"))
    elif folded.ended_as is EndedAs.REFUSED:
        notes.append(_("Không tiếp nhận"))
    extensions = max((change.ordinal or 0 for change in folded.due_history), default=0)
    if extensions:
        notes.append(_("Gia hạn lần %(count)s", count=extensions))
    return "; ".join(notes)


def _paper_row(row: Row) -> forms.RegisterRow:
    folded = row.view
    return forms.RegisterRow(
        code=forms.DossierCode(text=folded.display_code or "", provisional=folded.code is None),
        procedure=row.procedure,
        sets=folded.sets or 1,
        name=row.name,
        address=row.address,
        phone=row.phone,
        agency=row.agency,
        received=folded.received or 0,
        due=folded.due,
        returned=row.returned,
        manner=row.manner,
        note=row.note,
    )


def _asked(services: Services, office: Office, request: Request, procedures: set[str] | None) -> Asked:
    return Asked(
        unit=office.unit,
        month=request.month,
        show=request.show,
        procedures=procedures,
        now_ms=services.clock(),
    )


def _of_sector(catalogue: Catalogue, sector: str) -> set[str] | None:
    return {each.code for each in catalogue.procedures if each.field == sector} if sector else None


def _sectors(catalogue: Catalogue, codes: set[str]) -> tuple[tuple[str, str], ...]:
    fields = {each.field for each in catalogue.procedures if each.code in codes}
    named = ((field, labels.spoken(catalogue.sector_name(field))) for field in fields)
    return tuple(sorted(named, key=lambda pair: pair[1]))


def _months(span: tuple[int, int] | None, chosen: Month, present: Month) -> tuple[Month, ...]:
    """Newest first: every month between the first dossier and now, and the chosen one."""
    earliest = Month.of(span[0]) if span else present
    latest = max(present, Month.of(span[1]) if span else present)
    found = [latest]
    while found[-1] > earliest and len(found) < _MONTHS_SHOWN:
        found.append(found[-1].before)
    return tuple(sorted({*found, chosen}, reverse=True))


def file_header() -> list[str]:
    return [
        _("STT"), _("Mã hồ sơ"), _("Thủ tục"), _("Số bộ"), _("Chủ hồ sơ"), _("Địa chỉ"), _("Điện thoại"),
        _("Cơ quan giải quyết"), _("Tiếp nhận"), _("Hẹn trả"), _("Đã trả"), _("Cách trả"), _("Ghi chú"),
    ]  # fmt: skip


def file_row(row: Row) -> list[object]:
    """Times as a spreadsheet reads them: dd/mm/yyyy HH:mm."""
    folded = row.view
    return [
        row.ordinal, folded.display_code, row.procedure, folded.sets or 1, row.name, row.address, row.phone, row.agency,
        file_time(folded.received), file_time(folded.due), file_time(row.returned), row.manner, row.note,
    ]  # fmt: skip


def file_time(ms: int | None) -> str:
    return "" if ms is None else f"{local(ms):%d/%m/%Y %H:%M}"
