"""Conflicts that officers have yet to settle, as the province lists them: whose, since when, until when; no values.

The province settles nothing: whoever owns the dossier signs on a PC of the office. The table behind this holds open
conflicts only, so that a count or a page of them costs the same however many dossiers there are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, Connection, Row, func, select
from werkzeug.wrappers import Response

from central_hub.projection.twins import open_duplicates
from central_hub.services import Services
from central_hub.store.tables import DOSSIER, OPEN_CONFLICT
from central_hub.tables import download_table
from central_hub.words import plain, role_names
from dossiers.conflicts import ConflictKind, settle_by_ms, settlers, what_happened
from dossiers.local_time import local
from dossiers.text import fold_text
from dossiers.units import Units

PAGE_ROWS: Final = 50
FORMATS: Final = ("csv", "xlsx")
_FILE_ROWS_MAX: Final = 50_000
_FILE_WIDTHS: Final = (26, 46, 24, 70, 26, 34, 17, 17, 12)
_C = OPEN_CONFLICT.c
SORTS: Final = {
    "code": DOSSIER.c.code,
    "what": _C.kind,
    "unit": _C.unit,
    "since": _C.since_ms,
    "until": _C.since_ms,
}
"""The columns by which the list may be ordered; each has the same time to be settled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictLine:
    """One question about a dossier. `fields` counts the fields in dispute; `unit` is who should settle it."""

    dossier: str
    code: str
    procedure: str
    kind: ConflictKind
    field: str | None
    fields: int
    is_review: bool
    unit: str
    since_ms: int

    @property
    def settle_by_ms(self) -> int:
        return settle_by_ms(self)

    @property
    def sentence(self) -> str:
        return plain(what_happened(self))

    @property
    def settlers(self) -> str:
        """Roles of the unit that may settle it, in words."""
        return role_names(settlers(self))

    @property
    def subject(self) -> str:
        """What differs, in a few words."""
        if self.kind is ConflictKind.DUPLICATE_PAYMENT:
            return _("Một khoản phí thu hai lần")
        if self.kind is ConflictKind.STATUS:
            return _("Bước xử lý")
        if self.field == "due":
            return _("Ngày hẹn trả")
        return ngettext("%(count)s mục thông tin", "%(count)s mục thông tin", self.fields, count=self.fields)


def count_conflicts(connection: Connection, *, commune: str | None = None) -> int:
    """How many the list has."""
    query = select(func.count()).select_from(OPEN_CONFLICT).where(*_owned(commune))
    return connection.scalar(query) or 0


def list_conflicts(
    connection: Connection,
    *,
    commune: str | None = None,
    sort: str = "",
    is_backwards: bool = False,
    limit: int = PAGE_ROWS,
    offset: int = 0,
) -> list[ConflictLine]:
    """One page, the oldest first unless ordered by a column."""
    column = SORTS.get(sort, _C.since_ms)
    order = (column.desc() if is_backwards else column, _C.dossier, _C.conflict)
    query = _lines().where(*_owned(commune)).order_by(*order).limit(limit).offset(offset)
    return [_line(row) for row in connection.execute(query)]


def conflicts_of(connection: Connection, dossier: str) -> list[ConflictLine]:
    """Those of one dossier, the oldest first."""
    query = _lines().where(_C.dossier == bytes.fromhex(dossier)).order_by(_C.since_ms, _C.conflict)
    return [_line(row) for row in connection.execute(query)]


def conflicts_page(
    connection: Connection, services: Services, args: Mapping[str, str], page: int
) -> dict[str, Any]:
    """The values of the list, and the units it can be narrowed to."""
    commune = args.get("commune") or None
    count = count_conflicts(connection, commune=commune)
    owners = connection.scalars(select(_C.unit).distinct())
    pages = max(1, -(-count // PAGE_ROWS))
    page = min(max(1, page), pages)
    lines = list_conflicts(connection, commune=commune, offset=(page - 1) * PAGE_ROWS, **_order(args))
    return {
        "conflicts": lines,
        "conflict_count": count,
        "communes": named_units(services.units, owners, args),
        "procedures": procedure_names(connection, services),
        "page": page,
        "pages": pages,
        "sort": args.get("sort", ""),
        "direction": args.get("dir", "asc"),
    }


def conflicts_file(connection: Connection, services: Services, args: Mapping[str, str]) -> Response:
    """The whole list as a file."""
    lines = list_conflicts(
        connection, commune=args.get("commune") or None, limit=_FILE_ROWS_MAX, **_order(args)
    )
    return download_table(
        args["format"],
        "khac-biet-chua-thong-nhat",
        _("Khác biệt chưa thống nhất"),
        [
            _("Mã hồ sơ"), _("Thủ tục"), _("Khác nhau ở"), _("Vì sao"), _("Đơn vị thống nhất"), _("Ai thống nhất"),
            _("Từ lúc"), _("Nên xong trước"), _("Quá hạn"),
        ],
        list(_cells(services, procedure_names(connection, services), lines)),
        widths=_FILE_WIDTHS,
    )  # fmt: skip


def named_units(units: Units, codes: Iterable[str], args: Mapping[str, str]) -> list[tuple[str, str]]:
    """Codes and names to choose one from, by name; with the one in the address, also when nothing is left of it."""
    chosen = args.get("commune", "")
    named = [(code, units.name(code)) for code in {*codes, chosen} if units.find(code)]
    return sorted(named, key=lambda each: fold_text(each[1]))


def procedure_names(connection: Connection, services: Services) -> dict[str, str]:
    """The names of procedures by their codes."""
    return {each.code: plain(each.name) for each in services.catalogue.current(connection).procedures}


def waiting_for_offices(connection: Connection) -> list[dict[str, Any]]:
    """What offices have to settle between themselves, for the first page."""
    found = (
        (_("Khác biệt đơn vị chưa thống nhất"), count_conflicts(connection), "conflicts", "compare"),
        (_("Hồ sơ có thể trùng"), len(open_duplicates(connection)), "duplicates", "dossiers"),
    )
    return [
        {"label": label, "count": count, "href": f"/quarantine?show={show}", "icon": icon}
        for label, count, show, icon in found
        if count
    ]


def _cells(
    services: Services, procedures: Mapping[str, str], lines: Iterable[ConflictLine]
) -> Iterator[list[str]]:
    now = services.clock()
    for line in lines:
        yield [
            line.code, procedures.get(line.procedure, line.procedure), line.subject, line.sentence,
            services.units.name(line.unit), line.settlers, f"{local(line.since_ms):%d/%m/%Y %H:%M}",
            f"{local(line.settle_by_ms):%d/%m/%Y %H:%M}", _("quá hạn") if line.settle_by_ms < now else "",
        ]  # fmt: skip


def _order(args: Mapping[str, str]) -> dict[str, Any]:
    return {"sort": args.get("sort", ""), "is_backwards": args.get("dir") == "desc"}


def _owned(commune: str | None) -> list[ColumnElement[bool]]:
    return [] if commune is None else [_C.unit == commune]


def _lines() -> Any:
    joined = OPEN_CONFLICT.join(DOSSIER, DOSSIER.c.id == _C.dossier)
    return select(OPEN_CONFLICT, DOSSIER.c.code, DOSSIER.c.procedure).select_from(joined)


def _line(row: Row[Any]) -> ConflictLine:
    return ConflictLine(
        dossier=row.dossier.hex(),
        code=row.code,
        procedure=row.procedure,
        kind=ConflictKind(row.kind),
        field=row.field,
        fields=row.fields,
        is_review=bool(row.is_review),
        unit=row.unit,
        since_ms=row.since_ms,
    )
