"""What a list's address says: the chosen chip, filters, order and page, as the filter of the list table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from dossiers.local_time import instant, local_date
from edge_node.entry import read_day
from edge_node.projection.lists import DossierFilter, Order, Way

PAGE_ROWS: Final = 50
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """A list as its address says: `state` is the chosen chip."""

    filter: DossierFilter
    state: str
    order: Order
    page: int
    format: str

    @property
    def sort(self) -> str:
        """The column by which the list is ordered."""
        return SORTS[self.order][0]

    @property
    def direction(self) -> str:
        """`asc` or `desc`."""
        return SORTS[self.order][1]


STATES: Final = ("", "open", "today", "overdue", "waiting", "ready", "ended", "attention", "mine", "unsent")
SORTS: Final = {
    Order.NEWEST: ("received", "desc"),
    Order.OLDEST: ("received", "asc"),
    Order.DUE: ("due", "asc"),
    Order.DUE_LAST: ("due", "desc"),
    Order.FINISHED: ("finished", "desc"),
    Order.PROCEDURE: ("procedure", "asc"),
    Order.PROCEDURE_BACKWARDS: ("procedure", "desc"),
    Order.STATUS: ("status", "asc"),
    Order.STATUS_BACKWARDS: ("status", "desc"),
}
"""How an address writes each order: `sort` and `dir`."""
_ORDERS: Final = {written: order for order, written in SORTS.items()}
_FIRST: Final = {"received": Order.NEWEST, "due": Order.DUE, "finished": Order.FINISHED} | {
    "procedure": Order.PROCEDURE,
    "status": Order.STATUS,
}
"""The order of an address that names no direction."""


def parse_list(
    args: Mapping[str, str], *, now: int, officer: str, unit: str, sectors: Mapping[str, Sequence[str]]
) -> ListRequest:
    """Read a list's address; whatever is not known in it counts as absent."""
    way = args.get("way", "")
    state = args.get("state", "")
    state = state if state in STATES else ""
    chosen = sectors.get(args.get("sector", ""), ())
    procedure = args.get("procedure", "")
    first, last = read_day(args.get("from", "")), read_day(args.get("until", ""))
    channel = args.get("channel", "")
    wanted = {
        **state_filter(state, now=now, officer=officer),
        "text": args.get("q", "")[:200],
        "procedures": (procedure,) if procedure else tuple(chosen),
        "channel": int(channel) if channel in ("1", "2", "3") else None,
        "way": Way(way) if way in set(Way) else None,
        "unit": unit,
        "received_from": instant(first) if first else None,
        "received_until": instant(last + timedelta(days=1)) if last else None,
    }
    default = Order.DUE if state in ("open", "today", "overdue", "waiting", "mine") else Order.NEWEST
    page = args.get("page", "1")
    return ListRequest(
        filter=DossierFilter(**wanted),
        state=state,
        order=_order(args, default),
        page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
        format="csv" if args.get("format") == "csv" else "",
    )


def _order(args: Mapping[str, str], default: Order) -> Order:
    sort = args.get("sort", "")
    return _ORDERS.get((sort, args.get("dir", "")), _FIRST.get(sort, default))


def state_filter(state: str, *, now: int, officer: str) -> dict[str, Any]:
    """What a chip means, as members of the list's filter."""
    today = instant(local_date(now))
    running = {"is_open": True, "is_paused": False}
    match state:
        case "open":
            return {"is_open": True}
        case "today":
            return running | {"due_from": today, "due_until": today + _DAY_MS}
        case "overdue":
            return running | {"due_until": today}
        case "waiting":
            return {"statuses": (5, 6, 8)}
        case "ready":
            return {"statuses": (9,)}
        case "ended":
            return {"is_open": False}
        case "attention":
            return {"needs_attention": True}
        case "mine":
            return {"is_open": True, "assigned": officer}
        case "unsent":
            return {"is_unsent": True}
        case _:
            return {}
