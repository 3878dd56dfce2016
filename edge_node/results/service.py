"""Ready results, oldest first (who waits longest stands on top), found by what the person at the counter says."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from dossiers.lifecycle import Status
from edge_node.casework.listing import Listed, listed
from edge_node.projection.lists import DossierFilter, Order, count_dossiers, find_dossiers
from edge_node.services import Services

PAGE_ROWS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of results."""

    lines: tuple[Listed, ...]
    is_handed_over: bool
    ready: int
    count: int
    page: int
    pages: int


def read_results(db: Database, services: Services, *, text: str, handed_over: bool, page: int) -> Results:
    """The results that wait, or those that were handed over."""
    status = Status.RETURNED if handed_over else Status.SOLVED
    wanted = DossierFilter(text=text, statuses=(int(status),))
    count = count_dossiers(db, wanted, at_most=10_000)
    rows = find_dossiers(
        db, wanted, order=Order.FINISHED, limit=PAGE_ROWS, offset=(max(1, page) - 1) * PAGE_ROWS
    )
    return Results(
        lines=tuple(listed(db, services, rows)),
        is_handed_over=handed_over,
        ready=count_dossiers(db, DossierFilter(statuses=(int(Status.SOLVED),)), at_most=10_000),
        count=count,
        page=max(1, page),
        pages=max(1, -(-count // PAGE_ROWS)),
    )
