"""Rows of the list table with the words that every list shows beside them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.presentation import fmt_datetime
from edge_node.accounts.service import officer_names
from edge_node.casework.filters import PAGE_ROWS, ListRequest, state_filter
from edge_node.casework.labels import channel_word, spoken, status_word
from edge_node.casework.whereabouts import Whereabouts, where_is_dossier
from edge_node.keyring import Actor
from edge_node.projection.lists import PAGE_MAX, DossierFilter, DossierRow, count_dossiers, find_dossiers
from edge_node.services import Services
from signing.roles import Role

COUNTED_MAX: Final = 10_000
UNCOUNTED: Final = frozenset({"", "ended", "unsent"})  # counting them would walk every row at each look
EXPORT_MAX: Final = 100_000
DECIDERS: Final = frozenset({Role.LEADER, Role.CLERK, Role.SPECIALIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of a list."""

    row: DossierRow
    procedure: str
    officer: str
    where: Whereabouts


def listed(db: Database, services: Services, rows: Iterable[DossierRow]) -> list[Listed]:
    """The rows with names of procedures and officers, and their trails."""
    catalogue, officers = services.references.catalogue(db), officer_names(db)
    lines = []
    for row in rows:
        found = catalogue.find(row.procedure or "", row.procedure_version or 0)
        lines.append(
            Listed(
                row=row,
                procedure=spoken(found.name) if found else row.procedure or "",
                officer=officers.get(row.assigned or "", ""),
                where=where_is_dossier(row),
            )
        )
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of the list, with the number on every chip."""

    lines: tuple[Listed, ...]
    request: ListRequest
    count: int
    is_more: bool
    pages: int
    chips: tuple[tuple[str, str, int | None], ...]
    may_decide: bool


def read_list(db: Database, services: Services, actor: Actor, asked: ListRequest) -> ListPage:
    """The page that the address asks for."""
    rows = find_dossiers(
        db, asked.filter, order=asked.order, limit=PAGE_ROWS, offset=(asked.page - 1) * PAGE_ROWS
    )
    count = count_dossiers(db, asked.filter, at_most=COUNTED_MAX)
    return ListPage(
        lines=tuple(listed(db, services, rows)),
        request=asked,
        count=count,
        is_more=count >= COUNTED_MAX,
        pages=max(1, -(-count // PAGE_ROWS)),
        chips=tuple(_chips(db, services, actor)),
        may_decide=bool(actor.roles & DECIDERS),
    )


def _chips(db: Database, services: Services, actor: Actor) -> list[tuple[str, str, int | None]]:
    words = {
        "": _("Tất cả"),
        "open": _("Đang giải quyết"),
        "today": _("Hẹn trả hôm nay"),
        "overdue": _("Quá hạn"),
        "waiting": _("Chờ người dân"),
        "ready": _("Có kết quả, chờ trả"),
        "mine": _("Của tôi"),
        "attention": _("Cần xem lại"),
        "unsent": _("Chưa về tỉnh"),
        "ended": _("Đã kết thúc"),
    }
    return [
        (state, word, None if state in UNCOUNTED else count_state(db, services, actor, state))
        for state, word in words.items()
    ]


def count_state(db: Database, services: Services, actor: Actor, state: str) -> int:
    """How many dossiers a chip shows."""
    wanted = state_filter(state, now=services.clock(), officer=actor.officer)
    return count_dossiers(db, DossierFilter(**wanted), at_most=COUNTED_MAX)


def sectors_of(db: Database, services: Services) -> dict[str, list[str]]:
    """Procedure codes by sector, of every version known."""
    sectors: dict[str, list[str]] = {}
    for procedure in services.references.catalogue(db).procedures:
        codes = sectors.setdefault(procedure.field, [])
        if procedure.code not in codes:
            codes.append(procedure.code)
    return sectors


def sector_choices(db: Database, services: Services) -> list[tuple[str, str]]:
    return [(s.code, spoken(s.name)) for s in services.references.catalogue(db).sectors]


def csv_header() -> list[str]:
    return [
        _("Mã hồ sơ"), _("Thủ tục"), _("Mã thủ tục"), _("Người nộp"), _("Chủ hồ sơ"), _("Trạng thái"),
        _("Hình thức nộp"), _("Tiếp nhận"), _("Hẹn trả"), _("Kết thúc"), _("Đã trả"), _("Cán bộ xử lý"),
    ]  # fmt: skip


def csv_rows(db: Database, services: Services, asked: ListRequest) -> Iterator[list[str]]:
    """Every row of the list, page by page; identity numbers stay out of files."""
    for offset in range(0, EXPORT_MAX, PAGE_MAX):
        rows = find_dossiers(db, asked.filter, order=asked.order, limit=PAGE_MAX, offset=offset)
        for line in listed(db, services, rows):
            row = line.row
            yield [
                row.display_code or "",
                line.procedure,
                row.procedure or "",
                row.applicant or "",
                row.owner or "",
                status_word(row.status) if row.status else "",
                channel_word(row.channel) if row.channel else "",
                *(
                    "" if at is None else fmt_datetime(at)
                    for at in (row.received, row.due, row.finished, row.handed_over)
                ),
                line.officer,
            ]
        if len(rows) < PAGE_MAX:
            return
