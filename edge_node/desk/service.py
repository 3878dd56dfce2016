"""The desk of today as values: numbers that each open the list they count, the work by due date, the news."""

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from sqlite_utils import Database

from edge_node.casework.filters import state_filter
from edge_node.casework.listing import Listed, count_state, listed
from edge_node.desk.queries import from_elsewhere, last_opened, with_verdict
from edge_node.keyring import Actor
from edge_node.projection.lists import DossierFilter, Order, dossier_row, find_dossiers
from edge_node.receive.reading import WaitingDraft, waiting_drafts
from edge_node.services import Services

SHOWN_MAX: Final = 30
NEWS_MAX: Final = 6
_SHOWS: Final = ("open", "mine", "today", "overdue", "waiting", "ready", "attention")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """One number of the day, as the macro `counters` reads it."""

    label: str
    value: int
    href: str
    tone: str
    active: bool
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything on the desk."""

    counters: tuple[Counter, ...]
    lines: tuple[Listed, ...]
    show: str
    total: int
    news: tuple[Listed, ...]
    drafts: tuple[WaitingDraft, ...]


def read_desk(db: Database, services: Services, actor: Actor, show: str) -> Desk:
    """The desk with one of its numbers opened."""
    show = show if show in _SHOWS else "open"
    wanted = state_filter(show, now=services.clock(), officer=actor.officer)
    rows = find_dossiers(db, DossierFilter(**wanted), order=Order.DUE, limit=SHOWN_MAX)
    counts = {state: count_state(db, services, actor, state) for state in _SHOWS}
    return Desk(
        counters=tuple(_counters(counts, show)),
        lines=tuple(listed(db, services, rows)),
        show=show,
        total=counts[show],
        news=tuple(_news(db, services, actor)),
        drafts=tuple(waiting_drafts(db, services, actor)),
    )


def _counters(counts: dict[str, int], show: str) -> list[Counter]:
    words = (
        ("open", _("Chờ xử lý"), "plain", ""),
        ("today", _("Hẹn trả hôm nay"), "soon", ""),
        ("overdue", _("Quá hạn"), "overdue", ""),
        ("waiting", _("Chờ người dân"), "plain", _("bổ sung, nộp phí, tạm dừng")),
        ("ready", _("Có kết quả, chờ trả"), "fact", ""),
        ("attention", _("Cần xem lại"), "soon", _("khác biệt, tỉnh chưa chấp nhận")),
        ("mine", _("Giao cho tôi"), "plain", ""),
    )
    return [
        Counter(
            label=label,
            value=counts[state],
            href="/" if state == "open" else f"/?show={state}",
            tone=tone,
            active=state == show,
            hint=hint,
        )
        for state, label, tone, hint in words
    ]


def _news(db: Database, services: Services, actor: Actor) -> list[Listed]:
    dossiers = dict.fromkeys([*with_verdict(db, limit=NEWS_MAX), *from_elsewhere(db, limit=4 * NEWS_MAX)])
    rows = []
    for dossier in dossiers:
        row = dossier_row(db, dossier)
        seen = last_opened(db, dossier, actor.officer)
        if row is not None and (seen is None or seen < row.changed):
            rows.append(row)
    return listed(db, services, rows[:NEWS_MAX])
