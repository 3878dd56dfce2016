"""The room's pages as values, and its tables as files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from flask import Response
from flask_babel import gettext as _
from sqlalchemy import Connection, func, select

from central_hub.nodes.service import day_of
from central_hub.reorganisation.checks import are_kin, today_of
from central_hub.reorganisation.heard import Progress, Seat, seats_of
from central_hub.reorganisation.listing import list_allotments, list_published
from central_hub.reorganisation.totals import Figures, Flow, Totals, UnitLine, totals_of
from central_hub.reorganisation.words import progress_words
from central_hub.services import Services
from central_hub.store.tables import DEVICE, DOSSIER
from central_hub.tables import CSV, XLSX, Cell, csv_bytes, download, xlsx_bytes
from dossiers.genealogy import Reorganisation
from dossiers.presentation import fmt_date

LISTED_MAX: Final = 100
_CHART_BARS: Final = 8
_HOUR_MS: Final = 3_600_000
Row = TypeVar("Row")

_UNIT_SORTS: Final[Mapping[str, Callable[[UnitLine], Any]]] = {
    "unit": lambda line: line.name,
    "received": lambda line: line.figures.received,
    "taken_over": lambda line: line.figures.taken_over,
    "gone": lambda line: line.figures.gone,
    "handed_on": lambda line: line.figures.handed_on,
    "processing": lambda line: line.figures.processing,
}
_SEAT_SORTS: Final[Mapping[str, Callable[[Seat], Any]]] = {
    "pc_unit": lambda seat: (seat.unit, seat.device.name),
    "pc_state": lambda seat: list(Progress).index(seat.progress),
    "pc_last": lambda seat: seat.device.contact_ms or 0,
    "pc_unsent": lambda seat: seat.device.unsent,
}


def list_page(connection: Connection, services: Services) -> dict[str, Any]:
    """Everything published, the newest first."""
    return {
        "published": list_published(connection, services),
        "allotments": list_allotments(connection, services),
        "name": services.units.name,
        "today": today_of(services),
    }


def event_page(
    connection: Connection, services: Services, record: str, args: Mapping[str, str]
) -> dict[str, Any] | None:
    """One re-organisation: its PCs, the units' figures, what went where; None where there is none."""
    published = next(
        (each for each in list_published(connection, services) if each.event.record == record), None
    )
    if published is None:
        return None
    event = published.event
    totals = _totals(connection, services, event)
    seats = seats_of(connection, services, event)
    shown = [seat for seat in seats if args.get("pcs") != "unheard" or seat.progress is Progress.UNHEARD]
    sort, direction = args.get("sort", ""), args.get("dir", "asc")
    return {
        "published": published,
        "event": event,
        "totals": totals,
        "lines": _sorted(totals.lines, _UNIT_SORTS, sort, direction),
        "seats": _sorted(shown, _SEAT_SORTS, sort, direction),
        "counts": {p.value: sum(seat.progress is p for seat in seats) for p in Progress},
        "chart": _chart(services, seats),
        "sort": sort,
        "direction": direction,
        "today": today_of(services),
        "name": services.units.name,
    }


def event_file(
    connection: Connection, services: Services, event: Reorganisation, form: str
) -> Response | None:
    """One of the page's tables as a file: `units`, `flows` or `pcs`, then `-csv` or `-xlsx`; None for another word."""
    table, _dash, kind = form.partition("-")
    if kind not in ("csv", "xlsx") or table not in ("units", "flows", "pcs"):
        return None
    header: list[str]
    rows: list[list[Cell]]
    if table == "pcs":
        header, rows = _seat_table(services, seats_of(connection, services, event))
    else:
        totals = _totals(connection, services, event)
        header, rows = _unit_table(totals) if table == "units" else _flow_table(services, totals.flows)
    name = f"sap-xep-{table}-{event.effective}"
    if kind == "csv":
        return download(csv_bytes(header, rows), CSV, f"{name}.csv")
    notes = [services.units.province.name, f"{event.number} · {fmt_date(event.effective)}"]
    return download(xlsx_bytes(table, header, rows, notes=notes), XLSX, f"{name}.xlsx")


def plan_page(connection: Connection, services: Services, units: Sequence[str]) -> dict[str, Any]:
    """What the plan's form offers: the units chosen, their PCs, and every unit that may take over."""
    services.genealogy.current(connection)
    query = select(DEVICE.c.id, DEVICE.c.name, DEVICE.c.unit).order_by(DEVICE.c.unit, DEVICE.c.name)
    devices = [row for row in connection.execute(query) if row.unit in units]
    return {
        "units": [(code, services.units.name(code)) for code in units],
        "devices": [(row.id, f"{services.units.name(row.unit)} · {row.name}") for row in devices],
        "successors": [(unit.code, f"{unit.name} ({unit.code})") for unit in services.units.communes],
    }


def allot_page(connection: Connection, services: Services, old: str) -> dict[str, Any]:
    """Dossiers that a unit keeps, the open ones first, and the units of its line that may have them."""
    genealogy = services.genealogy.current(connection)
    ended = genealogy.ended_at(today_of(services))
    named = {u for e in genealogy.reorganisations for c in e.changes for u in (c.old, *c.successors)}
    concerned = sorted(named - ended)
    kin = [unit for unit in concerned if unit != old and old and are_kin(genealogy, old, unit)]
    is_open = DOSSIER.c.finished_day.is_(None)
    kept = DOSSIER.c.keeper == old
    rows = connection.execute(
        select(DOSSIER.c.id, DOSSIER.c.code, DOSSIER.c.procedure, DOSSIER.c.home, DOSSIER.c.status, DOSSIER.c.received_ms)
        .where(kept, is_open)
        .order_by(DOSSIER.c.received_ms.desc(), DOSSIER.c.id)
        .limit(LISTED_MAX)
    ).all() if old else []  # fmt: skip
    counted = select(is_open, func.count()).where(kept).group_by(is_open)
    numbers = {bool(row[0]): row[1] for row in connection.execute(counted)} if old else {}
    return {
        "old": old,
        "units": [(unit, services.units.name(unit)) for unit in concerned],
        "kin": [(unit, services.units.name(unit)) for unit in kin],
        "dossiers": rows,
        "open_count": numbers.get(True, 0),
        "ended_count": numbers.get(False, 0),
        "name": services.units.name,
    }


def _totals(connection: Connection, services: Services, event: Reorganisation) -> Totals:
    units = {unit for change in event.changes for unit in (change.old, *change.successors)}
    return totals_of(connection, services, units, today=today_of(services))


def _sorted(
    rows: Sequence[Row], sorts: Mapping[str, Callable[[Row], Any]], sort: str, direction: str
) -> list[Row]:
    if sort not in sorts:
        return list(rows)
    return sorted(rows, key=sorts[sort], reverse=direction == "desc")


def _chart(services: Services, seats: list[Seat]) -> dict[str, Any] | None:
    """The PCs that have not heard and were silent longest, in hours; None where nobody was silent for an hour."""
    now_ms = services.clock()
    waiting = [
        seat
        for seat in seats
        if seat.progress is Progress.UNHEARD and now_ms - (seat.device.contact_ms or now_ms) >= _HOUR_MS
    ]
    waiting.sort(key=lambda seat: seat.device.contact_ms or 0)
    if not waiting:
        return None
    shown = waiting[:_CHART_BARS]
    return {
        "kind": "bar",
        "axis": _("Máy"),
        "labels": [f"{services.units.name(seat.unit)} · {seat.device.name}" for seat in shown],
        "series": [
            {
                "key": "overdue",
                "name": _("Giờ"),
                "values": [(now_ms - (seat.device.contact_ms or now_ms)) // _HOUR_MS for seat in shown],
            }
        ],
        "links": [f"/nodes/{seat.device.id}" for seat in shown],
    }


def _unit_table(totals: Totals) -> tuple[list[str], list[list[Cell]]]:
    header = [
        _("Mã đơn vị"), _("Đơn vị"), _("Tiếp nhận"), _("Nhận bàn giao"), _("Đã giải quyết"), _("Công dân rút"), _("Từ chối"),
        _("Bàn giao đi"), _("Đang giải quyết"), _("Khớp"),
    ]  # fmt: skip
    rows = [_unit_row(line.unit, line.name, line.figures, is_exact=line.is_exact) for line in totals.lines]
    return header, [*rows, _unit_row("", _("Tổng"), totals.total, is_exact=totals.is_exact)]


def _unit_row(code: str, name: str, of: Figures, *, is_exact: bool) -> list[Cell]:
    numbers = (of.received, of.taken_over, of.solved, of.withdrawn, of.refused, of.handed_on, of.processing)
    return [code, name, *numbers, _("khớp") if is_exact else _("lệch")]


def _flow_table(services: Services, flows: Sequence[Flow]) -> tuple[list[str], list[list[Cell]]]:
    name = services.units.name
    header = [_("Ngày"), _("Đơn vị cũ"), _("Đơn vị mới"), _("Đang giải quyết"), _("Đã kết thúc"), _("Tổng")]
    return header, [
        [fmt_date(f.day), name(f.old), name(f.new), f.open_dossiers, f.ended_dossiers, f.dossiers]
        for f in flows
    ]


def _seat_table(services: Services, seats: Sequence[Seat]) -> tuple[list[str], list[list[Cell]]]:
    name = services.units.name
    header = [
        _("Đơn vị"), _("Máy"), _("Sẽ thuộc"), _("Tình trạng"), _("Liên lạc cuối"), _("Bản ghi chưa về"), _("Im lặng"),
    ]  # fmt: skip
    return header, [
        [
            name(seat.unit), seat.device.name, name(seat.last_unit), progress_words(seat.progress)[0],
            day_of(seat.device.contact_ms), seat.device.unsent, _("có") if seat.device.is_silent else "",
        ]
        for seat in seats
    ]  # fmt: skip
