"""The pages of figures as values: the board with its table, the list behind a figure, one dossier."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection

from central_hub.files.arrival import files_arrived
from central_hub.projection.views import view_dossier
from central_hub.quarantine.conflicts import conflicts_of
from central_hub.registry.holders import list_holders
from central_hub.routing.listing import legs_of
from central_hub.routing.wish import (
    Purpose,
    Stage,
    Wish,
    is_overdue,
    purpose_name,
    read_wish,
    stage_name,
    state_name,
)
from central_hub.services import Services
from central_hub.statistics.board import (
    Board,
    field_options,
    procedure_options,
    row_choice,
    statistics_of,
    today_of,
)
from central_hub.statistics.choice import Choice, read_choice
from central_hub.statistics.lists import (
    SORTS,
    DossierLine,
    DossierPage,
    Figure,
    Listing,
    dossier_page,
    find_dossier,
)
from central_hub.statistics.service import Group
from central_hub.statistics.words import figure_name, figure_reason, group_name, period_name, problem_words
from central_hub.words import kind_name
from dossiers.lifecycle import MOVES
from dossiers.presentation import fmt_datetime
from dossiers.states import Status
from dossiers.statistics import rate_a, rate_b
from dossiers.views import DossierView

_SORTS = {
    "name": lambda each: each.name,
    "in_period": lambda each: each.row.online + each.row.other,
    "carried_over": lambda each: each.row.carried_over,
    "solved": lambda each: each.row.solved,
    "late": lambda each: each.row.late,
    "processing": lambda each: each.row.processing,
    "overdue": lambda each: each.row.overdue,
    "withdrawn": lambda each: each.row.withdrawn,
    "refused": lambda each: each.row.refused,
    "rate_a": lambda each: (rate_a(each.row).value is not None, rate_a(each.row).value or 0),
    "rate_b": lambda each: (rate_b(each.row).value is not None, rate_b(each.row).value or 0),
}
TABLE_FIGURES = (
    Figure.IN_PERIOD, Figure.CARRIED_OVER, Figure.SOLVED, Figure.LATE, Figure.PROCESSING, Figure.OVERDUE,
)  # fmt: skip
EXPORT_LINES_MAX = 20_000


def statistics_page(connection: Connection, services: Services, args: Mapping[str, str]) -> dict[str, Any]:
    """The board of a choice, with the table of its grouping."""
    choice = read_choice(args, today=today_of(services))
    board = Board(connection, services, choice)
    report = board.report(choice.group)
    sort, direction = args.get("sort", ""), args.get("dir", "asc")
    rows = list(report.rows)
    if sort in _SORTS:
        rows.sort(key=_SORTS[sort], reverse=direction == "desc")
    return {
        "board": board,
        "choice": choice,
        "problem": problem_words(choice.problem) if choice.problem else "",
        "group": choice.group,
        "groups": [(group.value, group_name(group)) for group in Group],
        "report": report,
        "rows": [
            (each, row_choice(choice, choice.group, each.key, board.past), rate_a(each.row), rate_b(each.row))
            for each in rows
        ],
        "sort": sort,
        "direction": direction,
        "figures": TABLE_FIGURES,
        "communes": [(unit.code, unit.name) for unit in services.units.offices],
        "field_options": field_options(services, connection),
        "procedure_options": procedure_options(services, connection),
    }


def row_address(choice: Choice, group: Group, key: str) -> str | None:
    """Where a row's name leads: one commune, field or procedure further in; None at the end."""
    if group is Group.MONTH:
        return choice.address("/statistics")
    further = {Group.COMMUNE: Group.FIELD, Group.FIELD: Group.PROCEDURE, Group.PROCEDURE: Group.COMMUNE}[
        group
    ]
    return choice.address("/statistics", group=further.value)


def list_page(connection: Connection, services: Services, args: Mapping[str, str]) -> dict[str, Any]:
    """The dossiers behind a figure."""
    choice = read_choice(args, today=today_of(services))
    board = Board(connection, services, choice)
    listing = read_listing(args, services)
    page = dossiers_behind(connection, services, choice, listing, page=choice.page)
    return {
        "board": board,
        "listing": listing,
        "wish": listing.routed or Wish(),
        "is_routed": listing.routed is not None,
        "legs": routed_words(connection, services, page.lines, listing),
        "stages": [(each.value, stage_name(each)) for each in Stage],
        "purposes": [(each.value, purpose_name(each)) for each in Purpose],
        "units": [(each.code, each.name) for each in (*services.units.offices, *services.units.former)],
        "choice": choice,
        "problem": problem_words(choice.problem) if choice.problem else "",
        "page": page,
        "lines": named(page.lines, connection, services),
        "title": figure_name(choice.figure),
        "reason": figure_reason(choice.figure),
        "period": period_name(choice.period),
        "siblings": [(figure.value, figure_name(figure)) for figure in _siblings(choice.figure)],
    }


def read_listing(args: Mapping[str, str], services: Services) -> Listing:
    """How an address narrows and orders a list; `routed=1` alone means every dossier that was with another unit."""
    wish = read_wish(args, services.units)
    return Listing(
        routed=None if wish.is_any and args.get("routed") != "1" else wish,
        sort=args.get("sort", "") if args.get("sort") in SORTS else "",
        is_backwards=args.get("dir") == "desc",
        now_ms=services.clock(),
    )


def routed_words(
    connection: Connection, services: Services, lines: Sequence[DossierLine], listing: Listing
) -> dict[str, list[dict[str, Any]]]:
    """The legs for which dossiers are in a list, in words, by dossier; nothing where routing was not asked for."""
    if listing.routed is None:
        return {}
    found = legs_of(connection, (line.dossier for line in lines), listing.routed, now_ms=listing.now_ms)
    return {
        dossier: [
            {
                "sender": services.units.name(leg.sender),
                "unit": services.units.name(leg.unit),
                "state": state_name(leg.state),
                "is_overdue": leg.is_overdue,
            }
            for leg in legs
        ]
        for dossier, legs in found.items()
    }


def dossiers_behind(
    connection: Connection,
    services: Services,
    choice: Choice,
    listing: Listing,
    *,
    page: int = 1,
    page_rows: int = 50,
) -> DossierPage:
    """One page of a list."""
    return dossier_page(
        connection,
        statistics_of(connection, services),
        choice.period,
        choice.figure,
        choice.filter,
        today=today_of(services),
        page=page,
        page_rows=page_rows,
        listing=listing,
    )


def named(
    lines: tuple[DossierLine, ...], connection: Connection, services: Services
) -> list[tuple[DossierLine, str, str]]:
    """Lines with the names of their unit and procedure."""
    statistics = statistics_of(connection, services)
    return [
        (
            line,
            statistics.name_of(Group.COMMUNE, line.commune),
            statistics.name_of(Group.PROCEDURE, line.procedure),
        )
        for line in lines
    ]


def dossier_card(connection: Connection, services: Services, dossier: str) -> dict[str, Any] | None:
    """One dossier: its row, and its history without anything personal; None where it is not known."""
    line = find_dossier(connection, dossier, today=today_of(services))
    if line is None:
        return None
    view = view_dossier(connection, services, dossier)
    ((line, unit, procedure),) = named((line,), connection, services)
    return {
        "line": line,
        "unit": unit,
        "procedure": procedure,
        "view": view,
        "legs": _legs(view, services) if view else [],
        "files": files_arrived(connection, services, view) if view else None,
        "conflicts": [(each, services.units.name(each.unit)) for each in conflicts_of(connection, dossier)]
        if line.conflicts
        else [],
        "history": _history(view, connection, services) if view else [],
    }


def _legs(view: DossierView, services: Services) -> list[dict[str, Any]]:
    """The dossier's way between units, the newest first."""
    now = services.clock()
    still_open = {leg.record for leg in view.open_legs}
    return [
        {
            "sender": services.units.name(leg.sender),
            "unit": services.units.name(leg.unit),
            "purpose": purpose_name(Purpose.REFERRAL if leg.is_referral else Purpose.COMPETENT),
            "state": state_name(leg.state),
            "is_overdue": is_overdue(
                is_open=leg.record in still_open,
                deadline_ms=leg.deadline,
                due_ms=view.due,
                status=int(view.status or 0),
                now_ms=now,
            ),
            "at": fmt_datetime(leg.at_ms),
            "deadline": None if leg.deadline is None else fmt_datetime(leg.deadline),
            "ended": None if leg.ended_ms is None else fmt_datetime(leg.ended_ms),
        }
        for leg in reversed(view.legs)
    ]


def _history(view: DossierView, connection: Connection, services: Services) -> list[dict[str, Any]]:
    holders = {holder.key: holder for holder in list_holders(connection, unit=view.commune)}
    moves = {(move.source, move.action): move for move in MOVES}
    found = []
    for entry in reversed(view.timeline):
        holder = holders.get(entry.by)
        move = moves.get((Status(entry.source), entry.action)) if entry.source and entry.action else None
        found.append(
            {
                "title": (move.vi, move.en) if move else (kind_name(entry.kind),) * 2,
                "at": fmt_datetime(entry.at_ms),
                "who": holder.name if holder else _("Khóa chưa rõ"),
                "roles": holder.roles if holder else (),
                "unit": services.units.name(entry.commune),
                "standing": entry.standing.value,
                "record": entry.record,
            }
        )
    return found


def _siblings(figure: Figure) -> tuple[Figure, ...]:
    """Figures that people compare with this one."""
    families = (
        (Figure.RECEIVED, Figure.ONLINE, Figure.OTHER, Figure.IN_PERIOD, Figure.CARRIED_OVER),
        (Figure.SOLVED, Figure.EARLY, Figure.ON_TIME, Figure.LATE),
        (Figure.PROCESSING, Figure.IN_TERM, Figure.OVERDUE),
        (Figure.WITHDRAWN, Figure.REFUSED),
    )
    return next(family for family in families if figure in family)
